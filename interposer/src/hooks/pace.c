#include "pace.h"

#include "../clock.h"
#include "../core/pacer.h"
#include "capture.h"
#include "grant.h"
#include "samples.h"

enum { LOOK_AGAIN = 200000 /* ns until an unknown price is looked for again */ };

__thread __attribute__((tls_model("initial-exec"))) struct pace_thread pace_thread;

CUresult pace_failed(uint64_t charged, CUresult result) {
    pace_thread.balance.ns += (int64_t)charged;
    return result;
}

/* Where there is one card there is no question. */
static int card_here(struct slice *slice, const struct cuda *cuda) {
    if (slice->ledger.limits->card_count == 1) return 0;
    CUdevice device;
    if (grant_current_device(cuda, &device) != CUDA_SUCCESS) return SLICE_NO_CARD;
    return grant_card(slice, cuda, device);
}

struct slice *pace_needed(const struct cuda *cuda) {
    struct slice *slice = slice_get();
    if (!slice) return NULL;
    const struct tranche_limits *limits = slice->ledger.limits;
    for (unsigned card = 0; card < limits->card_count && card < TRANCHE_MAX_CARDS; card++) {
        if (pace_is_held(&limits->cards[card])) return slice;
    }
    int card = card_here(slice, cuda);
    if (card >= 0) pace_mark(slice, (unsigned)card);
    return NULL;
}

static struct pacer pacer_of(const struct slice *slice, unsigned card) {
    return (struct pacer){&slice->ledger.region->cards[card], &slice->ledger.limits->cards[card]};
}

static struct pacer_balance *balance_of(const struct slice *slice, unsigned card) {
    bool several = slice->ledger.limits->card_count > 1;
    if (pace_thread.card != card + several) {
        if (pace_thread.balance.ns) {
            struct pacer before = pacer_of(slice, pace_thread.card - several);
            pacer_correct(&before, -pace_thread.balance.ns, clock_now());
        }
        pace_thread.balance = (struct pacer_balance){.chance = pace_thread.balance.chance};
        pace_thread.card = card + several;
    }
    return &pace_thread.balance;
}

static void wait_until(const struct slice *slice, uint32_t generation, uint64_t now, uint64_t until) {
    uint64_t ns = until - now;
    clock_wait(slice->ledger.limits, generation, ns < PACER_PIECE ? ns : PACER_PIECE);
}

/* The way of a launch that must wait, be measured, or take from the bucket. */
static __attribute__((noinline)) void take(const struct cuda *cuda, struct launch *launch,
                                           const struct pacer *pacer, struct pacer_balance *balance) {
    struct slice *slice = launch->slice;
    struct backlog *backlog = &slice->backlogs[launch->card];
    int64_t had = balance->ns;
    bool waited = false;
    for (;;) {
        uint32_t generation = clock_generation(slice->ledger.limits);
        uint64_t now = clock_now(), wake = now + LOOK_AGAIN;
        bool runs_free = pacer_is_free(pacer->limits);
        unsigned first = runs_free ? PRICE_FIRST_FREE : PRICE_FIRST;
        if (launch->price) samples_look(cuda, slice, now);
        if (launch->price && !launch->charged) {
            uint32_t price = PACE_LOAD(launch->price->price);
            launch->priced = price != PRICE_UNKNOWN;
            if (launch->priced) launch->charged = price;
            else if (capture_anywhere(slice)) launch->charged = PRICE_DEFAULT;
            else launch->counted = (launch->charged = price_unknown(launch->price, now, first)) > 0;
        }
        if (launch->price && runs_free && backlog_is_deep(backlog, now)) {
            wake = now + BACKLOG_AGAIN;
        } else if (launch->charged || !launch->price) {
            wake = pacer_take(pacer, balance, launch->charged, now, waited);
        }
        if (!wake) break;
        waited = true;
        wait_until(slice, generation, now, wake);
    }
    if (!launch->price) return;
    backlog_grows(backlog, (uint64_t)(balance->ns + (int64_t)launch->charged - had), launch->charged);
    if (launch->priced && !balance->sample) return;
    launch->sample = samples_begin(cuda, slice, launch->stream, launch->own);
    if (launch->sample) launch->sample->place = backlog_sampled(backlog);
    if (launch->counted && !launch->sample) {
        price_refund(launch->price, launch->charged);
        launch->counted = false;
    }
}

void pace_before(const struct cuda *cuda, struct slice *slice, uint64_t key, CUstream stream, bool stream_own,
                 struct launch *launch) {
    *launch = (struct launch){.slice = slice, .stream = stream, .own = stream_own};
    if (capture_possible(cuda, slice, launch->stream, launch->own)) return;
    int card = card_here(slice, cuda);
    if (card < 0) return;
    struct pacer pacer = pacer_of(slice, (unsigned)card);
    launch->card = (unsigned)card;
    if (!pacer_prices(pacer.limits)) {
        if (PACE_LOAD(pacer.limits->held_until) != pace_thread.balance.hold_over) {
            take(cuda, launch, &pacer, balance_of(slice, (unsigned)card));
        }
        pace_mark(slice, (unsigned)card);
        return;
    }
    struct prices *prices = slice_prices(slice);
    if (!prices) return;
    struct pacer_balance *balance = balance_of(slice, (unsigned)card);
    launch->price = prices_find(prices, key);
    uint32_t price = PACE_LOAD(launch->price->price);
    if (price != PRICE_UNKNOWN && pacer_has(pacer.limits, balance, price)) {
        launch->charged = price;
        launch->priced = true;
        return;
    }
    take(cuda, launch, &pacer, balance);
}

CUresult pace_after(const struct cuda *cuda, struct launch *launch, CUresult result) {
    if (__builtin_expect(result != CUDA_SUCCESS, 0)) {
        if (launch->sample) {
            backlog_ended(&launch->slice->backlogs[launch->card], launch->sample->place);
            samples_drop(launch->sample);
        }
        if (launch->counted) price_refund(launch->price, launch->charged);
        pace_thread.balance.ns += (int64_t)launch->charged;
    } else if (launch->sample) {
        samples_end(cuda, launch->sample, launch->stream, launch->own, launch->card, launch->price,
                    launch->priced ? launch->charged : 0);
    }
    return result;
}
