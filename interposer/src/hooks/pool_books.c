/* What pools have, by the driver's number, and how it becomes less. */
#include "capture.h"
#include "graphs.h"
#include "pools.h"

static bool driver_has(const void *of, uint64_t *bytes) {
    return FORWARD(driver_cuda(), cuMemPoolGetAttribute, ((const struct pool *)of)->handle,
                   CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT, bytes) == CUDA_SUCCESS;
}

void pool_settle(struct slice *slice, struct pool *pool, uint64_t reserved) {
    account_settle(&pool->account, &slice->ledger, (unsigned)pool->card, reserved, driver_has, pool);
}

static void follow(const struct cuda *cuda, struct slice *slice, struct pool *pool, void *of) {
    (void)cuda, (void)of;
    if (account_charged(&pool->account)) pool_settle(slice, pool, 0);
}

void pools_after_wait(const struct cuda *cuda) {
    struct slice *slice = slice_attached();
    if (!slice || !__atomic_load_n(&slice->pool_blocks, __ATOMIC_RELAXED)) return;
    pools_each(cuda, slice, follow, NULL);
}

struct room {
    unsigned card;
    bool slack;
};

static void trim(const struct cuda *cuda, struct slice *slice, struct pool *pool, void *of) {
    const struct room *room = of;
    if (pool->card != (int)room->card || !account_charged(&pool->account)) return;
    FORWARD(cuda, cuMemPoolTrimTo, pool->handle, 0);
    pool_settle(slice, pool, 0);
}

void pools_make_room(const struct cuda *cuda, struct slice *slice, unsigned card) {
    struct room room = {.card = card};
    struct capture_leave leave = capture_take_leave(cuda, slice);
    pools_each(cuda, slice, trim, &room);
    graphs_make_room(cuda, slice, card);
    capture_put_back(cuda, leave);
}

void pools_wait_for(const struct cuda *cuda, const struct slice *slice, CUstream stream) {
    struct capture_leave leave = capture_take_leave(cuda, slice);
    FORWARD(cuda, cuStreamSynchronize, stream);
    capture_put_back(cuda, leave);
}

static void look_for_slack(const struct cuda *cuda, struct slice *slice, struct pool *pool, void *of) {
    struct room *room = of;
    cuuint64_t has = 0, used = 0;
    (void)slice;
    if (pool->card != (int)room->card || room->slack || !account_charged(&pool->account)) return;
    if (FORWARD(cuda, cuMemPoolGetAttribute, pool->handle, CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT, &has) ||
        FORWARD(cuda, cuMemPoolGetAttribute, pool->handle, CU_MEMPOOL_ATTR_USED_MEM_CURRENT, &used)) {
        return;
    }
    room->slack = has > used;
}

bool pools_have_slack(const struct cuda *cuda, struct slice *slice, unsigned card) {
    struct room room = {.card = card};
    pools_each(cuda, slice, look_for_slack, &room);
    return room.slack;
}
