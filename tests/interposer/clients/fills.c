/* A library that is linked with the driver: fills the first card, and says how many MiB that took. */
#define __CUDA_API_VERSION_INTERNAL
#include <cuda.h>

int fills(void) {
    CUcontext context;
    CUdeviceptr at;
    int mib = 0;
    if (cuInit(0) || cuDevicePrimaryCtxRetain(&context, 0) || cuCtxSetCurrent(context)) return -1;
    while (cuMemAlloc_v2(&at, 1 << 20) == CUDA_SUCCESS) mib++;
    return mib;
}
