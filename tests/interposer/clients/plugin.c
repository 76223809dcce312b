/* A library that a program loads, has take memory, and unloads. */
#define __CUDA_API_VERSION_INTERNAL
#include <cuda.h>

CUresult plugin_takes(CUdeviceptr *at, size_t bytes) {
    return cuMemAlloc_v2(at, bytes);
}
