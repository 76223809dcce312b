/* The simulated time of one card: what the processes have queued, and when each piece has run.
 *
 * The work of one process runs in the order in which it was queued, whatever the stream. Several
 * processes that have work take turns of 2 ms, as a card without MPS gives them (time-slicing; about
 * 2 ms by default); one that runs dry gives up its turn at once. A mark is work that takes no time and
 * notes when it was reached: an event. It is reached only in its process's turn, as on a card.
 *
 * No pointers, so that it can lie in a file that processes share. */
#ifndef FAKES_TIMELINE_H
#define FAKES_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    TIMELINE_PROCESSES = 32,
    TIMELINE_DEPTH = 1024, /* pieces of work of one process; a driver's queue is about as long */
    TIMELINE_KEPT = 16384, /* of which it is known when they ended, the last so many */
    TIMELINE_TURN = 2000000,
    TIMELINE_TICK = 10000000, /* ns of a tick: busy time is kept by ticks */
    TIMELINE_TICKS = 4096,
};
#define TIMELINE_NEVER UINT64_MAX

struct timeline_queue {
    uint64_t ended, queued; /* pieces of work so far */
    uint64_t left[TIMELINE_DEPTH]; /* ns of work */
    uint64_t reached[TIMELINE_KEPT];
};

struct timeline {
    uint64_t now;
    uint32_t turn; /* whose */
    uint32_t reserved;
    uint64_t turn_left;
    struct timeline_queue queues[TIMELINE_PROCESSES];
    uint32_t busy[TIMELINE_TICKS][TIMELINE_PROCESSES]; /* ns of each tick; a ring */
};

/* Queues work of `ns` (0: a mark; TIMELINE_NEVER: never ends) and returns its number. The queue must
 * have room. */
uint64_t timeline_queue(struct timeline *card, unsigned process, uint64_t ns);
bool timeline_has_room(const struct timeline *card, unsigned process);
bool timeline_has_ended(const struct timeline *card, unsigned process, uint64_t work);

/* When work that has ended did. */
uint64_t timeline_reached(const struct timeline *card, unsigned process, uint64_t work);

/* When the next piece of work ends or the next turn begins, if nothing more is queued. */
uint64_t timeline_next(const struct timeline *card);

/* Lets the card work until then. */
void timeline_run(struct timeline *card, uint64_t until);

/* A process has died: its work is dropped. */
void timeline_drop(struct timeline *card, unsigned process);

#endif
