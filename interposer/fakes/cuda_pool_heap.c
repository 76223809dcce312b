/* How pools part their chunks. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "pools.h"

#define GRANULE 512ull
#define PAGE (2ull << 20)

struct chunk {
    CUdeviceptr at;
    uint64_t bytes;
    unsigned live;     /* blocks in it that are not free */
    uint64_t freed_in; /* the epoch of its last free */
    struct chunk *next;
};

struct segment { /* free, or a block that was given out */
    CUdeviceptr at;
    uint64_t bytes;
    struct chunk *chunk;
    CUmemoryPool pool;
    struct segment *next; /* in the pool's free list, or in a bucket of blocks */
};

enum { BUCKETS = 1 << 16 };
static struct segment *blocks[BUCKETS];
static uint64_t block_count, epoch = 1; /* the epoch grows with each synchronisation */
static CUmemoryPool all;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct segment **bucket(CUdeviceptr at) {
    return &blocks[(at * 0x9e3779b97f4a7c15ull) >> 48];
}

/* The parent's memory is not the child's. */
static void forget_in_child(void) {
    pthread_mutex_init(&lock, NULL);
    memset(blocks, 0, sizeof blocks);
    block_count = 0;
    for (CUmemoryPool pool = all; pool; pool = pool->next) {
        pool->chunks = NULL;
        pool->free = NULL;
        pool->reserved = pool->used = 0;
    }
}

static void list_pool(CUmemoryPool pool) {
    static bool registered;
    if (!registered) pthread_atfork(NULL, NULL, forget_in_child);
    registered = true;
    if (pool->listed) return;
    pool->listed = true;
    pool->next = all;
    all = pool;
}

/* Among the free ones, joined with its neighbours in the chunk. */
static void put_free(CUmemoryPool pool, struct segment *segment) {
    struct segment **at = &pool->free, *before = NULL;
    for (; *at && (*at)->at < segment->at; at = &(*at)->next) before = *at;
    segment->next = *at;
    *at = segment;
    struct segment *after = segment->next;
    if (after && after->chunk == segment->chunk && segment->at + segment->bytes == after->at) {
        segment->bytes += after->bytes;
        segment->next = after->next;
        free(after);
    }
    if (before && before->chunk == segment->chunk && before->at + before->bytes == segment->at) {
        before->bytes += segment->bytes;
        before->next = segment->next;
        free(segment);
    }
}

static bool grow(CUmemoryPool pool, uint64_t bytes) {
    struct chunk *chunk = calloc(1, sizeof *chunk);
    struct segment *segment = calloc(1, sizeof *segment);
    if (!chunk || !segment || bytes > UINT64_MAX / 2) return false;
    chunk->bytes = (bytes + POOL_CHUNK - 1) / POOL_CHUNK * POOL_CHUNK;
    if (memory_take(pool->location.id, chunk->bytes, &chunk->at) != CUDA_SUCCESS) {
        chunk->bytes = (bytes + PAGE - 1) / PAGE * PAGE; /* the card has no whole chunk left */
        if (memory_take(pool->location.id, chunk->bytes, &chunk->at) != CUDA_SUCCESS) {
            free(chunk);
            free(segment);
            return false;
        }
    }
    chunk->next = pool->chunks;
    pool->chunks = chunk;
    pool->reserved += chunk->bytes;
    if (pool->reserved > pool->reserved_high) pool->reserved_high = pool->reserved;
    *segment = (struct segment){.at = chunk->at, .bytes = chunk->bytes, .chunk = chunk, .pool = pool};
    put_free(pool, segment);
    return true;
}

static struct segment *first_fit(CUmemoryPool pool, uint64_t bytes) {
    for (struct segment **at = &pool->free; *at; at = &(*at)->next) {
        struct segment *found = *at;
        if (found->bytes < bytes) continue;
        if (found->bytes == bytes) {
            *at = found->next;
            return found;
        }
        struct segment *block = calloc(1, sizeof *block);
        if (!block) return NULL;
        *block = (struct segment){.at = found->at, .bytes = bytes, .chunk = found->chunk, .pool = pool};
        found->at += bytes;
        found->bytes -= bytes;
        return block;
    }
    return NULL;
}

