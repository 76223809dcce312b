/* Pools. They keep nothing back: what is freed is free. */
#include <stdlib.h>

#include "driver.h"

struct CUmemPoolHandle_st {
    CUmemLocation location;
};

static struct CUmemPoolHandle_st own_pools[MOST_CARDS];

EXPORT CUresult cuDeviceGetDefaultMemPool(CUmemoryPool *pool, CUdevice device) {
    if (!driver_card(device)) return CUDA_ERROR_INVALID_DEVICE;
    own_pools[device].location = (CUmemLocation){.type = CU_MEM_LOCATION_TYPE_DEVICE, .id = device};
    *pool = &own_pools[device];
    return CUDA_SUCCESS;
}

EXPORT CUresult cuDeviceGetMemPool(CUmemoryPool *pool, CUdevice device) {
    return cuDeviceGetDefaultMemPool(pool, device);
}

EXPORT CUresult cuMemPoolCreate(CUmemoryPool *pool, const CUmemPoolProps *props) {
    if (!pool || !props) return CUDA_ERROR_INVALID_VALUE;
    struct CUmemPoolHandle_st *made = malloc(sizeof *made);
    if (!made) return CUDA_ERROR_OUT_OF_MEMORY;
    made->location = props->location;
    *pool = made;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuMemPoolDestroy(CUmemoryPool pool) {
    if (!pool) return CUDA_ERROR_INVALID_VALUE;
    free(pool);
    return CUDA_SUCCESS;
}

EXPORT CUresult cuMemAllocAsync(CUdeviceptr *at, size_t bytes, CUstream stream) {
    FAULT(CUresult);
    CUdevice device;
    if (!driver_initialised()) return CUDA_ERROR_NOT_INITIALIZED;
    CUresult result = cuStreamGetDevice(stream, &device);
    return result == CUDA_SUCCESS ? memory_take(device, bytes, at) : result;
}

EXPORT CUresult cuMemAllocAsync_ptsz(CUdeviceptr *at, size_t bytes, CUstream stream) {
    return cuMemAllocAsync(at, bytes, stream);
}

EXPORT CUresult cuMemAllocFromPoolAsync(CUdeviceptr *at, size_t bytes, CUmemoryPool pool,
                                        CUstream stream) {
    (void)stream;
    if (!pool) return CUDA_ERROR_INVALID_VALUE;
    if (pool->location.type == CU_MEM_LOCATION_TYPE_DEVICE) {
        return memory_take(pool->location.id, bytes, at);
    }
    *at = (CUdeviceptr)(uintptr_t)malloc(bytes);
    return *at ? CUDA_SUCCESS : CUDA_ERROR_OUT_OF_MEMORY;
}

EXPORT CUresult cuMemAllocFromPoolAsync_ptsz(CUdeviceptr *at, size_t bytes, CUmemoryPool pool,
                                             CUstream stream) {
    return cuMemAllocFromPoolAsync(at, bytes, pool, stream);
}

EXPORT CUresult cuMemFreeAsync(CUdeviceptr at, CUstream stream) {
    (void)stream;
    if (!driver_initialised()) return CUDA_ERROR_NOT_INITIALIZED;
    return memory_give_back(at);
}

EXPORT CUresult cuMemFreeAsync_ptsz(CUdeviceptr at, CUstream stream) {
    return cuMemFreeAsync(at, stream);
}
