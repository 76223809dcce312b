/* Pools. A pool is named by a number (0: the card's default pool), memory and streams by a number. */
#include <pthread.h>

#include "obey.h"

static CUmemoryPool pools[64];
static CUdeviceptr memory[64];
static CUstream streams[64];

static CUmemoryPool pool(const char *word) {
    unsigned long long n = number(word);
    if (n == 0 && !pools[0]) cuDeviceGetDefaultMemPool(&pools[0], 0);
    return pools[n];
}

static CUstream stream(const char *word) {
    unsigned long long n = word ? number(word) : 0;
    if (n && !streams[n]) cuStreamCreate(&streams[n], CU_STREAM_NON_BLOCKING);
    return streams[n];
}

static CUresult create(const char *word, const char *kind) {
    CUmemPoolProps props = {.allocType = CU_MEM_ALLOCATION_TYPE_PINNED,
                            .location = {.type = CU_MEM_LOCATION_TYPE_DEVICE, .id = 0}};
    CUmemoryPool *made = &pools[number(word)];
    if (!strcmp(kind, "imported")) {
        return cuMemPoolImportFromShareableHandle(made, NULL, CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR, 0);
    }
    if (!strcmp(kind, "host")) props.location.type = CU_MEM_LOCATION_TYPE_HOST;
    if (!strcmp(kind, "managed")) props.allocType = CU_MEM_ALLOCATION_TYPE_MANAGED;
    return cuMemPoolCreate(made, &props);
}

static CUresult wait_for_event(CUstream in) {
    CUevent event;
    CUresult result = cuEventCreate(&event, 0);
    if (result) return result;
    result = cuEventRecord(event, in);
    if (!result) result = cuEventSynchronize(event);
    cuEventDestroy_v2(event);
    return result;
}

static CUresult wait_for(const char *what, const char *word) {
    if (!strcmp(what, "stream")) return cuStreamSynchronize(stream(word));
    if (!strcmp(what, "stream_ptsz")) return cuStreamSynchronize_ptsz(stream(word));
    if (!strcmp(what, "event")) return wait_for_event(stream(word));
    if (!strcmp(what, "context_v2")) return cuCtxSynchronize_v2(NULL);
    return cuCtxSynchronize();
}

static unsigned long long attribute(const char *word, CUmemPool_attribute which) {
    cuuint64_t value = 0;
    cuMemPoolGetAttribute(pool(word), which, &value);
    return value;
}

/* Allocates and frees, without ever waiting. */
static void loop(int times, size_t bytes) {
    CUresult result = 0;
    int done = 0;
    for (CUdeviceptr at; !result && done < times; done++) {
        result = cuMemAllocAsync(&at, bytes, stream("1"));
        if (!result) result = cuMemFreeAsync(at, stream("1"));
    }
    printf("%d %d", done, result);
}

enum { HELD = 16 };
static struct {
    int rounds;
    unsigned seed;
    long granted, refused, odd;
    int living;
} racing;

