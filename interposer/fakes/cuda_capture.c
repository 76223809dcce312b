/* Stream capture: what is asked of a capturing stream becomes a node behind the one before it. The
 * default streams do not capture, and no event draws another stream in. */
#include "graphs.h"

static int capturing, spoilt; /* how many capture; whether one of them was lost by a call elsewhere */

bool captures_spoil(void) {
    if (!__atomic_load_n(&capturing, __ATOMIC_RELAXED)) return false;
    __atomic_store_n(&spoilt, 1, __ATOMIC_RELAXED);
    return true;
}

static void append(CUgraph graph, CUgraphNode node) {
    if (node) graph->tail = node;
    if (!node) graph->invalid = true;
}

bool graph_capture_kernel(CUstream stream, CUfunction function, uint64_t blocks,
                          CUresult *result) {
    CUgraph graph = stream_captures(stream);
    if (!graph) return false;
    CUgraphNode node = graph_add(graph, &graph->tail, graph->tail != NULL, CU_GRAPH_NODE_TYPE_KERNEL);
    append(graph, node);
    *result = node ? CUDA_SUCCESS : CUDA_ERROR_OUT_OF_MEMORY;
    if (node) {
        node->kernel = (CUDA_KERNEL_NODE_PARAMS){.func = function, .gridDimX = (unsigned)blocks, .gridDimY = 1,
                                                 .gridDimZ = 1, .blockDimX = 1, .blockDimY = 1,
                                                 .blockDimZ = 1};
    }
    return true;
}

bool graph_capture_alloc(CUstream stream, CUdevice device, size_t bytes, CUdeviceptr *at,
                         CUresult *result) {
    CUgraph graph = stream_captures(stream);
    if (!graph) return false;
    CUgraphNode node = NULL;
    *result = graph_add_alloc(graph, &graph->tail, graph->tail != NULL, device, bytes, &node);
    append(graph, node);
    if (*result == CUDA_SUCCESS) *at = node->at;
    return true;
}

bool graph_capture_free(CUstream stream, CUdeviceptr at, CUresult *result) {
    CUgraph graph = stream_captures(stream);
    if (!graph) return false;
    CUgraphNode node = NULL;
    *result = graph_add_free(graph, &graph->tail, graph->tail != NULL, at, &node);
    append(graph, node);
    return true;
}

static CUresult begin(CUstream stream, CUgraph graph) {
    if ((uintptr_t)stream <= 2) return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    if (stream->capturing) return CUDA_ERROR_ILLEGAL_STATE;
    CUresult result = graph ? CUDA_SUCCESS : cuGraphCreate(&graph, 0);
    if (result != CUDA_SUCCESS) return result;
    stream->capturing = graph;
    __atomic_fetch_add(&capturing, 1, __ATOMIC_RELAXED);
    return CUDA_SUCCESS;
}

EXPORT CUresult cuStreamBeginCapture_v2(CUstream stream, CUstreamCaptureMode mode) {
    (void)mode;
    return begin(stream, NULL);
}

EXPORT CUresult cuStreamBeginCapture_v2_ptsz(CUstream stream, CUstreamCaptureMode mode) {
    return cuStreamBeginCapture_v2(stream, mode);
}

EXPORT CUresult cuStreamBeginCapture(CUstream stream) {
    return begin(stream, NULL);
}

EXPORT CUresult cuStreamBeginCapture_ptsz(CUstream stream) {
    return begin(stream, NULL);
}

EXPORT CUresult cuStreamBeginCaptureToGraph(CUstream stream, CUgraph graph,
                                            const CUgraphNode *dependencies,
                                            const CUgraphEdgeData *data, size_t count,
                                            CUstreamCaptureMode mode) {
    (void)data, (void)mode;
    if (!graph) return CUDA_ERROR_INVALID_VALUE;
    graph->tail = count ? dependencies[count - 1] : NULL;
    return begin(stream, graph);
}

EXPORT CUresult cuStreamBeginCaptureToGraph_ptsz(CUstream stream, CUgraph graph,
                                                 const CUgraphNode *dependencies,
                                                 const CUgraphEdgeData *data, size_t count,
                                                 CUstreamCaptureMode mode) {
    return cuStreamBeginCaptureToGraph(stream, graph, dependencies, data, count, mode);
}

