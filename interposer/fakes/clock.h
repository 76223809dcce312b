/* The simulated time of a fake driver and what its cards do meanwhile, over all processes: a file at
 * <root>/run/fakegpu/clock. Where that is not, kernels take no time and the clock is the kernel's.
 *
 * Threads that take part join. While one of them is at work, time stands; when all wait, it jumps to
 * the first moment for which one of them waits. It stands also until `expected` threads have joined,
 * so that several programs can start together. A process that dies leaves.
 *
 * A file of zero bytes, with `expected` set, is a new clock. */
#ifndef FAKES_CLOCK_H
#define FAKES_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "cards.h"
#include "timeline.h"

/* Whether there is simulated time. Cheap after the first call. */
bool clock_is_simulated(void);

/* This process's number on every card's timeline. */
unsigned clock_process(void);

/* The process that has a number; 0 for none that lives. */
int clock_pid(unsigned process);

/* What a process had of a card between two moments, to 10 ms; both of the last 40 s. */
uint64_t clock_worked(int place, unsigned process, uint64_t from, uint64_t to);

/* Now, in ns. */
uint64_t fakegpu_now(void);

/* The timeline of a card. To be used between enter and leave alone. */
struct timeline *clock_enter(const struct card *card);
void clock_leave(void);

/* Waits, in simulated time, until work has ended; or, for TIMELINE_NEVER, until there is room. */
void clock_wait_for(const struct card *card, uint64_t work);

#endif