CUresult pool_take(CUmemoryPool pool, size_t bytes, CUdeviceptr *at) {
    if (bytes > UINT64_MAX - GRANULE) return CUDA_ERROR_OUT_OF_MEMORY;
    uint64_t rounded = (bytes + GRANULE - 1) & ~(GRANULE - 1);
    pthread_mutex_lock(&lock);
    list_pool(pool);
    struct segment *block = first_fit(pool, rounded);
    if (!block && grow(pool, rounded)) block = first_fit(pool, rounded);
    if (block) {
        struct segment **list = bucket(block->at);
        block->next = *list;
        *list = block;
        block->chunk->live++;
        __atomic_fetch_add(&block_count, 1, __ATOMIC_RELAXED);
        pool->used += rounded;
        if (pool->used > pool->used_high) pool->used_high = pool->used;
        *at = block->at;
    }
    pthread_mutex_unlock(&lock);
    return block ? CUDA_SUCCESS : CUDA_ERROR_OUT_OF_MEMORY;
}

static void release_chunk(CUmemoryPool pool, struct chunk **at) {
    struct chunk *chunk = *at;
    for (struct segment **free_at = &pool->free; *free_at; free_at = &(*free_at)->next) {
        struct segment *whole = *free_at;
        if (whole->chunk != chunk) continue;
        *free_at = whole->next;
        free(whole);
        break;
    }
    *at = chunk->next;
    pool->reserved -= chunk->bytes;
    memory_give_back(chunk->at);
    free(chunk);
}

static void trim(CUmemoryPool pool, uint64_t keep) {
    for (struct chunk **at = &pool->chunks; *at;) {
        const struct chunk *chunk = *at;
        bool observed = chunk->live == 0 && chunk->freed_in < epoch;
        if (observed && pool->reserved >= chunk->bytes && pool->reserved - chunk->bytes >= keep) {
            release_chunk(pool, at);
        } else {
            at = &(*at)->next;
        }
    }
}

void pool_trim(CUmemoryPool pool, uint64_t keep) {
    pthread_mutex_lock(&lock);
    trim(pool, keep);
    pthread_mutex_unlock(&lock);
}

void pool_close(CUmemoryPool pool) {
    pthread_mutex_lock(&lock);
    pool->closed = true;
    pool->threshold = 0;
    trim(pool, 0);
    pthread_mutex_unlock(&lock);
}

bool pool_give_back(CUdeviceptr at) {
    if (!__atomic_load_n(&block_count, __ATOMIC_RELAXED)) return false;
    pthread_mutex_lock(&lock);
    struct segment **list = bucket(at);
    while (*list && (*list)->at != at) list = &(*list)->next;
    struct segment *block = *list;
    if (block) {
        *list = block->next;
        __atomic_fetch_sub(&block_count, 1, __ATOMIC_RELAXED);
        block->pool->used -= block->bytes;
        block->chunk->live--;
        block->chunk->freed_in = epoch;
        put_free(block->pool, block);
    }
    pthread_mutex_unlock(&lock);
    return block != NULL;
}

uint64_t pool_read(const uint64_t *number) {
    pthread_mutex_lock(&lock);
    uint64_t value = *number;
    pthread_mutex_unlock(&lock);
    return value;
}

void pool_write(uint64_t *number, uint64_t value) {
    pthread_mutex_lock(&lock);
    *number = value;
    pthread_mutex_unlock(&lock);
}

void pools_synchronised(void) {
    pthread_mutex_lock(&lock);
    epoch++;
    for (CUmemoryPool pool = all; pool; pool = pool->next) trim(pool, pool->threshold);
    pthread_mutex_unlock(&lock);
}
