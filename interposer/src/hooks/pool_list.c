/* Which pools there are. Records are never unmapped, so that a pointer to one stays good. */
#include <sys/mman.h>

#include "pools.h"

#define LOAD(word) __atomic_load_n(&(word), __ATOMIC_SEQ_CST)

enum { KNOWN = 1u << 31, GOING = 1u << 30, GONE = 1u << 29, POOLS_IN_BLOCK = 100 };

struct pool_block {
    struct pool_block *next;
    struct pool pools[POOLS_IN_BLOCK];
};

static bool swap(struct pool *pool, uint32_t from, uint32_t to) {
    return __atomic_compare_exchange_n(&pool->state, &from, to, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

static bool enter(struct pool *pool) {
    for (uint32_t state = LOAD(pool->state); state & KNOWN; state = LOAD(pool->state)) {
        if (swap(pool, state, state + 1)) return true;
    }
    return false;
}

static struct pool *claim(struct slice *slice) {
    struct pool_block *block = LOAD(slice->pool_blocks);
    for (; block; block = block->next) {
        for (unsigned i = 0; i < POOLS_IN_BLOCK; i++) {
            if (swap(&block->pools[i], 0, GONE)) return &block->pools[i];
        }
    }
    block = mmap(NULL, sizeof *block, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED) return NULL;
    block->pools[0].state = GONE;
    block->next = LOAD(slice->pool_blocks);
    while (!__atomic_compare_exchange_n(&slice->pool_blocks, &block->next, block, false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
    }
    return &block->pools[0];
}

struct pool *pool_add(const struct cuda *cuda, struct slice *slice, CUmemoryPool handle,
                      const CUmemLocation *location, bool own) {
    struct pool *pool = claim(slice);
    if (!pool) return NULL;
    /* Of a part of a card the id's lowest byte is the card (cuda.h, CUmemLocation). */
    bool part = location->type == CU_MEM_LOCATION_TYPE_DEVICE_LOCALITY_DOMAIN;
    bool on_card = part || location->type == CU_MEM_LOCATION_TYPE_DEVICE;
    pool->handle = handle;
    pool->device = part ? location->id & 0xff : location->id;
    pool->card = on_card ? grant_card(slice, cuda, pool->device) : POOL_UNCHARGED;
    pool->own = own;
    pool->account = (struct account){0};
    __atomic_store_n(&pool->state, KNOWN | 1, __ATOMIC_SEQ_CST);
    if (table_put(&slice->pools, (uintptr_t)handle, (uintptr_t)pool)) return pool;
    __atomic_store_n(&pool->state, 0, __ATOMIC_SEQ_CST);
    return NULL;
}

struct pool *pool_known(struct slice *slice, CUmemoryPool handle) {
    uint64_t at;
    if (!table_get(&slice->pools, (uintptr_t)handle, &at)) return NULL;
    struct pool *pool = (struct pool *)(uintptr_t)at;
    return enter(pool) ? pool : NULL;
}

/* Where a pool lies that the program did not make: it is the default pool of a card, or CUDA 13's of
 * some other place, whose drivers can say of which. The handle is shown to the driver last, since
 * another thread may have destroyed that pool just now. */
static bool locate(const struct cuda *cuda, CUmemoryPool handle, CUmemLocation *location) {
    int count = 0;
    if (FORWARD(cuda, cuDeviceGetCount, &count) != CUDA_SUCCESS) return false;
    location->type = CU_MEM_LOCATION_TYPE_DEVICE;
    for (location->id = 0; location->id < count; location->id++) {
        CUmemoryPool own = NULL;
        CUresult result = FORWARD(cuda, cuDeviceGetDefaultMemPool, &own, location->id);
        if (result == CUDA_SUCCESS && own == handle) return true;
    }
    return !FORWARD(cuda, cuMemPoolGetAttribute, handle, CU_MEMPOOL_ATTR_LOCATION_TYPE,
                    &location->type) &&
           !FORWARD(cuda, cuMemPoolGetAttribute, handle, CU_MEMPOOL_ATTR_LOCATION_ID, &location->id);
}

static struct pool *adopt(const struct cuda *cuda, struct slice *slice, CUmemoryPool handle) {
    CUmemLocation location;
    if (!locate(cuda, handle, &location)) return NULL;
    return pool_add(cuda, slice, handle, &location, false);
}

/* One thread adopts at a time, or a pool might be known, and charged, twice. That is soon done, but
 * for a signal handler that interrupted it there; so nobody waits for ever. */
enum { MOST_TURNS = 1 << 20 };

struct pool *pool_use(const struct cuda *cuda, struct slice *slice, CUmemoryPool handle) {
    struct pool *pool = pool_known(slice, handle);
    for (unsigned turn = 0; !pool && turn < MOST_TURNS; turn++) {
        uint32_t nobody = 0;
        if (__atomic_compare_exchange_n(&slice->adopting, &nobody, 1, false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_SEQ_CST)) {
            pool = pool_known(slice, handle);
            if (!pool) pool = adopt(cuda, slice, handle);
            __atomic_store_n(&slice->adopting, 0, __ATOMIC_SEQ_CST);
            return pool;
        }
        pool = pool_known(slice, handle);
    }
    return pool;
}

void pool_let_go(struct pool *pool) {
    __atomic_fetch_or(&pool->state, GOING, __ATOMIC_SEQ_CST);
}

void pool_leave(const struct cuda *cuda, struct slice *slice, struct pool *pool) {
    bool empty = account_charged(&pool->account) == 0;
    if (!empty || !swap(pool, KNOWN | GOING | 1, GONE)) {
        __atomic_fetch_sub(&pool->state, 1, __ATOMIC_SEQ_CST);
        return;
    }
    uint64_t at;
    table_take(&slice->pools, (uintptr_t)pool->handle, &at);
    FORWARD(cuda, cuMemPoolDestroy, pool->handle);
    __atomic_store_n(&pool->state, 0, __ATOMIC_SEQ_CST);
}

void pools_each(const struct cuda *cuda, struct slice *slice, pool_visit *visit, void *of) {
    for (struct pool_block *block = LOAD(slice->pool_blocks); block; block = block->next) {
        for (unsigned i = 0; i < POOLS_IN_BLOCK; i++) {
            struct pool *pool = &block->pools[i];
            if (!enter(pool)) continue;
            visit(cuda, slice, pool, of);
            pool_leave(cuda, slice, pool);
        }
    }
}
