/* Memory pools, as cuda.h and the CUDA Programming Guide ("Stream-Ordered Memory Allocator") tell of
 * them: an allocation comes from what the pool has, else the pool grows; what is freed stays in the
 * pool; above the release threshold whole chunks go back to the card at the next synchronisation.
 * The oracle counts what the pools have, since that is what the card has not. */
#include <stdlib.h>

#include "graphs.h"
#include "pools.h"

static struct CUmemPoolHandle_st own_pools[MOST_CARDS]; /* the cards' default pools */
static CUmemoryPool current[MOST_CARDS];                /* NULL: the default one */

static bool on_card(CUmemoryPool pool) {
    return pool->location.type == CU_MEM_LOCATION_TYPE_DEVICE;
}

EXPORT CUresult cuDeviceGetDefaultMemPool(CUmemoryPool *pool, CUdevice device) {
    if (!driver_card(device)) return CUDA_ERROR_INVALID_DEVICE;
    own_pools[device].location = (CUmemLocation){.type = CU_MEM_LOCATION_TYPE_DEVICE, .id = device};
    *pool = &own_pools[device];
    return CUDA_SUCCESS;
}

EXPORT CUresult cuDeviceGetMemPool(CUmemoryPool *pool, CUdevice device) {
    CUresult result = cuDeviceGetDefaultMemPool(pool, device);
    CUmemoryPool chosen = result ? NULL : __atomic_load_n(&current[device], __ATOMIC_ACQUIRE);
    if (chosen) *pool = chosen;
    return result;
}

EXPORT CUresult cuDeviceSetMemPool(CUdevice device, CUmemoryPool pool) {
    if (!driver_card(device)) return CUDA_ERROR_INVALID_DEVICE;
    if (!pool_is_open(pool) || !on_card(pool) || pool->location.id != device) return CUDA_ERROR_INVALID_VALUE;
    __atomic_store_n(&current[device], pool, __ATOMIC_RELEASE);
    return CUDA_SUCCESS;
}

/* CUDA 13's words for the same, of which only pinned memory of cards is here. */
static CUresult by_location(const CUmemLocation *location, CUmemAllocationType type) {
    bool known = location && location->type == CU_MEM_LOCATION_TYPE_DEVICE &&
                 type == CU_MEM_ALLOCATION_TYPE_PINNED;
    return known ? CUDA_SUCCESS : CUDA_ERROR_NOT_SUPPORTED;
}

EXPORT CUresult cuMemGetDefaultMemPool(CUmemoryPool *pool, CUmemLocation *location,
                                       CUmemAllocationType type) {
    CUresult result = by_location(location, type);
    return result ? result : cuDeviceGetDefaultMemPool(pool, location->id);
}

EXPORT CUresult cuMemGetMemPool(CUmemoryPool *pool, CUmemLocation *location,
                                CUmemAllocationType type) {
    CUresult result = by_location(location, type);
    return result ? result : cuDeviceGetMemPool(pool, location->id);
}

EXPORT CUresult cuMemSetMemPool(CUmemLocation *location, CUmemAllocationType type, CUmemoryPool pool) {
    CUresult result = by_location(location, type);
    return result ? result : cuDeviceSetMemPool(location->id, pool);
}

EXPORT CUresult cuMemPoolCreate(CUmemoryPool *pool, const CUmemPoolProps *props) {
    if (!pool || !props) return CUDA_ERROR_INVALID_VALUE;
    struct CUmemPoolHandle_st *made = calloc(1, sizeof *made);
    if (!made) return CUDA_ERROR_OUT_OF_MEMORY;
    made->location = props->location;
    if (on_card(made) && !driver_card(made->location.id)) {
        free(made);
        return CUDA_ERROR_INVALID_VALUE;
    }
    *pool = made;
    return CUDA_SUCCESS;
}

