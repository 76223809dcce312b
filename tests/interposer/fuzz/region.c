/* The ledger in a region whose bytes are anyone's, changed while it works on them.
 *
 * An input is a list of acts of 12 bytes: something is stored in the region or in the limits, now or
 * in the middle of what comes next, or the library is asked for something. It must not crash (the
 * sanitizers watch), must come to an end (its accesses and waits are counted), and may grant only
 * what is within the limit; all of it, as long as nobody else wrote this process's own words.
 *
 * Built with -fsanitize=fuzzer; or with -DALONE, for compilers without, with a driver that makes
 * inputs at random: region SECONDS SEED. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void disturb(void);
#define __atomic_load_n(at, order) (disturb(), __atomic_load_n(at, order))
#define __atomic_store_n(at, value, order) (disturb(), __atomic_store_n(at, value, order))
#define __atomic_fetch_add(at, value, order) (disturb(), __atomic_fetch_add(at, value, order))
#define __atomic_fetch_sub(at, value, order) (disturb(), __atomic_fetch_sub(at, value, order))
#define __atomic_compare_exchange_n(at, expected, value, weak, order, otherwise) \
    (disturb(), __atomic_compare_exchange_n(at, expected, value, weak, order, otherwise))
#include "core/ledger.c"

/* Each slot may be cleared and each sum made a number of times; more is a hang. */
enum { MOST_ACCESSES = 4 << 20, MOST_ASKED = 4 * MOST_WAITS, LATER = 16 };

struct act {
    uint8_t what, card, slot, word;
    uint64_t value;
};

static struct tranche_region region;
static struct tranche_limits limits;
static struct ledger ledger;
static bool claimed, spoilt[TRANCHE_MAX_CARDS];
static uint64_t held[TRANCHE_MAX_CARDS];
static uint64_t most; /* the highest limit while the library was at work */
static unsigned card_asked, accesses, waits;
static struct {
    struct act act;
    unsigned in; /* so many accesses; 0: none */
} later[LATER];

static void check(bool right) {
    if (!right) abort();
}

/* Where an act stores: mostly in words that mean something. */
static uint64_t *target(const struct act *act) {
    unsigned card = act->card % TRANCHE_MAX_CARDS, slot = act->slot % 4u;
    switch (act->word % 8u) {
        case 0: return &region.used[card][slot];
        case 1: return &region.slots[slot].owner;
        case 2: return &region.slots[slot].obituary;
        case 3: return (uint64_t *)&region.slots[slot].trying;
        case 4: return (uint64_t *)&region.slots_high;
        case 5: return &region.slots[slot].exec_mark;
        case 6: return &limits.cards[card].memory_bytes;
        default:
            return (uint64_t *)&region + ((unsigned)act->card << 8 | act->slot) % (sizeof region / 8);
    }
}

static void store(const struct act *act) {
    uint64_t *at = target(act);
    *at = act->value;
    for (unsigned card = 0; claimed && card < TRANCHE_MAX_CARDS; card++) {
        spoilt[card] |= at == &region.used[card][ledger.slot];
    }
    if (limits.cards[card_asked].memory_bytes > most) most = limits.cards[card_asked].memory_bytes;
}

static void disturb(void) {
    check(++accesses < MOST_ACCESSES);
    for (int i = 0; i < LATER; i++) {
        if (later[i].in && --later[i].in == 0) store(&later[i].act);
    }
}

static bool is_dead(const struct process *self, const struct process *other) {
    return other->owner != self->owner && other->owner % 3 != 0;
}

static void wait_a_moment(unsigned attempt) {
    (void)attempt;
    check(++waits < MOST_ASKED);
}

static const struct ledger_effects EFFECTS = {.is_dead = is_dead, .wait = wait_a_moment};

static void claim(void) {
    if (claimed) return;
    ledger = (struct ledger){.region = &region,
                             .limits = &limits,
                             .effects = &EFFECTS,
                             .self = {.owner = 3ull << TRANCHE_OWNER_PID_BITS | 3}};
    claimed = ledger_claim(&ledger);
    if (!claimed) return;
    check(ledger.slot < TRANCHE_MAX_SLOTS);
    /* What a slot was left with is not ours. */
    for (unsigned card = 0; card < TRANCHE_MAX_CARDS; card++) {
        held[card] = 0;
        spoilt[card] = region.used[card][ledger.slot] != 0;
    }
}

static void ask(unsigned card, uint64_t bytes) {
    enum ledger_answer answer = ledger_reserve(&ledger, card, bytes);
    if (answer == LEDGER_GRANTED) {
        check(bytes <= most);
        held[card] += bytes;
        /* Nothing more is granted whatever the limit has been shrunk to. */
        check(bytes == 0 || spoilt[card] || held[card] <= most);
    }
    check(spoilt[card] || region.used[card][ledger.slot] == held[card]);
}

static void do_act(const struct act *act) {
    unsigned card = act->card % TRANCHE_MAX_CARDS;
    accesses = waits = 0;
    card_asked = card;
    most = limits.cards[card].memory_bytes;
    switch (act->what % 8u) {
        case 0:
        case 1: store(act); break;
        case 2:
        case 3:
            later[act->what / 8u % LATER].act = *act;
            later[act->what / 8u % LATER].in = 1 + act->slot / 4u;
            break;
        case 4: claim(); break;
        case 5:
            if (claimed) ask(card, act->value);
            break;
        case 6:
            if (claimed && held[card]) {
                uint64_t bytes = act->value % (held[card] + (held[card] < UINT64_MAX));
                ledger_release(&ledger, card, bytes);
                held[card] -= bytes;
            }
            break;
        default:
            if (claimed) ledger_used(&ledger, card);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The same bytes as a line of /proc/<pid>/stat. */
static void parse(const uint8_t *data, size_t size) {
    char line[1024] = {0};
    memcpy(line, data, size < sizeof line ? size : sizeof line - 1);
    struct process_stat stat;
    process_parse_stat(line, &stat);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    parse(data, size);
    memset(&region, 0, sizeof region);
    memset(later, 0, sizeof later);
    claimed = false;
    for (int card = 0; card < 32; card++) limits.cards[card].memory_bytes = 1000;
    for (; size >= sizeof(struct act); data += sizeof(struct act), size -= sizeof(struct act)) {
        struct act act;
        memcpy(&act, data, sizeof act);
        do_act(&act);
    }
    return 0;
}

#ifdef ALONE
static uint64_t any(void) {
    static uint64_t state = 88172645463325252ull;
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state;
}

/* Few cards and small numbers, or nearly the largest, are what comes near a limit of 1000. */
static struct act random_act(void) {
    uint64_t value = any(), small = any() % 1200;
    if (any() % 8) value = any() % 4 ? small : UINT64_MAX - small;
    return (struct act){.what = (uint8_t)any(),
                        .card = (uint8_t)(any() % 8 ? any() % 2 : any()),
                        .slot = (uint8_t)any(),
                        .word = (uint8_t)any(),
                        .value = value};
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    time_t end = time(NULL) + atoi(argv[1]);
    for (int seed = atoi(argv[2]); seed; seed--) any();
    unsigned long runs = 0;
    for (; runs % 64 || time(NULL) < end; runs++) {
        static struct act acts[64];
        for (int i = 0; i < 64; i++) acts[i] = random_act();
        LLVMFuzzerTestOneInput((const uint8_t *)acts, sizeof acts);
    }
    printf("%lu runs\n", runs);
    return 0;
}
#endif
