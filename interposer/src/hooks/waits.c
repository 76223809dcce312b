/* Whoever waits for the card lets pools give back what they have above their threshold (cuda.h,
 * CU_MEMPOOL_ATTR_RELEASE_THRESHOLD). */
#include "pools.h"

static CUresult waited(const struct cuda *cuda, CUresult result) {
    if (result == CUDA_SUCCESS) pools_after_wait(cuda);
    return result;
}

EXPORT CUresult cuStreamSynchronize(CUstream stream) {
    const struct cuda *cuda = driver_cuda();
    return waited(cuda, FORWARD(cuda, cuStreamSynchronize, stream));
}

EXPORT CUresult cuStreamSynchronize_ptsz(CUstream stream) {
    const struct cuda *cuda = driver_cuda();
    return waited(cuda, FORWARD(cuda, cuStreamSynchronize_ptsz, stream));
}

EXPORT CUresult cuEventSynchronize(CUevent event) {
    const struct cuda *cuda = driver_cuda();
    return waited(cuda, FORWARD(cuda, cuEventSynchronize, event));
}

EXPORT CUresult cuCtxSynchronize(void) {
    const struct cuda *cuda = driver_cuda();
    return waited(cuda, FORWARD(cuda, cuCtxSynchronize));
}

EXPORT CUresult cuCtxSynchronize_v2(CUcontext context) {
    const struct cuda *cuda = driver_cuda();
    return waited(cuda, FORWARD(cuda, cuCtxSynchronize_v2, context));
}

EXPORT CUresult cuMemPoolTrimTo(CUmemoryPool pool, size_t keep) {
    const struct cuda *cuda = driver_cuda();
    return waited(cuda, FORWARD(cuda, cuMemPoolTrimTo, pool, keep));
}

EXPORT CUresult cuMemPoolSetAttribute(CUmemoryPool pool, int attribute, void *value) {
    const struct cuda *cuda = driver_cuda();
    return waited(cuda, FORWARD(cuda, cuMemPoolSetAttribute, pool, attribute, value));
}
