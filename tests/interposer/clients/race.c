/* Many threads that allocate and free at random: race THREADS ROUNDS SEED MOST_KIB. Prints how many
 * allocations were granted and refused, and what else the driver said (which must be nothing). */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { HELD = 64 };
static int (*init)(unsigned), (*retain)(void **, int), (*current)(void *);
static int (*alloc)(unsigned long long *, size_t), (*release)(unsigned long long);
static int rounds, most_kib;
static unsigned seed;
static long granted, refused, odd;

static void *work(void *name) {
    unsigned long long held[HELD] = {0};
    unsigned random = seed * 7919u + (unsigned)(size_t)name;
    void *context;
    if (retain(&context, 0) || current(context)) __atomic_fetch_add(&odd, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < rounds; i++) {
        unsigned long long *at = &held[rand_r(&random) % HELD];
        if (*at) {
            if (release(*at)) __atomic_fetch_add(&odd, 1, __ATOMIC_RELAXED);
            *at = 0;
            continue;
        }
        int result = alloc(at, (size_t)(1 + rand_r(&random) % most_kib) << 10);
        if (result) *at = 0;
        __atomic_fetch_add(result == 0 ? &granted : result == 2 ? &refused : &odd, 1, __ATOMIC_RELAXED);
    }
    for (int i = 0; i < HELD; i++) {
        if (held[i] && release(held[i])) __atomic_fetch_add(&odd, 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

int main(int argc, char **argv) {
    if (argc != 5) return 2;
    void *driver = dlopen("libcuda.so.1", RTLD_NOW);
    if (!driver) return 8;
    init = dlsym(driver, "cuInit");
    retain = dlsym(driver, "cuDevicePrimaryCtxRetain");
    current = dlsym(driver, "cuCtxSetCurrent");
    alloc = dlsym(driver, "cuMemAlloc_v2");
    release = dlsym(driver, "cuMemFree_v2");
    int threads = atoi(argv[1]);
    rounds = atoi(argv[2]);
    seed = (unsigned)atoi(argv[3]);
    most_kib = atoi(argv[4]);
    if (init(0)) return 9;
    pthread_t ids[64];
    for (int i = 0; i < threads; i++) pthread_create(&ids[i], NULL, work, (void *)(size_t)i);
    for (int i = 0; i < threads; i++) pthread_join(ids[i], NULL);
    printf("%ld %ld %ld\n", granted, refused, odd);
    return 0;
}
