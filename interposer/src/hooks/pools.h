/* The memory pools that this process knows, and what is charged for them.
 *
 * A pool may be destroyed while another thread, at some synchronisation, asks what it has. So whoever
 * speaks of a pool to the driver uses it, and the driver's cuMemPoolDestroy waits for the last. */
#ifndef TRANCHE_HOOKS_POOLS_H
#define TRANCHE_HOOKS_POOLS_H

#include "grant.h"

/* Pools grow by whole chunks. NVIDIA documents no number, and this one has not been looked up on a
 * card yet. A driver that takes more is charged for it after. */
#define POOL_CHUNK (32ull << 20)

/* A pool of host memory, or of another process: nothing is charged. */
enum { POOL_UNCHARGED = -2 };

struct pool {
    struct account account;
    CUmemoryPool handle;
    uint32_t state;  /* 0: free; else flags, and how many use it */
    int card;        /* its place in the limits; POOL_UNCHARGED; SLICE_NO_CARD: not granted */
    CUdevice device; /* the driver's ordinal of that card */
    bool own;        /* the program made it, and may destroy it */
};

/* A pool by its handle, used from now on. One that the program did not make (a card's default pool)
 * is made known first. NULL: it cannot be made known, or the driver says that there is none. */
struct pool *pool_use(const struct cuda *cuda, struct slice *slice, CUmemoryPool handle);

/* The same of one that is known; NULL where it is not. */
struct pool *pool_known(struct slice *slice, CUmemoryPool handle);

/* Makes a new pool known, and used. */
struct pool *pool_add(const struct cuda *cuda, struct slice *slice, CUmemoryPool handle,
                      const CUmemLocation *location, bool own);

/* The last one to leave a pool that is to go destroys it, if it has nothing left. */
void pool_leave(const struct cuda *cuda, struct slice *slice, struct pool *pool);

/* From now on the pool goes as soon as it can. */
void pool_let_go(struct pool *pool);

typedef void pool_visit(const struct cuda *cuda, struct slice *slice, struct pool *pool, void *of);
void pools_each(const struct cuda *cuda, struct slice *slice, pool_visit *visit, void *of);

/* Follows the driver after it has answered. */
void pool_settle(struct slice *slice, struct pool *pool, uint64_t reserved);

/* Lets pools and graphs give back what they only keep, of one card. */
void pools_make_room(const struct cuda *cuda, struct slice *slice, unsigned card);

/* Until what was freed in a stream can be given back. */
void pools_wait_for(const struct cuda *cuda, const struct slice *slice, CUstream stream);

/* Whether a pool of the card has memory that no allocation holds. */
bool pools_have_slack(const struct cuda *cuda, struct slice *slice, unsigned card);

/* After the program has waited for the card: what pools gave back by themselves. */
void pools_after_wait(const struct cuda *cuda);

#endif