/* As if of a process whose pool has 64 MiB. Nothing can be allocated from it. */
EXPORT CUresult cuMemPoolImportFromShareableHandle(CUmemoryPool *pool, void *handle,
                                                   CUmemAllocationHandleType type,
                                                   unsigned long long flags) {
    (void)handle, (void)type;
    if (!pool || flags) return CUDA_ERROR_INVALID_VALUE;
    const CUmemPoolProps props = {.location = {.type = CU_MEM_LOCATION_TYPE_DEVICE, .id = 0}};
    CUresult result = cuMemPoolCreate(pool, &props);
    if (result != CUDA_SUCCESS) return result;
    (*pool)->imported = true;
    (*pool)->reserved = (*pool)->used = 64ull << 20;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuMemPoolDestroy(CUmemoryPool pool) {
    if (!pool_is_open(pool) || (pool >= own_pools && pool < own_pools + MOST_CARDS)) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    CUmemoryPool was = pool;
    if (on_card(pool)) {
        __atomic_compare_exchange_n(&current[pool->location.id], &was, NULL, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_RELAXED);
    }
    pool_close(pool);
    return CUDA_SUCCESS;
}

EXPORT CUresult cuMemPoolTrimTo(CUmemoryPool pool, size_t keep) {
    called_to_trim();
    if (!pool_is_open(pool) || pool->imported) return CUDA_ERROR_INVALID_VALUE;
    pool_trim(pool, keep);
    return CUDA_SUCCESS;
}

static uint64_t *number_of(CUmemoryPool pool, CUmemPool_attribute attribute) {
    switch ((int)attribute) {
        case CU_MEMPOOL_ATTR_RELEASE_THRESHOLD: return &pool->threshold;
        case CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT: return &pool->reserved;
        case CU_MEMPOOL_ATTR_RESERVED_MEM_HIGH: return &pool->reserved_high;
        case CU_MEMPOOL_ATTR_USED_MEM_CURRENT: return &pool->used;
        case CU_MEMPOOL_ATTR_USED_MEM_HIGH: return &pool->used_high;
        default: return NULL;
    }
}

EXPORT CUresult cuMemPoolGetAttribute(CUmemoryPool pool, CUmemPool_attribute attribute, void *value) {
    const uint64_t *number = pool ? number_of(pool, attribute) : NULL;
    if (!pool_is_open(pool) || !value) return CUDA_ERROR_INVALID_VALUE;
    if (attribute == CU_MEMPOOL_ATTR_LOCATION_TYPE) {
        *(int *)value = (int)pool->location.type;
    } else if (attribute == CU_MEMPOOL_ATTR_LOCATION_ID) {
        *(int *)value = pool->location.id;
    } else {
        *(cuuint64_t *)value = number ? pool_read(number) : 0;
    }
    return CUDA_SUCCESS;
}

/* "High watermark can only be reset to zero." */
EXPORT CUresult cuMemPoolSetAttribute(CUmemoryPool pool, CUmemPool_attribute attribute, void *value) {
    if (!pool_is_open(pool) || !value || pool->imported) return CUDA_ERROR_INVALID_VALUE;
    bool high = attribute == CU_MEMPOOL_ATTR_RESERVED_MEM_HIGH ||
                attribute == CU_MEMPOOL_ATTR_USED_MEM_HIGH;
    if (high ? *(cuuint64_t *)value != 0 : attribute > CU_MEMPOOL_ATTR_RELEASE_THRESHOLD) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    uint64_t *number = number_of(pool, attribute);
    if (number) pool_write(number, *(cuuint64_t *)value);
    return CUDA_SUCCESS;
}

EXPORT CUresult cuMemAllocFromPoolAsync(CUdeviceptr *at, size_t bytes, CUmemoryPool pool,
                                        CUstream stream) {
    FAULT(CUresult);
    CUresult result;
    if (!driver_initialised()) return CUDA_ERROR_NOT_INITIALIZED;
    if (!at || !bytes || !pool_is_open(pool) || pool->imported) return CUDA_ERROR_INVALID_VALUE;
    if (on_card(pool)) {
        bool captured = graph_capture_alloc(stream, pool->location.id, bytes, at, &result);
        return captured ? result : pool_take(pool, bytes, at);
    }
    *at = (CUdeviceptr)(uintptr_t)malloc(bytes);
    return *at ? CUDA_SUCCESS : CUDA_ERROR_OUT_OF_MEMORY;
}

EXPORT CUresult cuMemAllocFromPoolAsync_ptsz(CUdeviceptr *at, size_t bytes, CUmemoryPool pool,
                                             CUstream stream) {
    return cuMemAllocFromPoolAsync(at, bytes, pool, stream);
}

EXPORT CUresult cuMemAllocAsync(CUdeviceptr *at, size_t bytes, CUstream stream) {
    FAULT(CUresult);
    CUdevice device;
    CUmemoryPool pool;
    if (!driver_initialised()) return CUDA_ERROR_NOT_INITIALIZED;
    CUresult result = cuStreamGetDevice(stream, &device);
    if (result == CUDA_SUCCESS) result = cuDeviceGetMemPool(&pool, device);
    return result ? result : cuMemAllocFromPoolAsync(at, bytes, pool, stream);
}

EXPORT CUresult cuMemAllocAsync_ptsz(CUdeviceptr *at, size_t bytes, CUstream stream) {
    return cuMemAllocAsync(at, bytes, stream);
}

/* The guide: what cuMemAlloc gave may be freed so too. */
EXPORT CUresult cuMemFreeAsync(CUdeviceptr at, CUstream stream) {
    FAULT(CUresult);
    CUresult result;
    if (!driver_initialised()) return CUDA_ERROR_NOT_INITIALIZED;
    if (graph_capture_free(stream, at, &result)) return result;
    return pool_give_back(at) || graph_give_back(at) ? CUDA_SUCCESS : memory_give_back(at);
}

EXPORT CUresult cuMemFreeAsync_ptsz(CUdeviceptr at, CUstream stream) {
    FAULT(CUresult);
    return cuMemFreeAsync(at, stream);
}
