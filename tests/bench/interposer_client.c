/* What a call costs a program: interposer_client LIVE THREADS ROUNDS [GATE PROCESSES]. Prints nanoseconds per launch,
 * per pair of allocation and free of the same block with LIVE others held beside, per pair that frees
 * one of those at random and allocates another, and per cuMemGetInfo; milliseconds of start; KiB
 * resident with one block held and with LIVE; and for what part of the pairs' time it, or its first
 * thread, had a processor. Functions are found as cudart finds them: one dlsym,
 * then cuGetProcAddress. Nanoseconds are the thread's own time on a processor, so that neither
 * neighbours nor more threads than processors are measured. So many processes, of one thread each, begin
 * each kind of calls together: they meet in GATE, a file of 4 zero bytes. */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

typedef unsigned long long P;
static int (*ask)(const char *, void **, int, P, int *);
static int (*init)(unsigned), (*retain)(void **, int), (*current)(void *);
static int (*alloc)(P *, size_t), (*release)(P), (*info)(size_t *, size_t *);
static int (*launch)(void *, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
                     void *, void **, void **);
static void *context;
static long rounds;
static double launches[64], pairs[64], churns[64], ran[64];
static P *held;
static long live, threads;
static unsigned *gate, processes;

static double read_clock(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static double now(void) {
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

/* Waits for what is still on its way from memory, so that each call pays for its own. Without it the
 * processor fetches the next turn's block during this turn's free, and a library that does nothing
 * but take time in between shows as slow by a whole miss. */
static void settle(void) {
#ifdef __x86_64__
    __builtin_ia32_lfence();
#endif
}

/* Until all processes are here. */
static void meet(void) {
    if (!gate) return;
    unsigned here = __atomic_fetch_add(gate, 1, __ATOMIC_SEQ_CST), all = (here / processes + 1) * processes;
    while (__atomic_load_n(gate, __ATOMIC_SEQ_CST) < all) sched_yield();
}

static long resident_kib(void) {
    static char line[256];
    long kib = 0;
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    while (file && fgets(line, sizeof line, file)) sscanf(line, "Pss: %ld", &kib);
    if (file) fclose(file);
    return kib;
}

static void *work(void *place) {
    long id = (long)place;
    current(context);
    meet();
    double start = now();
    for (long i = 0; i < rounds; i++) launch((void *)1, 1, 1, 1, 32, 1, 1, 0, 0, 0, 0);
    launches[id] = (now() - start) / (double)rounds;
    meet();
    double wall = read_clock(CLOCK_MONOTONIC);
    start = now();
    for (long i = 0; i < rounds; i++) {
        P at = 0;
        if (alloc(&at, 4096) || release(at)) exit(1);
    }
    pairs[id] = (now() - start) / (double)rounds;
    ran[id] = pairs[id] * (double)rounds / (read_clock(CLOCK_MONOTONIC) - wall);
    unsigned long long random = 88172645463325252ull + (P)id;
    long share = live / threads;
    meet();
    start = now();
    for (long i = 0; share && i < rounds; i++) {
        random ^= random << 13, random ^= random >> 7, random ^= random << 17;
        P *at = &held[id * share + (long)(random % (P)share)], old = *at;
        settle();
        if (release(old)) exit(1);
        settle();
        if (alloc(at, 4096)) exit(1);
        settle();
    }
    churns[id] = (now() - start) / (double)rounds;
    return NULL;
}

static void *find(const char *name) {
    void *at = NULL;
    if (ask(name, &at, 12080, 0, NULL) || !at) exit(3);
    return at;
}

int main(int argc, char **argv) {
    if (argc != 4 && argc != 6) return 2;
    live = atol(argv[1]), threads = atol(argv[2]);
    rounds = atol(argv[3]);
    if (argc == 6) {
        processes = (unsigned)atol(argv[5]);
        gate = mmap(NULL, sizeof *gate, PROT_READ | PROT_WRITE, MAP_SHARED, open(argv[4], O_RDWR), 0);
        if (gate == MAP_FAILED || threads != 1) return 2;
    }
    void *driver = dlopen("libcuda.so.1", RTLD_NOW);
    if (!driver) return 8;
    double start = read_clock(CLOCK_MONOTONIC);
    ask = dlsym(driver, "cuGetProcAddress_v2");
    init = find("cuInit"), retain = find("cuDevicePrimaryCtxRetain"), current = find("cuCtxSetCurrent");
    alloc = find("cuMemAlloc"), release = find("cuMemFree"), launch = find("cuLaunchKernel");
    info = find("cuMemGetInfo");
    held = malloc((size_t)live * sizeof *held);
    if (init(0) || retain(&context, 0) || current(context) || alloc(held, 4096)) return 9;
    double start_up = read_clock(CLOCK_MONOTONIC) - start;
    long few_kib = resident_kib();
    for (long i = 1; i < live; i++) {
        if (alloc(&held[i], 4096)) return 10;
    }
    long all_kib = resident_kib();
    pthread_t ids[64];
    for (long i = 0; i < threads; i++) pthread_create(&ids[i], NULL, work, (void *)i);
    for (long i = 0; i < threads; i++) pthread_join(ids[i], NULL);
    start = now();
    size_t free_bytes, total;
    for (int i = 0; i < 10000; i++) info(&free_bytes, &total);
    double info_ns = (now() - start) / 10000;
    double sums[3] = {0};
    for (long i = 0; i < threads; i++) {
        sums[0] += launches[i], sums[1] += pairs[i], sums[2] += churns[i];
    }
    for (int i = 0; i < 3; i++) printf("%.2f ", sums[i] / (double)threads);
    printf("%.2f %.2f %ld %ld %.3f\n", info_ns, start_up / 1e6, few_kib, all_kib, ran[0]);
    return 0;
}
