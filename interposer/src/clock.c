#define _GNU_SOURCE
#include "clock.h"

#include <linux/futex.h>
#include <stddef.h>
#include <time.h>

#include "sys.h"

/* The lower half of the generation: the files are little-endian. */
static const uint32_t *word(const struct tranche_limits *limits) {
    return (const uint32_t *)&limits->generation;
}

uint32_t clock_generation(const struct tranche_limits *limits) {
    return __atomic_load_n(word(limits), __ATOMIC_ACQUIRE);
}

#ifdef TRANCHE_FAKE_CLOCK
#include <dlfcn.h>

#include "resolve/loader.h"

/* Tests: the fake driver's simulated clock. */
static void *fake(const char *name) {
    void *driver = loader()->dlopen("libcuda.so.1", RTLD_LAZY | RTLD_NOLOAD);
    return driver ? loader()->dlsym(driver, name) : NULL;
}

uint64_t clock_now(void) {
    static uint64_t (*now)(void);
    if (!now) now = (uint64_t(*)(void))fake("fakegpu_now");
    return now ? now() : 0;
}

uint64_t clock_late(void) {
    return clock_now();
}

void clock_wait(const struct tranche_limits *limits, uint32_t generation, uint64_t ns) {
    static void (*wait)(uint64_t);
    if (clock_generation(limits) != generation) return;
    if (!wait) wait = (void (*)(uint64_t))fake("fakegpu_wait");
    if (wait) wait(ns);
}

#else
static uint64_t time_by(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000ull + (uint64_t)time.tv_nsec;
}

uint64_t clock_now(void) {
    return time_by(CLOCK_MONOTONIC);
}

uint64_t clock_late(void) {
    return time_by(CLOCK_MONOTONIC_COARSE);
}

void clock_wait(const struct tranche_limits *limits, uint32_t generation, uint64_t ns) {
    struct timespec time = {.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};
    syscall(SYS_futex, word(limits), FUTEX_WAIT, generation, &time, NULL, 0);
}
#endif
