/* What the files about pools and graphs share: memory that belongs to neither an address nor a
 * handle of its own. */
#ifndef FAKES_POOLS_H
#define FAKES_POOLS_H

#include "driver.h"

/* Pools and graphs take memory from the card in pieces of so many bytes. NVIDIA documents no number;
 * 32 MiB is what RESERVED_MEM_CURRENT shows on drivers of today after one small allocation. */
#define POOL_CHUNK (32ull << 20)

struct CUmemPoolHandle_st {
    CUmemLocation location;
    bool imported, listed, closed;
    uint64_t threshold, reserved, reserved_high, used, used_high; /* bytes */
    struct chunk *chunks;
    struct segment *free; /* by address */
    CUmemoryPool next;    /* of all */
};

/* Of a pool on a card. */
CUresult pool_take(CUmemoryPool pool, size_t bytes, CUdeviceptr *at);

/* Whether the handle is one of a pool that was not destroyed. */
static inline bool pool_is_open(CUmemoryPool pool) {
    return pool && !__atomic_load_n(&pool->closed, __ATOMIC_RELAXED);
}

/* Puts a block back into its pool. False if no pool has such. */
bool pool_give_back(CUdeviceptr at);

/* Gives whole chunks back to the card while more than `keep` bytes are left. Of what was freed since
 * the last synchronisation nothing goes: its completion has not been observed (cuMemPoolTrimTo). */
void pool_trim(CUmemoryPool pool, uint64_t keep);

/* The pool may not be spoken of any more, and keeps nothing. Its struct stays, so that who does it
 * nevertheless is told so. */
void pool_close(CUmemoryPool pool);

/* Reads one of a pool's numbers, or sets it. */
uint64_t pool_read(const uint64_t *number);
void pool_write(uint64_t *number, uint64_t value);

/* To be called by whatever waits for a stream, an event or a context: pools give back what they have
 * above their threshold. */
void pools_synchronised(void);

#endif
