#include "capture.h"

#include "grant.h"

bool capture_in_progress(const struct cuda *cuda, const struct slice *slice, CUstream stream, bool own) {
    if (!capture_anywhere(slice)) return false;
    int status = CU_STREAM_CAPTURE_STATUS_NONE;
    CUresult result = own ? FORWARD(cuda, cuStreamIsCapturing_ptsz, stream, &status)
                          : FORWARD(cuda, cuStreamIsCapturing, stream, &status);
    return result != CUDA_SUCCESS || status != CU_STREAM_CAPTURE_STATUS_NONE;
}

static CUresult begun(CUresult result) {
    struct slice *slice = result == CUDA_SUCCESS ? slice_get() : NULL;
    if (slice) __atomic_fetch_add(&slice->captures, 1, __ATOMIC_RELAXED);
    return result;
}

/* A capture may end with an error, and an error need not end it: only the stream knows. */
static CUresult ended(const struct cuda *cuda, bool was, CUstream stream, bool own, CUresult result) {
    struct slice *slice = was ? slice_attached() : NULL;
    if (slice && !capture_in_progress(cuda, slice, stream, own)) {
        __atomic_fetch_sub(&slice->captures, 1, __ATOMIC_RELAXED);
    }
    return result;
}

static bool captures(const struct cuda *cuda, CUstream stream, bool own) {
    const struct slice *slice = slice_attached();
    return slice && capture_in_progress(cuda, slice, stream, own);
}

EXPORT CUresult cuStreamBeginCapture(CUstream stream) {
    return begun(FORWARD(driver_cuda(), cuStreamBeginCapture, stream));
}

EXPORT CUresult cuStreamBeginCapture_ptsz(CUstream stream) {
    return begun(FORWARD(driver_cuda(), cuStreamBeginCapture_ptsz, stream));
}

EXPORT CUresult cuStreamBeginCapture_v2(CUstream stream, int mode) {
    return begun(FORWARD(driver_cuda(), cuStreamBeginCapture_v2, stream, mode));
}

EXPORT CUresult cuStreamBeginCapture_v2_ptsz(CUstream stream, int mode) {
    return begun(FORWARD(driver_cuda(), cuStreamBeginCapture_v2_ptsz, stream, mode));
}

EXPORT CUresult cuStreamBeginCaptureToGraph(CUstream stream, CUgraph graph, const CUgraphNode *nodes,
                                            const CUgraphEdgeData *edges, size_t count, int mode) {
    return begun(FORWARD(driver_cuda(), cuStreamBeginCaptureToGraph, stream, graph, nodes, edges, count, mode));
}

EXPORT CUresult cuStreamBeginCaptureToGraph_ptsz(CUstream stream, CUgraph graph, const CUgraphNode *nodes,
                                                 const CUgraphEdgeData *edges, size_t count, int mode) {
    return begun(
        FORWARD(driver_cuda(), cuStreamBeginCaptureToGraph_ptsz, stream, graph, nodes, edges, count, mode));
}

EXPORT CUresult cuStreamBeginRecaptureToGraph(CUstream stream, int mode, CUgraph graph, void *callback,
                                              void *data) {
    return begun(FORWARD(driver_cuda(), cuStreamBeginRecaptureToGraph, stream, mode, graph, callback, data));
}

EXPORT CUresult cuStreamBeginRecaptureToGraph_ptsz(CUstream stream, int mode, CUgraph graph, void *callback,
                                                   void *data) {
    return begun(
        FORWARD(driver_cuda(), cuStreamBeginRecaptureToGraph_ptsz, stream, mode, graph, callback, data));
}

EXPORT CUresult cuStreamEndCapture(CUstream stream, CUgraph *graph) {
    const struct cuda *cuda = driver_cuda();
    bool was = captures(cuda, stream, false);
    return ended(cuda, was, stream, false, FORWARD(cuda, cuStreamEndCapture, stream, graph));
}

EXPORT CUresult cuStreamEndCapture_ptsz(CUstream stream, CUgraph *graph) {
    const struct cuda *cuda = driver_cuda();
    bool was = captures(cuda, stream, true);
    return ended(cuda, was, stream, true, FORWARD(cuda, cuStreamEndCapture_ptsz, stream, graph));
}
