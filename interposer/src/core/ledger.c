#include "ledger.h"

#define LOAD(word) __atomic_load_n(&(word), __ATOMIC_SEQ_CST)
#define STORE(word, value) __atomic_store_n(&(word), (value), __ATOMIC_SEQ_CST)
#define ADD(word, value) __atomic_fetch_add(&(word), (value), __ATOMIC_SEQ_CST)
#define SUBTRACT(word, value) __atomic_fetch_sub(&(word), (value), __ATOMIC_SEQ_CST)

/* A refusal is put off so often, at least, and at most while others are trying. They need some 50 ns
 * for that, unless they were killed there or lost their processor. */
enum { LEAST_WAITS = 2, MOST_WAITS = 40 };

static bool swap(uint64_t *word, uint64_t from, uint64_t to) {
    return __atomic_compare_exchange_n(word, &from, to, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static unsigned high(const struct tranche_region *region) {
    unsigned n = LOAD(region->slots_high);
    return n <= TRANCHE_MAX_SLOTS ? n : TRANCHE_MAX_SLOTS;
}

static void raise_high(struct tranche_region *region, unsigned to) {
    uint32_t now = LOAD(region->slots_high);
    while (now < to && !__atomic_compare_exchange_n(&region->slots_high, &now, to, false,
                                                    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
    }
}

/* With `own` in this process's slot. Never wraps: garbage in a word may only make the sum too large. */
static uint64_t sum(const struct ledger *ledger, unsigned card, uint64_t own) {
    const struct tranche_region *region = ledger->region;
    uint64_t total = LOAD(ledger->limits->cards[card].unaccounted_bytes);
    if (__builtin_add_overflow(total, own, &total)) return UINT64_MAX;
    for (unsigned slot = 0, n = high(region); slot < n; slot++) {
        uint64_t used = slot == ledger->slot ? 0 : LOAD(region->used[card][slot]);
        if (__builtin_add_overflow(total, used, &total)) return UINT64_MAX;
    }
    return total;
}

static bool someone_is_trying(const struct tranche_region *region) {
    for (unsigned slot = 0, n = high(region); slot < n; slot++) {
        if (LOAD(region->slots[slot].trying)) return true;
    }
    return false;
}

static bool owner_is_dead(const struct ledger *ledger, const struct tranche_region_slot *slot,
                          uint64_t owner) {
    if (LOAD(slot->obituary) == owner) return true;
    struct process other = {.owner = owner, .pid_namespace = LOAD(slot->pid_namespace)};
    /* The mark is the former owner's, not that of whoever died while reclaiming. */
    if (!(owner & TRANCHE_OWNER_RECLAIMING)) other.exec_mark = LOAD(slot->exec_mark);
    return ledger->effects->is_dead(&ledger->self, &other);
}

/* Whether the slot's memory becomes free, be it by us or by one that was faster. */
static bool reclaim_slot(const struct ledger *ledger, unsigned index) {
    struct tranche_region *region = ledger->region;
    struct tranche_region_slot *slot = &region->slots[index];
    uint64_t owner = LOAD(slot->owner);
    if (owner == 0) return false;
    if (!owner_is_dead(ledger, slot, owner)) return owner & TRANCHE_OWNER_RECLAIMING;
    if (!swap(&slot->owner, owner, ledger->self.owner | TRANCHE_OWNER_RECLAIMING)) return true;
    STORE(slot->pid_namespace, ledger->self.pid_namespace);
    for (unsigned card = 0; card < TRANCHE_MAX_CARDS; card++) STORE(region->used[card][index], 0);
    STORE(slot->trying, 0);
    STORE(slot->obituary, 0);
    STORE(slot->exec_mark, 0);
    STORE(slot->pid_namespace, 0);
    STORE(slot->owner, 0);
    return true;
}

bool ledger_reclaim(const struct ledger *ledger) {
    bool any = false;
    for (unsigned slot = 0, n = high(ledger->region); slot < n; slot++) {
        if (slot != ledger->slot) any |= reclaim_slot(ledger, slot);
    }
    return any;
}

static bool claim_free(struct ledger *ledger, unsigned from, unsigned to) {
    struct tranche_region *region = ledger->region;
    for (unsigned index = from; index < to; index++) {
        struct tranche_region_slot *slot = &region->slots[index];
        if (LOAD(slot->owner) != 0) continue;
        raise_high(region, index + 1);
        if (!swap(&slot->owner, 0, ledger->self.owner)) continue;
        STORE(slot->pid_namespace, ledger->self.pid_namespace);
        STORE(slot->exec_mark, ledger->self.exec_mark);
        ledger->slot = index;
        return true;
    }
    return false;
}

/* Makes the owner's word another one than that of every claim of late. */
static uint64_t claim_number(struct tranche_region *region) {
    uint64_t number = ADD(region->claims, 1) & ((1u << TRANCHE_OWNER_CLAIM_BITS) - 1);
    return number << (TRANCHE_OWNER_PID_BITS + TRANCHE_OWNER_START_BITS);
}

bool ledger_claim(struct ledger *ledger) {
    /* The dead first: the more slots were ever owned, the longer every sum. */
    ledger->slot = TRANCHE_MAX_SLOTS;
    ledger->self.owner |= claim_number(ledger->region);
    unsigned known = high(ledger->region);
    if (claim_free(ledger, 0, known)) return true;
    if (ledger_reclaim(ledger) && claim_free(ledger, 0, known)) return true;
    return claim_free(ledger, known, TRANCHE_MAX_SLOTS);
}

void ledger_unclaim(struct ledger *ledger) {
    struct tranche_region_slot *slot = &ledger->region->slots[ledger->slot];
    STORE(slot->exec_mark, 0);
    STORE(slot->pid_namespace, 0);
    STORE(slot->owner, 0);
}

static bool try_to_reserve(const struct ledger *ledger, unsigned card, uint64_t bytes) {
    uint64_t *used = &ledger->region->used[card][ledger->slot];
    /* What the addition left there, not what another thread has made of it since: that line of the
     * cache is the one that threads fight for. */
    uint64_t own = ADD(*used, bytes) + bytes;
    if (own >= bytes && sum(ledger, card, own) <= ledger_limit(ledger, card)) return true;
    SUBTRACT(*used, bytes);
    return false;
}

/* The same where room is short, visible for the others. */
static bool try_openly(const struct ledger *ledger, unsigned card, uint64_t bytes) {
    uint32_t *trying = &ledger->region->slots[ledger->slot].trying;
    ADD(*trying, 1);
    bool granted = try_to_reserve(ledger, card, bytes);
    SUBTRACT(*trying, 1);
    return granted;
}

static bool try_for_a_while(const struct ledger *ledger, unsigned card, uint64_t bytes) {
    for (unsigned attempt = 0; !try_openly(ledger, card, bytes); attempt++) {
        if (attempt >= MOST_WAITS) return false;
        if (attempt >= LEAST_WAITS && !someone_is_trying(ledger->region)) return false;
        ledger->effects->wait(attempt);
    }
    return true;
}

enum ledger_answer ledger_reserve(const struct ledger *ledger, unsigned card, uint64_t bytes) {
    struct tranche_region *region = ledger->region;
    if (LOAD(region->slots[ledger->slot].owner) != ledger->self.owner) return LEDGER_SLOT_LOST;
    /* Larger than any sum could bear: refused before it is added, so that no sum can wrap. */
    if (bytes <= ledger_limit(ledger, card)) {
        if (try_to_reserve(ledger, card, bytes)) return LEDGER_GRANTED;
        if (bytes == 0) return LEDGER_GRANTED; /* whatever the limit has been shrunk to */
        if (try_for_a_while(ledger, card, bytes)) return LEDGER_GRANTED;
        if (ledger_reclaim(ledger) && try_for_a_while(ledger, card, bytes)) return LEDGER_GRANTED;
    }
    ADD(region->cards[card].refused, 1);
    return LEDGER_FULL;
}

void ledger_charge(const struct ledger *ledger, unsigned card, uint64_t bytes) {
    ADD(ledger->region->used[card][ledger->slot], bytes);
}

void ledger_release(const struct ledger *ledger, unsigned card, uint64_t bytes) {
    SUBTRACT(ledger->region->used[card][ledger->slot], bytes);
}

uint64_t ledger_used(const struct ledger *ledger, unsigned card) {
    uint64_t own = LOAD(ledger->region->used[card][ledger->slot]);
    uint64_t total = sum(ledger, card, own);
    if (total == own || !ledger_reclaim(ledger)) return total;
    return sum(ledger, card, own);
}

uint64_t ledger_limit(const struct ledger *ledger, unsigned card) {
    return LOAD(ledger->limits->cards[card].memory_bytes);
}

uint64_t ledger_context_bytes(const struct ledger *ledger, unsigned card) {
    return LOAD(ledger->limits->cards[card].context_bytes);
}
