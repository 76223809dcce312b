#include "pacer.h"

#define LOAD(word) __atomic_load_n(&(word), __ATOMIC_RELAXED)
#define STORE(word, value) __atomic_store_n(&(word), (value), __ATOMIC_RELAXED)
#define ADD(word, value) __atomic_fetch_add(&(word), (value), __ATOMIC_RELAXED)

static uint64_t share(const struct tranche_limits_card *limits) {
    return LOAD(limits->cores_percent);
}

/* Of GPU time at a share, in the bucket's time. No wrap: no more than the debt is ever asked for. */
static uint64_t stretched(uint64_t ns, uint64_t percent) {
    return (ns < PACER_DEBT ? ns : PACER_DEBT) * 100 / percent;
}

/* What launches are charged that are priced at so much. */
static uint64_t charged(const struct tranche_limits_card *limits, uint64_t ns) {
    uint64_t surcharge = LOAD(limits->surcharge);
    if (surcharge == 0 || LOAD(limits->neighbours) == 0) return ns;
    if (surcharge > TRANCHE_SURCHARGE_MOST) surcharge = TRANCHE_SURCHARGE_MOST;
    return ns + (ns < PACER_DEBT ? ns : PACER_DEBT) * surcharge / TRANCHE_SURCHARGE_WHOLE;
}

static void count(struct tranche_region_card *region, uint64_t priced, uint64_t charge) {
    ADD(region->priced_ns, priced);
    ADD(region->gpu_ns, charge);
}

static uint64_t earlier(uint64_t time, uint64_t by) {
    return time > by ? time - by : 0;
}

static bool swap(uint64_t *word, uint64_t *from, uint64_t to) {
    return __atomic_compare_exchange_n(word, from, to, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

/* The word as it may be: never too far ahead, whatever a program has written there. */
static uint64_t sane(uint64_t until, uint64_t now) {
    return until < now + PACER_DEBT ? until : now + PACER_DEBT;
}

/* Who runs free has all of the card and saves up no share: it is to yield at once. */
static void save_nothing(struct tranche_region_card *region, uint64_t now) {
    uint64_t until = LOAD(region->paced_until);
    if (until < now) swap(&region->paced_until, &until, now);
}

/* A hold ends when it says, and in any case PACER_LEASE after it was first met. */
static uint64_t held(const struct pacer *pacer, struct pacer_balance *balance, uint64_t now) {
    uint64_t until = LOAD(pacer->limits->held_until);
    if (until <= now) {
        balance->hold_over = until;
        return 0;
    }
    if (balance->hold != until) {
        balance->hold = until;
        balance->hold_seen = now;
    }
    uint64_t most = balance->hold_seen + PACER_LEASE;
    if (most < until) until = most;
    if (until > now) return until;
    balance->hold_over = balance->hold;
    return 0;
}

/* Which launch is measured must not keep step with a program's own loop: after half to one and a half
 * of the time between. */
static void choose_sample(struct pacer_balance *balance, uint64_t taken) {
    balance->to_sample -= (int64_t)taken;
    balance->sample = balance->to_sample <= 0;
    if (!balance->sample) return;
    balance->chance = balance->chance * 1664525u + 1013904223u;
    uint64_t random = balance->chance >> 8;
    balance->to_sample = (int64_t)(PACER_SAMPLE_EVERY / 2 + (random * PACER_SAMPLE_EVERY >> 24));
}

uint64_t pacer_take(const struct pacer *pacer, struct pacer_balance *balance, uint64_t ns,
                    uint64_t now, bool waited) {
    uint64_t hold = held(pacer, balance, now);
    if (hold) return hold;
    balance->sample = false;
    if (ns > PACER_DEBT) ns = PACER_DEBT;
    int64_t lack = (int64_t)ns - balance->ns;
    uint64_t batch = waited ? PACER_BATCH_WAITED : PACER_BATCH;
    uint64_t take = lack > (int64_t)batch ? (uint64_t)lack : batch;
    uint64_t charge = charged(pacer->limits, take);
    if (lack > 0 && pacer_is_free(pacer->limits)) {
        save_nothing(pacer->region, now);
    } else if (lack > 0) {
        uint64_t percent = share(pacer->limits);
        if (percent == 0) percent = 100; /* changed since the question before */
        uint64_t until = LOAD(pacer->region->paced_until), next;
        do {
            uint64_t start = sane(until, now);
            if (start > now) {
                if (start != until) swap(&pacer->region->paced_until, &until, start);
                return start;
            }
            uint64_t saved = earlier(now, stretched(PACER_BURST, percent));
            next = sane((start > saved ? start : saved) + stretched(charge, percent), now);
        } while (!swap(&pacer->region->paced_until, &until, next));
    }
    if (lack > 0) {
        count(pacer->region, take, charge);
        balance->ns += (int64_t)take;
        choose_sample(balance, take);
    }
    balance->ns -= (int64_t)ns;
    pacer_mark(pacer->region, now);
    return 0;
}

void pacer_correct(const struct pacer *pacer, int64_t ns, uint64_t now) {
    uint64_t charge = charged(pacer->limits, ns > 0 ? (uint64_t)ns : 0 - (uint64_t)ns);
    count(pacer->region, (uint64_t)ns, ns > 0 ? charge : 0 - charge);
    uint64_t percent = share(pacer->limits);
    if (ns == 0 || percent == 0 || pacer_is_free(pacer->limits)) return;
    uint64_t move = stretched(charge, percent);
    uint64_t until = LOAD(pacer->region->paced_until), next;
    do {
        uint64_t start = sane(until, now);
        uint64_t saved = earlier(now, stretched(PACER_BURST, percent));
        if (start < saved) start = saved;
        next = ns > 0 ? sane(start + move, now) : earlier(start, move);
    } while (!swap(&pacer->region->paced_until, &until, next));
}
