/* Streams, pools, physical memory, host memory. A pool keeps nothing back: what is freed is free. */
#include <stdlib.h>
#include <string.h>

#include "driver.h"

struct CUmemPoolHandle_st {
    CUmemLocation location;
};

struct CUstream_st {
    CUdevice device;
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

EXPORT CUresult cuStreamCreate(CUstream *stream, unsigned flags) {
    (void)flags;
    CUdevice device;
    if (!driver_current(&device)) return CUDA_ERROR_INVALID_CONTEXT;
    struct CUstream_st *made = malloc(sizeof *made);
    if (!made) return CUDA_ERROR_OUT_OF_MEMORY;
    made->device = device;
    *stream = made;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuStreamDestroy_v2(CUstream stream) {
    free(stream);
    return CUDA_SUCCESS;
}

EXPORT CUresult cuStreamGetDevice(CUstream stream, CUdevice *device) {
    if ((uintptr_t)stream > 2) {
        *device = stream->device;
        return CUDA_SUCCESS;
    }
    return driver_current(device) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_CONTEXT;
}

EXPORT CUresult cuMemAllocAsync(CUdeviceptr *at, size_t bytes, CUstream stream) {
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

/* A handle is the block's address: as good a number as another. */
EXPORT CUresult cuMemCreate(CUmemGenericAllocationHandle *handle, size_t bytes,
                            const CUmemAllocationProp *props, unsigned long long flags) {
    if (!driver_initialised()) return CUDA_ERROR_NOT_INITIALIZED;
    if (!handle || !props || flags || bytes % (2u << 20)) return CUDA_ERROR_INVALID_VALUE;
    if (props->location.type != CU_MEM_LOCATION_TYPE_DEVICE) {
        *handle = (CUmemGenericAllocationHandle)(uintptr_t)malloc(1);
        return *handle ? CUDA_SUCCESS : CUDA_ERROR_OUT_OF_MEMORY;
    }
    return memory_take(props->location.id, bytes, handle);
}

EXPORT CUresult cuMemRelease(CUmemGenericAllocationHandle handle) {
    return memory_give_back(handle);
}

EXPORT CUresult cuMemGetAllocationGranularity(size_t *granularity, const CUmemAllocationProp *props,
                                              CUmemAllocationGranularity_flags option) {
    (void)props, (void)option;
    *granularity = 2u << 20;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuMemAllocHost_v2(void **at, size_t bytes) {
    *at = calloc(1, bytes);
    return *at ? CUDA_SUCCESS : CUDA_ERROR_OUT_OF_MEMORY;
}

EXPORT CUresult cuMemHostAlloc(void **at, size_t bytes, unsigned flags) {
    (void)flags;
    return cuMemAllocHost_v2(at, bytes);
}

EXPORT CUresult cuMemFreeHost(void *at) {
    free(at);
    return CUDA_SUCCESS;
}