EXPORT CUresult cuStreamEndCapture(CUstream stream, CUgraph *graph) {
    if (!stream_captures(stream)) return CUDA_ERROR_ILLEGAL_STATE;
    CUgraph captured = stream->capturing;
    stream->capturing = NULL;
    __atomic_fetch_sub(&capturing, 1, __ATOMIC_RELAXED);
    if (__atomic_exchange_n(&spoilt, 0, __ATOMIC_RELAXED)) captured->invalid = true;
    if (graph) *graph = captured->invalid ? NULL : captured;
    return captured->invalid ? CUDA_ERROR_STREAM_CAPTURE_INVALIDATED : CUDA_SUCCESS;
}

EXPORT CUresult cuStreamEndCapture_ptsz(CUstream stream, CUgraph *graph) {
    return cuStreamEndCapture(stream, graph);
}

EXPORT CUresult cuStreamIsCapturing(CUstream stream, CUstreamCaptureStatus *status) {
    /* The default stream cannot be asked while one that it would wait for captures (cuda.h). */
    if ((uintptr_t)stream <= 2 && __atomic_load_n(&capturing, __ATOMIC_RELAXED)) {
        return CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
    }
    CUgraph graph = stream_captures(stream);
    *status = !graph           ? CU_STREAM_CAPTURE_STATUS_NONE
              : graph->invalid ? CU_STREAM_CAPTURE_STATUS_INVALIDATED
                               : CU_STREAM_CAPTURE_STATUS_ACTIVE;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuStreamIsCapturing_ptsz(CUstream stream, CUstreamCaptureStatus *status) {
    return cuStreamIsCapturing(stream, status);
}

EXPORT CUresult cuStreamGetCaptureInfo_v3(CUstream stream, CUstreamCaptureStatus *status,
                                          cuuint64_t *id, CUgraph *graph,
                                          const CUgraphNode **dependencies,
                                          const CUgraphEdgeData **data, size_t *count) {
    CUgraph captured = stream_captures(stream);
    if (id) *id = (cuuint64_t)(uintptr_t)captured;
    if (graph) *graph = captured;
    if (dependencies) *dependencies = captured ? &captured->tail : NULL;
    if (data) *data = NULL;
    if (count) *count = captured && captured->tail;
    return cuStreamIsCapturing(stream, status);
}

EXPORT CUresult cuStreamGetCaptureInfo_v3_ptsz(CUstream stream, CUstreamCaptureStatus *status,
                                               cuuint64_t *id, CUgraph *graph,
                                               const CUgraphNode **dependencies,
                                               const CUgraphEdgeData **data, size_t *count) {
    return cuStreamGetCaptureInfo_v3(stream, status, id, graph, dependencies, data, count);
}

EXPORT CUresult cuStreamGetCaptureInfo_v2(CUstream stream, CUstreamCaptureStatus *status,
                                          cuuint64_t *id, CUgraph *graph,
                                          const CUgraphNode **dependencies, size_t *count) {
    return cuStreamGetCaptureInfo_v3(stream, status, id, graph, dependencies, NULL, count);
}

EXPORT CUresult cuStreamGetCaptureInfo_v2_ptsz(CUstream stream, CUstreamCaptureStatus *status,
                                               cuuint64_t *id, CUgraph *graph,
                                               const CUgraphNode **dependencies, size_t *count) {
    return cuStreamGetCaptureInfo_v2(stream, status, id, graph, dependencies, count);
}

EXPORT CUresult cuStreamGetCaptureInfo(CUstream stream, CUstreamCaptureStatus *status,
                                       cuuint64_t *id) {
    return cuStreamGetCaptureInfo_v3(stream, status, id, NULL, NULL, NULL, NULL);
}

EXPORT CUresult cuStreamGetCaptureInfo_ptsz(CUstream stream, CUstreamCaptureStatus *status,
                                            cuuint64_t *id) {
    return cuStreamGetCaptureInfo(stream, status, id);
}
