/* Around every launch: waits for the slice's share of the card before it, and measures some. */
#ifndef TRANCHE_HOOKS_PACE_H
#define TRANCHE_HOOKS_PACE_H

#include "../clock.h"
#include "../core/pacer.h"
#include "../core/prices.h"
#include "../resolve/driver.h"
#include "../slice.h"

/* What pace_before() leaves for pace_after(). */
struct launch {
    struct slice *slice;
    CUstream stream;
    bool own; /* stream 0 is the thread's own: _ptsz */
    unsigned card;
    uint64_t charged;
    bool priced, counted; /* charged by its price; or by price_unknown() */
    struct price *price;
    struct sample *sample;
};

/* What this thread has taken of a card's bucket beforehand; of one card at a time. */
struct pace_thread {
    unsigned card; /* its place, and 1 more where the slice has several */
    struct pacer_balance balance;
};
extern __thread __attribute__((tls_model("initial-exec"))) struct pace_thread pace_thread;

#define PACE_LOAD(word) __atomic_load_n(&(word), __ATOMIC_RELAXED)

static inline bool pace_is_held(const struct tranche_limits_card *limits) {
    return pacer_prices(limits) || PACE_LOAD(limits->held_until) != pace_thread.balance.hold_over;
}

/* Of a launch that is not paced. */
static inline void pace_mark(const struct slice *slice, unsigned card) {
    pacer_mark(&slice->ledger.region->cards[card], clock_late());
}

/* The slice, if launches on some card of it have a price or are held. */
struct slice *pace_needed(const struct cuda *cuda);

/* The slice, if it is known without a question and has one card. */
static inline const struct slice *slice_of_one_card(void) {
    const struct slice_page *page = __atomic_load_n(&slice_page, __ATOMIC_ACQUIRE);
    if (!page || page->pid) return NULL;
    const struct slice *slice = __atomic_load_n(&page->slice, __ATOMIC_ACQUIRE);
    return slice && slice->ledger.limits->card_count == 1 ? slice : NULL;
}

/* `key`: price_key() of what is launched. If it may go at once and need not be measured, what it is
 * charged for that; 0: pace_before() must be asked. The usual way, so a short one. */
static inline uint64_t pace_quickly(const struct slice *slice, uint64_t key) {
    const struct tranche_limits *limits = slice->ledger.limits;
    struct prices *prices = __atomic_load_n(&slice->prices, __ATOMIC_ACQUIRE);
    if (!prices || pace_thread.card != 0 || PACE_LOAD(slice->captures)) return 0;
    const struct price *price = prices_home(prices, key);
    if (PACE_LOAD(price->key) != key) return 0;
    uint32_t ns = PACE_LOAD(price->price);
    return ns != PRICE_UNKNOWN && pacer_has(&limits->cards[0], &pace_thread.balance, ns) ? ns : 0;
}

/* What was charged so, of a launch that has failed. */
CUresult pace_failed(uint64_t charged, CUresult result);

/* Waits as long as it must. */
void pace_before(const struct cuda *cuda, struct slice *slice, uint64_t key, CUstream stream, bool own,
                 struct launch *launch);

/* With the driver's answer, which it returns. */
CUresult pace_after(const struct cuda *cuda, struct launch *launch, CUresult result);

#endif
