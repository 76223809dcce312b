/* How far the launches of a process have run ahead of a card, in GPU time by their prices.
 *
 * A slice that runs free still has to yield soon after a neighbour has come, and what it has queued by
 * then cannot be taken back: a driver's queue holds a thousand launches. So who runs free waits before a
 * launch while more than BACKLOG_MOST is ahead, besides two launches such as the longest of late: the
 * card never runs dry over it. How far the card is, samples tell as they come back; where none is on its
 * way there is nothing to wait for, and where a kernel itself waits for the program, one launch goes each
 * BACKLOG_PATIENCE all the same.
 *
 * Lock-free, and as exact as prices are. */
#ifndef TRANCHE_CORE_BACKLOG_H
#define TRANCHE_CORE_BACKLOG_H

#include <stdbool.h>
#include <stdint.h>

/* In ns. */
#define BACKLOG_MOST 40000000ull
#define BACKLOG_PATIENCE 100000000ull
#define BACKLOG_AGAIN 1000000ull /* until a launch that waits asks again */

struct backlog {
    uint64_t launched; /* GPU time so far */
    uint64_t sampled;  /* of that, up to the last launch that is measured */
    uint64_t ended;    /* up to the last such that has ended */
    uint64_t longest;  /* a launch of late */
    uint64_t seen, since; /* `ended` as a launch that waits has found it first, and when */
};

#define BACKLOG_LOAD(word) __atomic_load_n(&(word), __ATOMIC_RELAXED)
#define BACKLOG_STORE(word, value) __atomic_store_n(&(word), (value), __ATOMIC_RELAXED)

/* `taken` of the bucket, for a launch of `ns`. */
static inline void backlog_grows(struct backlog *backlog, uint64_t taken, uint64_t ns) {
    uint64_t longest = BACKLOG_LOAD(backlog->longest);
    longest -= longest / 64;
    BACKLOG_STORE(backlog->longest, ns > longest ? ns : longest);
    __atomic_fetch_add(&backlog->launched, taken, __ATOMIC_RELAXED);
}

/* The launch that comes now is measured: where it stands. */
static inline uint64_t backlog_sampled(struct backlog *backlog) {
    uint64_t launched = BACKLOG_LOAD(backlog->launched);
    BACKLOG_STORE(backlog->sampled, launched);
    return launched;
}

/* The one that stands there has ended. */
static inline void backlog_ended(struct backlog *backlog, uint64_t place) {
    if (place > BACKLOG_LOAD(backlog->ended)) BACKLOG_STORE(backlog->ended, place);
}

/* Whether a launch must wait. */
static inline bool backlog_is_deep(struct backlog *backlog, uint64_t now) {
    uint64_t launched = BACKLOG_LOAD(backlog->launched), ended = BACKLOG_LOAD(backlog->ended);
    if (BACKLOG_LOAD(backlog->sampled) <= ended) return false;
    if (launched - ended <= BACKLOG_MOST + 2 * BACKLOG_LOAD(backlog->longest)) return false;
    if (BACKLOG_LOAD(backlog->seen) != ended || BACKLOG_LOAD(backlog->since) == 0) {
        BACKLOG_STORE(backlog->seen, ended);
        BACKLOG_STORE(backlog->since, now);
        return true;
    }
    if (now - BACKLOG_LOAD(backlog->since) < BACKLOG_PATIENCE) return true;
    BACKLOG_STORE(backlog->since, now);
    return false;
}

#endif
