/* Stream-ordered memory. Not allocations are charged, but what their pool has of the card: it keeps
 * what is freed, so that is what neighbours lack.
 *
 * How close to the limit a pool comes: an allocation is let through only if the chunks that it may
 * make the pool grow by can be reserved. Whether the pool will grow is the driver's to decide, and
 * once it has, it is too late to refuse. So the last, incomplete chunk of a slice is never used by
 * pools, and where no chunk can be had the rest of the pool's last chunk stays unused. */
#include "pools.h"

#include "../say.h"
#include "capture.h"

/* 0, 1 and 2 are the legacy and the per-thread default stream: the current context's. */
static CUresult stream_device(const struct cuda *cuda, CUstream stream, CUdevice *device) {
    CUcontext context;
    if ((uintptr_t)stream <= 2) return grant_current_device(cuda, device);
    if (cuda->cuStreamGetDevice) return cuda->cuStreamGetDevice(stream, device);
    /* Drivers before 12.8 only know its context. */
    CUresult result = FORWARD(cuda, cuStreamGetCtx, stream, &context);
    if (result == CUDA_SUCCESS) result = FORWARD(cuda, cuCtxPushCurrent_v2, context);
    if (result != CUDA_SUCCESS) return result;
    result = grant_current_device(cuda, device);
    FORWARD(cuda, cuCtxPopCurrent_v2, &context);
    return result;
}

static uint64_t whole_chunks(uint64_t bytes) {
    return bytes > UINT64_MAX - POOL_CHUNK ? UINT64_MAX - POOL_CHUNK + 1
                                           : (bytes + POOL_CHUNK - 1) & ~(POOL_CHUNK - 1);
}

/* Refused, the pools themselves may hold what would do: first what they can give at once, then what
 * was freed in this stream and waits for it to get there. */
static bool reserve(const struct cuda *cuda, struct slice *slice, struct pool *pool, uint64_t bytes,
                    CUstream stream) {
    unsigned card = (unsigned)pool->card;
    enum { AT_ONCE, AFTER_TRIMMING, AFTER_WAITING };
    for (int attempt = AT_ONCE; attempt <= AFTER_WAITING; attempt++) {
        if (attempt == AFTER_WAITING) {
            if (!pools_have_slack(cuda, slice, card)) break;
            pools_wait_for(cuda, slice, stream);
        }
        if (attempt != AT_ONCE) pools_make_room(cuda, slice, card);
        enum ledger_answer answer = account_reserve(&pool->account, &slice->ledger, card, bytes);
        if (answer == LEDGER_GRANTED) return true;
        if (answer == LEDGER_SLOT_LOST) {
            say_once(SAY_SLOT_LOST);
            return false;
        }
    }
    ledger_refuse(&slice->ledger, card);
    return false;
}

typedef CUresult alloc_from_pool(CUdeviceptr *at, size_t bytes, CUmemoryPool pool, CUstream stream);

static CUresult take_from(const struct cuda *cuda, alloc_from_pool *own, CUdeviceptr *at,
                          size_t bytes, CUmemoryPool handle, CUstream stream, CUstream asked) {
    if (!cuda) return CUDA_ERROR_NOT_INITIALIZED;
    if (!own) return CUDA_ERROR_NOT_FOUND;
    if (!at || !handle || capture_in_progress(cuda, asked)) return own(at, bytes, handle, stream);
    struct slice *slice = slice_get();
    struct pool *pool = slice ? pool_use(cuda, slice, handle) : NULL;
    if (!pool) return CUDA_ERROR_OUT_OF_MEMORY;
    uint64_t most = whole_chunks(bytes);
    CUresult result = CUDA_ERROR_OUT_OF_MEMORY;
    if (pool->card == POOL_UNCHARGED) {
        result = own(at, bytes, handle, stream);
    } else if (pool->card < 0) {
        say_once(SAY_CARD_NOT_GRANTED);
    } else if (reserve(cuda, slice, pool, most, asked)) {
        result = own(at, bytes, handle, stream);
        pool_settle(slice, pool, most);
    }
    pool_leave(cuda, slice, pool);
    return result;
}

EXPORT CUresult cuMemAllocFromPoolAsync(CUdeviceptr *at, size_t bytes, CUmemoryPool pool,
                                        CUstream stream) {
    const struct cuda *cuda = driver_cuda();
    alloc_from_pool *own = cuda ? cuda->cuMemAllocFromPoolAsync : NULL;
    return take_from(cuda, own, at, bytes, pool, stream, stream);
}

EXPORT CUresult cuMemAllocFromPoolAsync_ptsz(CUdeviceptr *at, size_t bytes, CUmemoryPool pool,
                                             CUstream stream) {
    const struct cuda *cuda = driver_cuda();
    alloc_from_pool *own = cuda ? cuda->cuMemAllocFromPoolAsync_ptsz : NULL;
    return take_from(cuda, own, at, bytes, pool, stream, stream_ptsz(stream));
}

/* The driver takes the pool that is current for the stream's card. It is told which one that was: a
 * moment later it may be another one, and that would not be the one that is charged. */
static CUresult take(const struct cuda *cuda, alloc_from_pool *own, CUdeviceptr *at, size_t bytes,
                     CUstream stream, CUstream asked) {
    CUdevice device;
    CUmemoryPool pool;
    CUresult result = stream_device(cuda, asked, &device);
    if (result == CUDA_SUCCESS) result = FORWARD(cuda, cuDeviceGetMemPool, &pool, device);
    return result ? result : take_from(cuda, own, at, bytes, pool, stream, asked);
}

EXPORT CUresult cuMemAllocAsync(CUdeviceptr *at, size_t bytes, CUstream stream) {
    const struct cuda *cuda = driver_cuda();
    bool as_it_is = !cuda || !at || capture_in_progress(cuda, stream);
    if (as_it_is) return FORWARD(cuda, cuMemAllocAsync, at, bytes, stream);
    return take(cuda, cuda->cuMemAllocFromPoolAsync, at, bytes, stream, stream);
}

EXPORT CUresult cuMemAllocAsync_ptsz(CUdeviceptr *at, size_t bytes, CUstream stream) {
    const struct cuda *cuda = driver_cuda();
    CUstream asked = stream_ptsz(stream);
    bool as_it_is = !cuda || !at || capture_in_progress(cuda, asked);
    if (as_it_is) return FORWARD(cuda, cuMemAllocAsync_ptsz, at, bytes, stream);
    return take(cuda, cuda->cuMemAllocFromPoolAsync_ptsz, at, bytes, stream, asked);
}

/* What is freed so stays in its pool. But cuMemAlloc's memory may be freed so too. */
EXPORT CUresult cuMemFreeAsync(CUdeviceptr at, CUstream stream) {
    struct grant grant;
    bool charged = grant_take_out(&grant, GRANT_POINTER, at);
    CUresult result = FORWARD(driver_cuda(), cuMemFreeAsync, at, stream);
    return charged ? grant_freed(&grant, charged, result, at) : result;
}

EXPORT CUresult cuMemFreeAsync_ptsz(CUdeviceptr at, CUstream stream) {
    struct grant grant;
    bool charged = grant_take_out(&grant, GRANT_POINTER, at);
    CUresult result = FORWARD(driver_cuda(), cuMemFreeAsync_ptsz, at, stream);
    return charged ? grant_freed(&grant, charged, result, at) : result;
}
