/* Stream capture: what is asked of a capturing stream becomes a node behind the one before it. The
 * default streams do not capture, and no event draws another stream in. */
#include "graphs.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* over the list */
static CUstream capturing;
static _Thread_local CUstreamCaptureMode thread_mode = CU_STREAM_CAPTURE_MODE_GLOBAL;

static bool somebody_captures(void) {
    return __atomic_load_n(&capturing, __ATOMIC_RELAXED);
}

static const void *this_thread(void) {
    return &thread_mode;
}

EXPORT CUresult cuThreadExchangeStreamCaptureMode(CUstreamCaptureMode *mode) {
    if (!mode || *mode > CU_STREAM_CAPTURE_MODE_RELAXED) return CUDA_ERROR_INVALID_VALUE;
    CUstreamCaptureMode before = thread_mode;
    thread_mode = *mode;
    *mode = before;
    return CUDA_SUCCESS;
}

static bool forbids(const struct CUstream_st *stream) {
    if (thread_mode == CU_STREAM_CAPTURE_MODE_RELAXED) return false;
    if (stream->thread == this_thread()) return stream->mode != CU_STREAM_CAPTURE_MODE_RELAXED;
    return thread_mode == CU_STREAM_CAPTURE_MODE_GLOBAL && stream->mode == CU_STREAM_CAPTURE_MODE_GLOBAL;
}

bool captures_forbid(void) {
    bool any = false;
    if (!somebody_captures()) return false;
    pthread_mutex_lock(&lock);
    for (CUstream stream = capturing; stream; stream = stream->next) {
        if (!forbids(stream)) continue;
        stream->capturing->invalid = true;
        any = true;
    }
    pthread_mutex_unlock(&lock);
    return any;
}

static void list(CUstream stream) {
    pthread_mutex_lock(&lock);
    stream->next = capturing;
    __atomic_store_n(&capturing, stream, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&lock);
}

void capture_drop(CUstream stream) {
    if (!stream_captures(stream)) return;
    pthread_mutex_lock(&lock);
    CUstream *link = &capturing;
    while (*link != stream) link = &(*link)->next;
    __atomic_store_n(link, stream->next, __ATOMIC_RELAXED);
    stream->capturing = NULL;
    pthread_mutex_unlock(&lock);
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

static CUresult begin(CUstream stream, CUgraph graph, CUstreamCaptureMode mode) {
    if ((uintptr_t)stream <= 2) return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    if (stream->capturing) return CUDA_ERROR_ILLEGAL_STATE;
    CUresult result = graph ? CUDA_SUCCESS : cuGraphCreate(&graph, 0);
    if (result != CUDA_SUCCESS) return result;
    stream->capturing = graph;
    stream->mode = mode;
    stream->thread = this_thread();
    list(stream);
    return CUDA_SUCCESS;
}

EXPORT CUresult cuStreamBeginCapture_v2(CUstream stream, CUstreamCaptureMode mode) {
    return begin(stream, NULL, mode);
}

EXPORT CUresult cuStreamBeginCapture_v2_ptsz(CUstream stream, CUstreamCaptureMode mode) {
    return cuStreamBeginCapture_v2(stream, mode);
}

EXPORT CUresult cuStreamBeginCapture(CUstream stream) {
    return begin(stream, NULL, CU_STREAM_CAPTURE_MODE_GLOBAL);
}

EXPORT CUresult cuStreamBeginCapture_ptsz(CUstream stream) {
    return begin(stream, NULL, CU_STREAM_CAPTURE_MODE_GLOBAL);
}

EXPORT CUresult cuStreamBeginCaptureToGraph(CUstream stream, CUgraph graph,
                                            const CUgraphNode *dependencies,
                                            const CUgraphEdgeData *data, size_t count,
                                            CUstreamCaptureMode mode) {
    (void)data;
    if (!graph) return CUDA_ERROR_INVALID_VALUE;
    graph->tail = count ? dependencies[count - 1] : NULL;
    return begin(stream, graph, mode);
}

EXPORT CUresult cuStreamBeginCaptureToGraph_ptsz(CUstream stream, CUgraph graph,
                                                 const CUgraphNode *dependencies,
                                                 const CUgraphEdgeData *data, size_t count,
                                                 CUstreamCaptureMode mode) {
    return cuStreamBeginCaptureToGraph(stream, graph, dependencies, data, count, mode);
}

EXPORT CUresult cuStreamEndCapture(CUstream stream, CUgraph *graph) {
    if (!stream_captures(stream)) return CUDA_ERROR_ILLEGAL_STATE;
    bool anywhere = stream->mode == CU_STREAM_CAPTURE_MODE_RELAXED;
    if (!anywhere && stream->thread != this_thread()) return CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD;
    CUgraph captured = stream->capturing;
    capture_drop(stream);
    if (graph) *graph = captured->invalid ? NULL : captured;
    return captured->invalid ? CUDA_ERROR_STREAM_CAPTURE_INVALIDATED : CUDA_SUCCESS;
}

EXPORT CUresult cuStreamEndCapture_ptsz(CUstream stream, CUgraph *graph) {
    return cuStreamEndCapture(stream, graph);
}

EXPORT CUresult cuStreamIsCapturing(CUstream stream, CUstreamCaptureStatus *status) {
    /* The default stream cannot be asked while one that it would wait for captures (cuda.h). */
    if ((uintptr_t)stream <= 2 && somebody_captures()) {
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
