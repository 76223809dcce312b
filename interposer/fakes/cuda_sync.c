/* Waiting. Nothing takes time here, but what waits observes that frees are complete. */
#include "graphs.h"
#include "pools.h"

static CUresult synchronised(void) {
    if (!driver_initialised()) return CUDA_ERROR_NOT_INITIALIZED;
    graphs_synchronised();
    pools_synchronised();
    return CUDA_SUCCESS;
}

/* A stream that captures cannot be waited for; its capture is lost by the attempt (cuda.h,
 * cuStreamBeginCapture). */
EXPORT CUresult cuStreamSynchronize(CUstream stream) {
    CUgraph graph = stream_graph(stream);
    if (!graph) return synchronised();
    graph->invalid = true;
    return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
}

EXPORT CUresult cuStreamSynchronize_ptsz(CUstream stream) {
    return cuStreamSynchronize(stream);
}

EXPORT CUresult cuEventSynchronize(CUevent event) {
    (void)event;
    return synchronised();
}

EXPORT CUresult cuCtxSynchronize(void) {
    return synchronised();
}

EXPORT CUresult cuCtxSynchronize_v2(CUcontext context) {
    (void)context;
    return synchronised();
}
