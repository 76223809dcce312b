/* Stream capture: what is asked of a capturing stream becomes a node behind the one before it. The
 * default streams do not capture, and no event draws another stream in. */
#include "graphs.h"

CUgraph stream_graph(CUstream stream) {
    return (uintptr_t)stream > 2 ? stream->capturing : NULL;
}

static void append(CUgraph graph, CUgraphNode node) {
    if (node) graph->tail = node;
    if (!node) graph->invalid = true;
}

bool graph_capture_kernel(CUstream stream, CUfunction function, unsigned blocks, unsigned threads) {
    CUgraph graph = stream_graph(stream);
    if (!graph) return false;
    CUgraphNode node = graph_add(graph, &graph->tail, graph->tail != NULL, CU_GRAPH_NODE_TYPE_KERNEL);
    append(graph, node);
    if (node) {
        node->kernel = (CUDA_KERNEL_NODE_PARAMS){.func = function, .gridDimX = blocks, .gridDimY = 1,
                                                 .gridDimZ = 1, .blockDimX = threads, .blockDimY = 1,
                                                 .blockDimZ = 1};
    }
    return true;
}

bool graph_capture_alloc(CUstream stream, CUdevice device, size_t bytes, CUdeviceptr *at,
                         CUresult *result) {
    CUgraph graph = stream_graph(stream);
    if (!graph) return false;
    CUgraphNode node = NULL;
    *result = graph_add_alloc(graph, &graph->tail, graph->tail != NULL, device, bytes, &node);
    append(graph, node);
    if (*result == CUDA_SUCCESS) *at = node->at;
    return true;
}

bool graph_capture_free(CUstream stream, CUdeviceptr at, CUresult *result) {
    CUgraph graph = stream_graph(stream);
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
    if (result == CUDA_SUCCESS) stream->capturing = graph;
    return result;
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
    if (!stream_graph(stream)) return CUDA_ERROR_ILLEGAL_STATE;
    CUgraph captured = stream->capturing;
    stream->capturing = NULL;
    if (graph) *graph = captured->invalid ? NULL : captured;
    return captured->invalid ? CUDA_ERROR_STREAM_CAPTURE_INVALIDATED : CUDA_SUCCESS;
}

EXPORT CUresult cuStreamEndCapture_ptsz(CUstream stream, CUgraph *graph) {
    return cuStreamEndCapture(stream, graph);
}

EXPORT CUresult cuStreamIsCapturing(CUstream stream, CUstreamCaptureStatus *status) {
    CUgraph graph = stream_graph(stream);
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
    CUgraph captured = stream_graph(stream);
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
