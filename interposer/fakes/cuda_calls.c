/* How often this process has asked for what costs time: for tests that say that it does not. */
#include "driver.h"

static uint64_t waits, trims;

void called_to_wait(void) {
    __atomic_fetch_add(&waits, 1, __ATOMIC_RELAXED);
}

void called_to_trim(void) {
    __atomic_fetch_add(&trims, 1, __ATOMIC_RELAXED);
}

EXPORT uint64_t fakegpu_waits(void) {
    return __atomic_load_n(&waits, __ATOMIC_RELAXED);
}

EXPORT uint64_t fakegpu_trims(void) {
    return __atomic_load_n(&trims, __ATOMIC_RELAXED);
}
