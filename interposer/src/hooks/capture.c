/* Counts captures, so that all else need not ask. */
#include "capture.h"

static bool captures(const struct cuda *cuda, CUstream stream, bool in_doubt) {
    int status = CU_STREAM_CAPTURE_STATUS_NONE;
    if (FORWARD(cuda, cuStreamIsCapturing, stream, &status) != CUDA_SUCCESS) return in_doubt;
    return status != CU_STREAM_CAPTURE_STATUS_NONE;
}

bool capture_possible(const struct cuda *cuda, const struct slice *slice, CUstream stream, bool own) {
    return capture_anywhere(slice) && captures(cuda, own ? stream_ptsz(stream) : stream, true);
}

bool capture_in_progress(const struct cuda *cuda, CUstream stream) {
    return capture_anywhere(slice_attached()) && captures(cuda, stream, false);
}

/* Counted before it begins: what is captured a moment later must find the count. */
static struct slice *before_begin(void) {
    struct slice *slice = slice_get();
    if (slice) __atomic_fetch_add(&slice->captures, 1, __ATOMIC_SEQ_CST);
    return slice;
}

static CUresult after_begin(struct slice *slice, CUresult result) {
    if (slice && result != CUDA_SUCCESS) __atomic_fetch_sub(&slice->captures, 1, __ATOMIC_SEQ_CST);
    return result;
}

#define BEGINS(name, parameters, ...)                                         \
    EXPORT CUresult name parameters {                                         \
        struct slice *slice = before_begin();                                 \
        return after_begin(slice, FORWARD(driver_cuda(), name, __VA_ARGS__)); \
    }

BEGINS(cuStreamBeginCapture, (CUstream stream), stream)
BEGINS(cuStreamBeginCapture_ptsz, (CUstream stream), stream)
BEGINS(cuStreamBeginCapture_v2, (CUstream stream, int mode), stream, mode)
BEGINS(cuStreamBeginCapture_v2_ptsz, (CUstream stream, int mode), stream, mode)

#define TO_GRAPH_PARAMETERS                                                                               \
    CUstream stream, CUgraph graph, const CUgraphNode *nodes, const CUgraphEdgeData *edges, size_t count, \
        int mode
#define TO_GRAPH_ARGUMENTS stream, graph, nodes, edges, count, mode

BEGINS(cuStreamBeginCaptureToGraph, (TO_GRAPH_PARAMETERS), TO_GRAPH_ARGUMENTS)
BEGINS(cuStreamBeginCaptureToGraph_ptsz, (TO_GRAPH_PARAMETERS), TO_GRAPH_ARGUMENTS)

#define AGAIN_PARAMETERS CUstream stream, int mode, CUgraph graph, void *callback, void *of
#define AGAIN_ARGUMENTS stream, mode, graph, callback, of

BEGINS(cuStreamBeginRecaptureToGraph, (AGAIN_PARAMETERS), AGAIN_ARGUMENTS)
BEGINS(cuStreamBeginRecaptureToGraph_ptsz, (AGAIN_PARAMETERS), AGAIN_ARGUMENTS)

typedef CUresult end_capture(CUstream stream, CUgraph *graph);

static void has_ended(struct slice *slice) {
    __atomic_fetch_sub(&slice->captures, 1, __ATOMIC_SEQ_CST);
}

/* An error may mean that the capture has ended, spoilt, or that there was none. One that goes with its
 * context stays counted: others ask the driver then, and nothing is measured. */
static CUresult end(const struct cuda *cuda, end_capture *own, CUstream stream, CUstream asked,
                    CUgraph *graph) {
    if (!cuda) return CUDA_ERROR_NOT_INITIALIZED;
    if (!own) return CUDA_ERROR_NOT_FOUND;
    struct slice *slice = slice_attached();
    bool before = capture_in_progress(cuda, asked);
    CUresult result = own(stream, graph);
    if (before && !capture_possible(cuda, slice, asked, false)) has_ended(slice);
    return result;
}

EXPORT CUresult cuStreamEndCapture(CUstream stream, CUgraph *graph) {
    const struct cuda *cuda = driver_cuda();
    return end(cuda, cuda ? cuda->cuStreamEndCapture : NULL, stream, stream, graph);
}

EXPORT CUresult cuStreamEndCapture_ptsz(CUstream stream, CUgraph *graph) {
    const struct cuda *cuda = driver_cuda();
    return end(cuda, cuda ? cuda->cuStreamEndCapture_ptsz : NULL, stream, stream_ptsz(stream), graph);
}

/* A capture goes with its stream. */
#define DESTROYS(name)                                                       \
    EXPORT CUresult name(CUstream stream) {                                  \
        const struct cuda *cuda = driver_cuda();                             \
        bool captured = capture_in_progress(cuda, stream);                   \
        CUresult result = FORWARD(cuda, name, stream);                       \
        if (captured && result == CUDA_SUCCESS) has_ended(slice_attached()); \
        return result;                                                       \
    }

DESTROYS(cuStreamDestroy)
DESTROYS(cuStreamDestroy_v2)
