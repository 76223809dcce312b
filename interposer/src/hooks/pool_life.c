/* Pools that come and go. */
#include "pools.h"

/* One that cannot be made known is made known when it is first allocated from. */
static void remember(const struct cuda *cuda, CUmemoryPool handle, const CUmemLocation *location) {
    struct slice *slice = slice_get();
    struct pool *pool = slice ? pool_add(cuda, slice, handle, location, true) : NULL;
    if (pool) pool_leave(cuda, slice, pool);
}

/* Managed memory is charged where it prefers to be; without such a place, as cuMemAllocManaged is,
 * to the card of the current context. */
EXPORT CUresult cuMemPoolCreate(CUmemoryPool *pool, const CUmemPoolProps *props) {
    const struct cuda *cuda = driver_cuda();
    CUresult result = FORWARD(cuda, cuMemPoolCreate, pool, props);
    if (result != CUDA_SUCCESS) return result;
    CUmemLocation location = props->location;
    if (props->allocType == CU_MEM_ALLOCATION_TYPE_MANAGED && location.type == CU_MEM_LOCATION_TYPE_NONE &&
        grant_current_device(cuda, &location.id) == CUDA_SUCCESS) {
        location.type = CU_MEM_LOCATION_TYPE_DEVICE;
    }
    remember(cuda, *pool, &location);
    return result;
}

/* Its memory is charged to the process that it comes from; nothing new can be allocated from it. */
EXPORT CUresult cuMemPoolImportFromShareableHandle(CUmemoryPool *pool, void *handle, int type,
                                                   unsigned long long flags) {
    const struct cuda *cuda = driver_cuda();
    CUresult result = FORWARD(cuda, cuMemPoolImportFromShareableHandle, pool, handle, type, flags);
    const CUmemLocation elsewhere = {.type = CU_MEM_LOCATION_TYPE_NONE};
    if (result == CUDA_SUCCESS) remember(cuda, *pool, &elsewhere);
    return result;
}

/* "Destroying the current mempool of a device sets the default mempool of that device as the current
 * mempool" (cuda.h). */
static void replace_current(const struct cuda *cuda, const struct pool *pool) {
    CUmemoryPool other;
    if (FORWARD(cuda, cuDeviceGetMemPool, &other, pool->device) || other != pool->handle) return;
    if (FORWARD(cuda, cuDeviceGetDefaultMemPool, &other, pool->device)) return;
    FORWARD(cuda, cuDeviceSetMemPool, pool->device, other);
}

/* The driver lets a destroyed pool live on until its last allocation is freed, and nobody can ask what
 * it still has. So it is destroyed only then, at a synchronisation. To the program it is the same:
 * its handle is no more to be used, and what it has too much goes back as early. */
EXPORT CUresult cuMemPoolDestroy(CUmemoryPool handle) {
    const struct cuda *cuda = driver_cuda();
    struct slice *slice = slice_attached();
    struct pool *pool = slice ? pool_known(slice, handle) : NULL;
    if (!pool) return FORWARD(cuda, cuMemPoolDestroy, handle);
    if (!pool->own) {
        pool_leave(cuda, slice, pool);
        return FORWARD(cuda, cuMemPoolDestroy, handle); /* a default pool: the driver refuses */
    }
    if (account_charged(&pool->account)) {
        cuuint64_t none = 0;
        FORWARD(cuda, cuMemPoolSetAttribute, handle, CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, &none);
        FORWARD(cuda, cuMemPoolTrimTo, handle, 0);
        pool_settle(slice, pool, 0);
        replace_current(cuda, pool);
    }
    pool_let_go(pool);
    pool_leave(cuda, slice, pool);
    return CUDA_SUCCESS;
}
