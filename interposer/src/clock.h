/* Time as the limits and the region have it, and the wait for it or for a change of the limits. */
#ifndef TRANCHE_CLOCK_H
#define TRANCHE_CLOCK_H

#include <stdint.h>

#include "tranche/limits.h"

/* CLOCK_MONOTONIC in ns. */
uint64_t clock_now(void);

/* The same as of the last tick, up to 10 ms ago, for less than half the price. */
uint64_t clock_late(void);

/* Of the limits as they are now: to be asked for before what is to be waited for. */
uint32_t clock_generation(const struct tranche_limits *limits);

/* Waits for so many ns, less where the limits change or a signal comes. No point of cancellation: a
 * thread that is cancelled would end in the middle of a launch. */
void clock_wait(const struct tranche_limits *limits, uint32_t generation, uint64_t ns);

#endif