static void count(long *counter) {
    __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static void *race(void *name) {
    unsigned random = racing.seed * 7919u + (unsigned)(size_t)name;
    CUdeviceptr held[HELD] = {0};
    CUstream own;
    if (init(0) || cuStreamCreate(&own, 0)) count(&racing.odd);
    for (int i = 0; i < racing.rounds; i++) {
        CUdeviceptr *at = &held[rand_r(&random) % HELD];
        int what = rand_r(&random) % 64;
        if (what == 0 && cuStreamSynchronize(own)) count(&racing.odd);
        if (what == 1 && cuMemPoolTrimTo(pools[1 + rand_r(&random) % 2], 0)) count(&racing.odd);
        if (*at) {
            if (cuMemFreeAsync(*at, own)) count(&racing.odd);
            *at = 0;
            continue;
        }
        size_t bytes = (size_t)(1 + rand_r(&random) % 40) << 20;
        CUresult result = what % 8 == 2   ? cuMemAlloc_v2(at, bytes)
                          : what % 8 == 3 ? cuMemAllocAsync(at, bytes, own)
                                          : cuMemAllocFromPoolAsync(at, bytes, pools[1 + what % 2], own);
        if (result) *at = 0;
        count(!result ? &racing.granted : result == CUDA_ERROR_OUT_OF_MEMORY ? &racing.refused : &racing.odd);
    }
    for (int i = 0; i < HELD; i++) {
        if (held[i] && cuMemFreeAsync(held[i], own)) count(&racing.odd);
    }
    __atomic_fetch_sub(&racing.living, 1, __ATOMIC_RELEASE);
    return NULL;
}

/* While they race, pools are made, used and destroyed. */
static void start_race(int threads, int rounds, unsigned seed) {
    pthread_t ids[64];
    CUdeviceptr at;
    racing.rounds = rounds;
    racing.seed = seed;
    racing.living = threads;
    for (size_t i = 0; i < (size_t)threads; i++) pthread_create(&ids[i], NULL, race, (void *)i);
    while (__atomic_load_n(&racing.living, __ATOMIC_ACQUIRE)) {
        create("9", "own");
        CUresult result = cuMemAllocFromPoolAsync(&at, 1 << 20, pools[9], NULL);
        if (cuMemPoolDestroy(pools[9])) count(&racing.odd);
        if (!result && cuMemFreeAsync(at, NULL)) count(&racing.odd);
    }
    for (int i = 0; i < threads; i++) pthread_join(ids[i], NULL);
    cuCtxSynchronize();
    printf("%ld %ld %ld", racing.granted, racing.refused, racing.odd);
}

static void obey(int n, char **words) {
    CUresult result = 0;
    const char *what = words[0];
    if (!strcmp(what, "pool")) {
        result = create(words[1], n > 2 ? words[2] : "own");
    } else if (!strcmp(what, "destroy")) {
        result = cuMemPoolDestroy(pool(words[1]));
    } else if (!strcmp(what, "current")) {
        result = cuDeviceSetMemPool(0, pool(words[1]));
    } else if (!strcmp(what, "is_current")) {
        CUmemoryPool current;
        cuDeviceGetMemPool(&current, 0);
        printf("%d", current == pool(words[1]));
        return;
    } else if (!strcmp(what, "threshold")) {
        cuuint64_t value = number(words[2]);
        result = cuMemPoolSetAttribute(pool(words[1]), CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, &value);
    } else if (!strcmp(what, "trim")) {
        result = cuMemPoolTrimTo(pool(words[1]), number(words[2]));
    } else if (!strcmp(what, "from")) { /* from POOL MEMORY BYTES [STREAM] */
        result = cuMemAllocFromPoolAsync(&memory[number(words[2])], number(words[3]), pool(words[1]),
                                         stream(n > 4 ? words[4] : NULL));
    } else if (!strcmp(what, "async")) { /* async MEMORY BYTES [STREAM] */
        result = cuMemAllocAsync(&memory[number(words[1])], number(words[2]), stream(n > 3 ? words[3] : NULL));
    } else if (!strcmp(what, "plain")) {
        result = cuMemAlloc_v2(&memory[number(words[1])], number(words[2]));
    } else if (!strcmp(what, "free")) { /* free MEMORY [STREAM] */
        result = cuMemFreeAsync(memory[number(words[1])], stream(n > 2 ? words[2] : NULL));
    } else if (!strcmp(what, "free_now")) {
        result = cuMemFree_v2(memory[number(words[1])]);
    } else if (!strcmp(what, "wait")) {
        result = wait_for(words[1], n > 2 ? words[2] : NULL);
    } else if (!strcmp(what, "reserved")) {
        printf("%llu", attribute(words[1], CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT));
        return;
    } else if (!strcmp(what, "info")) {
        size_t free_bytes = 0, total = 0;
        cuMemGetInfo_v2(&free_bytes, &total);
        printf("%zu", free_bytes);
        return;
    } else if (!strcmp(what, "loop")) {
        loop((int)number(words[1]), number(words[2]));
        return;
    } else if (!strcmp(what, "race")) {
        start_race((int)number(words[1]), (int)number(words[2]), (unsigned)number(words[3]));
        return;
    }
    printf("%d", result);
}
