/* Graphs: what is launched into a stream that captures, as durations in their order. */
#include <stdlib.h>

#include "driver.h"

enum { MOST = 256 };

struct CUgraph_st {
    int count;
    uint64_t ns[MOST];
};

static int capturing, spoilt;

bool captures_spoil(void) {
    if (!__atomic_load_n(&capturing, __ATOMIC_RELAXED)) return false;
    __atomic_store_n(&spoilt, 1, __ATOMIC_RELAXED);
    return true;
}

CUresult graph_add(CUgraph graph, uint64_t ns) {
    if (graph->count == MOST) return CUDA_ERROR_OUT_OF_MEMORY;
    graph->ns[graph->count++] = ns;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuStreamBeginCapture_v2(CUstream stream, CUstreamCaptureMode mode) {
    (void)mode;
    if ((uintptr_t)stream <= 2) return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    if (stream->capturing) return CUDA_ERROR_ILLEGAL_STATE;
    stream->capturing = calloc(1, sizeof *stream->capturing);
    if (!stream->capturing) return CUDA_ERROR_OUT_OF_MEMORY;
    __atomic_fetch_add(&capturing, 1, __ATOMIC_RELAXED);
    return CUDA_SUCCESS;
}

EXPORT CUresult cuStreamBeginCapture(CUstream stream) {
    return cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_GLOBAL);
}

EXPORT CUresult cuStreamEndCapture(CUstream stream, CUgraph *graph) {
    *graph = NULL;
    if ((uintptr_t)stream <= 2 || !stream->capturing) return CUDA_ERROR_ILLEGAL_STATE;
    CUgraph made = stream->capturing;
    stream->capturing = NULL;
    __atomic_fetch_sub(&capturing, 1, __ATOMIC_RELAXED);
    if (__atomic_exchange_n(&spoilt, 0, __ATOMIC_RELAXED)) {
        free(made);
        return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
    }
    *graph = made;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuStreamIsCapturing(CUstream stream, CUstreamCaptureStatus *status) {
    /* The default stream cannot be asked while one that it would wait for captures (cuda.h). */
    if ((uintptr_t)stream <= 2 && __atomic_load_n(&capturing, __ATOMIC_RELAXED)) {
        return CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
    }
    *status = stream_captures(stream) ? CU_STREAM_CAPTURE_STATUS_ACTIVE : CU_STREAM_CAPTURE_STATUS_NONE;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuGraphInstantiateWithFlags(CUgraphExec *exec, CUgraph graph, unsigned long long flags) {
    (void)flags;
    CUgraph copy = malloc(sizeof *copy);
    if (!copy) return CUDA_ERROR_OUT_OF_MEMORY;
    *copy = *graph;
    *exec = (CUgraphExec)copy;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuGraphLaunch(CUgraphExec exec, CUstream stream) {
    const struct CUgraph_st *graph = (const struct CUgraph_st *)exec;
    if (!graph) return CUDA_ERROR_INVALID_HANDLE;
    CUresult result = CUDA_SUCCESS;
    for (int i = 0; i < graph->count && result == CUDA_SUCCESS; i++) {
        result = stream_queue(stream, graph->ns[i], NULL);
    }
    return result;
}

EXPORT CUresult cuGraphLaunch_ptsz(CUgraphExec exec, CUstream stream) {
    return cuGraphLaunch(exec, stream);
}

EXPORT CUresult cuGraphExecDestroy(CUgraphExec exec) {
    free((void *)exec);
    return CUDA_SUCCESS;
}

EXPORT CUresult cuGraphDestroy(CUgraph graph) {
    free(graph);
    return CUDA_SUCCESS;
}
