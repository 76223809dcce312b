/* The share of a card's time: a token bucket per slice and card, in one word of the region.
 *
 * `paced_until` is the time up to which the share is spent: n ns of GPU time at a share of p percent
 * move it on by n * 100 / p. What is not used is saved up to PACER_BURST of GPU time. A launch may go
 * when the word is not in the future, and pays after that, so a long kernel is followed by a long
 * pause. In a window of W ns a slice so gets at most p percent of W, PACER_BURST and one kernel.
 *
 * Nothing here knows a driver, a clock or how to wait: time comes in, the time to wait for goes out. */
#ifndef TRANCHE_CORE_PACER_H
#define TRANCHE_CORE_PACER_H

#include <stdbool.h>
#include <stdint.h>

#include "tranche/limits.h"
#include "tranche/region.h"

/* In ns. */
#define PACER_BURST 20000000ull       /* GPU time that a slice may save: 2 points of a second */
#define PACER_DEBT 10000000000ull     /* no launch waits longer for what was launched before, or for garbage */
#define PACER_LEASE 1000000000ull     /* a hold longer than this is not meant */
#define PACER_PIECE 20000000ull       /* waits are in pieces, so that a change is seen that nobody told of */
#define PACER_BATCH 50000ull          /* GPU time that a thread takes at once */
#define PACER_BATCH_WAITED 500000ull  /* the same where it had to wait for it */
#define PACER_SAMPLE_EVERY 1000000ull /* GPU time between two launches of a thread that are measured */

/* What a thread has taken of the bucket of one card and not yet spent. */
struct pacer_balance {
    int64_t ns;
    int64_t to_sample;        /* GPU time until the next launch that is measured */
    uint32_t chance;          /* a generator's state */
    bool sample;              /* measure the launch that pacer_take() let go last */
    uint64_t hold, hold_seen; /* the last hold that it met, and when */
    uint64_t hold_over;       /* one that has ended */
};

struct pacer {
    struct tranche_region_card *region;
    const struct tranche_limits_card *limits;
};

/* Whether launches have a price: where a share is enforced, or may be from one moment to the next. */
static inline bool pacer_prices(const struct tranche_limits_card *limits) {
    uint64_t percent = __atomic_load_n(&limits->cores_percent, __ATOMIC_RELAXED);
    return percent > 0 && percent < 100 &&
           __atomic_load_n(&limits->cores_policy, __ATOMIC_RELAXED) != TRANCHE_CORES_NONE;
}

/* Whether the share is not enforced now. */
static inline bool pacer_is_free(const struct tranche_limits_card *limits) {
    if (!pacer_prices(limits)) return true;
    return __atomic_load_n(&limits->cores_policy, __ATOMIC_RELAXED) == TRANCHE_CORES_BALANCE &&
           __atomic_load_n(&limits->neighbours, __ATOMIC_RELAXED) == 0;
}

/* Tells the node agent that the slice launches: it counts as a neighbour, or holds others, for that. */
static inline void pacer_mark(struct tranche_region_card *region, uint64_t now) {
    enum { GRAIN = 5000000 };
    /* The difference wraps where the word is ahead of now: garbage. */
    if (now - __atomic_load_n(&region->active_at, __ATOMIC_RELAXED) < GRAIN) return;
    __atomic_store_n(&region->active_at, now, __ATOMIC_RELAXED);
}

/* Takes `ns` of what the thread has: false if it has not so much, or must look at a hold. */
static inline bool pacer_has(const struct tranche_limits_card *limits, struct pacer_balance *balance,
                             uint64_t ns) {
    if (__atomic_load_n(&limits->held_until, __ATOMIC_RELAXED) != balance->hold_over) return false;
    if (balance->ns < 0 || (uint64_t)balance->ns < ns) return false;
    balance->ns -= (int64_t)ns;
    return true;
}

/* Takes `ns` of GPU time for a launch at `now`: returns 0 if it may go, or the time at which to ask
 * again. `waited`: it has asked before. */
uint64_t pacer_take(const struct pacer *pacer, struct pacer_balance *balance, uint64_t ns,
                    uint64_t now, bool waited);

/* What was charged too little, or (below 0) too much. */
void pacer_correct(const struct pacer *pacer, int64_t ns, uint64_t now);

#endif
