#include "prices.h"

#include "pacer.h"

#define LOAD(word) __atomic_load_n(&(word), __ATOMIC_RELAXED)
#define STORE(word, value) __atomic_store_n(&(word), (value), __ATOMIC_RELAXED)

enum {
    PROBES = 8,
    LOT = 128,         /* samples after which the shortest is sought anew */
    RESOLUTION = 1000, /* ns */
    FAR = 4,
    WHOLE = 256,
    TURN = 2000000, /* ns */
    EVERY = PACER_SAMPLE_EVERY,
};

static void make_new(struct price *price) {
    STORE(price->price, PRICE_UNKNOWN);
    STORE(price->ceiling, 0);
    STORE(price->floor[0], 0);
    STORE(price->floor[1], 0);
    STORE(price->lot, 0);
    STORE(price->launched, 0);
    STORE(price->charged, 0);
}

struct price *prices_find(struct prices *prices, uint64_t key) {
    uint64_t home = (uint64_t)(prices_home(prices, key) - prices->all);
    for (unsigned i = 0; i < PROBES; i++) {
        struct price *price = &prices->all[(home + i) % PRICES];
        uint64_t other = LOAD(price->key);
        if (other == key) return price;
        if (other) continue;
        /* The price first: a thread that finds the key must not find a price of 0. */
        STORE(price->price, PRICE_UNKNOWN);
        if (__atomic_compare_exchange_n(&price->key, &other, key, false, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED) ||
            other == key) {
            return price;
        }
    }
    struct price *price = prices_home(prices, key);
    make_new(price);
    __atomic_store_n(&price->key, key, __ATOMIC_RELEASE);
    return price;
}

static uint32_t shortest(struct price *price, uint32_t sample) {
    uint32_t now = LOAD(price->floor[0]), before = LOAD(price->floor[1]);
    if (now == 0 || sample < now) STORE(price->floor[0], now = sample);
    uint32_t least = before && before < now ? before : now;
    uint32_t lot = LOAD(price->lot) + 1;
    if (lot >= LOT) {
        STORE(price->floor[1], now);
        STORE(price->floor[0], 0);
        lot = 0;
    }
    STORE(price->lot, lot);
    return least;
}

uint64_t price_unknown(struct price *price, uint64_t now, unsigned first) {
    uint32_t launched = __atomic_fetch_add(&price->launched, 1, __ATOMIC_RELAXED);
    if (launched == 0) STORE(price->first_at, now);
    uint64_t since = launched ? now - LOAD(price->first_at) : 0;
    if (launched >= first && since < PRICE_PATIENCE) {
        __atomic_fetch_sub(&price->launched, 1, __ATOMIC_RELAXED);
        return 0;
    }
    uint64_t charge = launched < first ? PRICE_DEFAULT : PRICE_PATIENCE;
    __atomic_fetch_add(&price->charged, charge, __ATOMIC_RELAXED);
    return charge;
}

void price_refund(struct price *price, uint64_t charged) {
    __atomic_fetch_sub(&price->launched, 1, __ATOMIC_RELAXED);
    __atomic_fetch_sub(&price->charged, charged, __ATOMIC_RELAXED);
}

static int64_t learn_first(struct price *price, uint32_t ns) {
    STORE(price->price, ns);
    int64_t launched = (int32_t)__atomic_exchange_n(&price->launched, 0, __ATOMIC_RELAXED);
    int64_t charged = (int64_t)__atomic_exchange_n(&price->charged, 0, __ATOMIC_RELAXED);
    return (int64_t)ns * launched - charged;
}

static uint32_t mean_with(struct price *price, uint32_t sample, bool first) {
    int64_t mean = first ? sample : LOAD(price->mean);
    mean += ((int64_t)sample - mean) / 8;
    STORE(price->mean, (uint32_t)mean);
    return (uint32_t)mean;
}

static void remember_longest(struct price *price, uint32_t sample) {
    uint32_t ceiling = LOAD(price->ceiling);
    ceiling -= ceiling / 64;
    STORE(price->ceiling, sample > ceiling ? sample : ceiling);
}

/* The longest that a sample may be and be believed. A kernel's own time differs by some percent from
 * launch to launch; the events' clock has steps of half a microsecond (cuEventElapsedTime). */
static uint32_t believable(const struct price *price, uint32_t least) {
    uint32_t near = least + least / 8 + RESOLUTION, ceiling = LOAD(price->ceiling);
    return near > ceiling ? near : ceiling;
}

unsigned price_part(unsigned percent, bool siblings, unsigned neighbours) {
    if (neighbours == 0) return siblings ? WHOLE - 1 : WHOLE;
    unsigned share = (percent < 100 ? percent : 100) * WHOLE / 100;
    unsigned turn = neighbours < WHOLE ? WHOLE / (1 + neighbours) : 0;
    return share > turn ? share : turn;
}

int64_t price_learn(struct price *price, uint64_t measured, uint64_t charged, unsigned part) {
    uint32_t sample = measured < PRICE_UNKNOWN - 1 ? (uint32_t)measured : PRICE_UNKNOWN - 1;
    if (sample == 0) sample = 1; /* or it would never be sampled again */
    uint32_t known = LOAD(price->price), least = shortest(price, sample), most = UINT32_MAX;
    uint64_t own = (uint64_t)mean_with(price, sample, known == PRICE_UNKNOWN) * part / WHOLE;
    bool cut = part < WHOLE && least >= TURN;
    if (part == WHOLE) remember_longest(price, sample);
    if (cut && own > least) own = least;
    if (known == PRICE_UNKNOWN) return learn_first(price, cut ? (uint32_t)own : sample);
    if (cut) {
        STORE(price->price, (uint32_t)own);
        return charged ? (int64_t)own - (int64_t)charged : 0;
    }
    if (part < WHOLE) most = believable(price, least);
    if (sample > most) return 0;
    int64_t error = (int64_t)sample - (int64_t)charged;
    /* One of far more than is known stands for itself: a kernel that waited for something, maybe. */
    bool odd = sample / FAR > known + RESOLUTION;
    uint32_t towards = odd ? known * FAR : sample;
    /* What was learnt was too long. */
    if (known > most) STORE(price->price, sample);
    else STORE(price->price, known + (uint32_t)(((int64_t)towards - (int64_t)known) / 8));
    if (charged == 0) return 0;
    if (odd) return error;
    return charged < EVERY ? error * (EVERY / (int64_t)charged) : error;
}
