/* Stream-ordered memory. What a program takes from a pool is charged to the card that the pool lies
 * on; what a pool keeps for later use is the driver's own and not counted yet. */
#include "grant.h"

/* What is kept of a pool: its card's ordinal + 1, or this one where it lies in host memory. */
enum { POOL_ON_HOST = 0 };

/* 0, 1 and 2 are the legacy and the per-thread default stream: the current context's. */
static CUresult stream_device(const struct cuda *cuda, CUstream stream, CUdevice *device) {
    if ((uintptr_t)stream > 2 && cuda && cuda->cuStreamGetDevice) {
        if (cuda->cuStreamGetDevice(stream, device) == CUDA_SUCCESS) return CUDA_SUCCESS;
    }
    return grant_current_device(cuda, device);
}

/* Pools that the program did not make itself are the cards' own. */
static bool find_card_pool(const struct cuda *cuda, CUmemoryPool pool, CUdevice *device) {
    int count = 0;
    if (FORWARD(cuda, cuDeviceGetCount, &count) != CUDA_SUCCESS) return false;
    for (*device = 0; *device < count; ++*device) {
        CUmemoryPool own = NULL;
        if (FORWARD(cuda, cuDeviceGetDefaultMemPool, &own, *device) == CUDA_SUCCESS && own == pool) {
            return true;
        }
        if (FORWARD(cuda, cuDeviceGetMemPool, &own, *device) == CUDA_SUCCESS && own == pool) {
            return true;
        }
    }
    return false;
}

typedef CUresult alloc_async(CUdeviceptr *at, size_t bytes, CUstream stream);

static CUresult take(const struct cuda *cuda, alloc_async *own, CUdeviceptr *at, size_t bytes,
                     CUstream stream) {
    if (!cuda) return CUDA_ERROR_NOT_INITIALIZED;
    if (!own) return CUDA_ERROR_NOT_FOUND;
    if (!at) return own(at, bytes, stream);
    CUdevice device;
    struct grant grant;
    CUresult result = stream_device(cuda, stream, &device);
    if (result == CUDA_SUCCESS) result = grant_reserve(cuda, device, grant_rounded(bytes), &grant);
    if (result != CUDA_SUCCESS) return result;
    result = own(at, bytes, stream);
    return grant_settle(cuda, &grant, result, result ? 0 : *at);
}

EXPORT CUresult cuMemAllocAsync(CUdeviceptr *at, size_t bytes, CUstream stream) {
    const struct cuda *cuda = driver_cuda();
    return take(cuda, cuda ? cuda->cuMemAllocAsync : NULL, at, bytes, stream);
}

EXPORT CUresult cuMemAllocAsync_ptsz(CUdeviceptr *at, size_t bytes, CUstream stream) {
    const struct cuda *cuda = driver_cuda();
    return take(cuda, cuda ? cuda->cuMemAllocAsync_ptsz : NULL, at, bytes, stream);
}

typedef CUresult alloc_from_pool(CUdeviceptr *at, size_t bytes, CUmemoryPool pool, CUstream stream);

static CUresult take_from(const struct cuda *cuda, alloc_from_pool *own, CUdeviceptr *at,
                          size_t bytes, CUmemoryPool pool, CUstream stream) {
    if (!cuda) return CUDA_ERROR_NOT_INITIALIZED;
    if (!own) return CUDA_ERROR_NOT_FOUND;
    if (!at) return own(at, bytes, pool, stream);
    struct slice *slice = slice_attached();
    uint64_t kept;
    CUdevice device;
    if (slice && table_get(&slice->pools, (uintptr_t)pool, &kept)) {
        if (kept == POOL_ON_HOST) return own(at, bytes, pool, stream);
        device = (CUdevice)kept - 1;
    } else if (!find_card_pool(cuda, pool, &device)) {
        CUresult none = stream_device(cuda, stream, &device);
        if (none != CUDA_SUCCESS) return none;
    }
    struct grant grant;
    CUresult result = grant_reserve(cuda, device, grant_rounded(bytes), &grant);
    if (result != CUDA_SUCCESS) return result;
    result = own(at, bytes, pool, stream);
    return grant_settle(cuda, &grant, result, result ? 0 : *at);
}

EXPORT CUresult cuMemAllocFromPoolAsync(CUdeviceptr *at, size_t bytes, CUmemoryPool pool,
                                        CUstream stream) {
    const struct cuda *cuda = driver_cuda();
    return take_from(cuda, cuda ? cuda->cuMemAllocFromPoolAsync : NULL, at, bytes, pool, stream);
}

EXPORT CUresult cuMemAllocFromPoolAsync_ptsz(CUdeviceptr *at, size_t bytes, CUmemoryPool pool,
                                             CUstream stream) {
    const struct cuda *cuda = driver_cuda();
    return take_from(cuda, cuda ? cuda->cuMemAllocFromPoolAsync_ptsz : NULL, at, bytes, pool, stream);
}

EXPORT CUresult cuMemFreeAsync(CUdeviceptr at, CUstream stream) {
    struct grant grant;
    bool charged = grant_take_out(&grant, GRANT_POINTER, at);
    return grant_freed(&grant, charged, FORWARD(driver_cuda(), cuMemFreeAsync, at, stream), at);
}

EXPORT CUresult cuMemFreeAsync_ptsz(CUdeviceptr at, CUstream stream) {
    struct grant grant;
    bool charged = grant_take_out(&grant, GRANT_POINTER, at);
    return grant_freed(&grant, charged, FORWARD(driver_cuda(), cuMemFreeAsync_ptsz, at, stream), at);
}

EXPORT CUresult cuMemPoolCreate(CUmemoryPool *pool, const CUmemPoolProps *props) {
    CUresult result = FORWARD(driver_cuda(), cuMemPoolCreate, pool, props);
    if (result != CUDA_SUCCESS) return result;
    struct slice *slice = slice_get();
    bool on_card = props->location.type == CU_MEM_LOCATION_TYPE_DEVICE;
    uint64_t kept = on_card ? (uint64_t)props->location.id + 1 : POOL_ON_HOST;
    if (slice) table_put(&slice->pools, (uintptr_t)*pool, kept);
    return result;
}

EXPORT CUresult cuMemPoolDestroy(CUmemoryPool pool) {
    struct slice *slice = slice_attached();
    uint64_t kept;
    if (slice) table_take(&slice->pools, (uintptr_t)pool, &kept);
    return FORWARD(driver_cuda(), cuMemPoolDestroy, pool);
}
