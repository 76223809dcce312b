#include "holders.h"

#define LOAD(word) __atomic_load_n(&(word), __ATOMIC_SEQ_CST)
#define PID_MASK ((1ull << TRANCHE_OWNER_PID_BITS) - 1)

static unsigned high(const struct tranche_region *region) {
    unsigned n = LOAD(region->slots_high);
    return n <= TRANCHE_MAX_SLOTS ? n : TRANCHE_MAX_SLOTS;
}

/* The id of the process that has the slot; 0 for nobody whom the caller could know. */
static unsigned pid_of(const struct ledger *ledger, unsigned index) {
    const struct tranche_region_slot *slot = &ledger->region->slots[index];
    uint64_t owner = LOAD(slot->owner);
    if (owner & TRANCHE_OWNER_RECLAIMING) return 0;
    if (LOAD(slot->pid_namespace) != ledger->self.pid_namespace) return 0;
    return (unsigned)(owner & PID_MASK);
}

static uint64_t bytes_of(const struct ledger *ledger, uint32_t places, unsigned slot) {
    uint64_t bytes = 0;
    for (unsigned card = 0; card < TRANCHE_MAX_CARDS; card++) {
        if (!(places >> card & 1)) continue;
        uint64_t used = LOAD(ledger->region->used[card][slot]);
        if (__builtin_add_overflow(bytes, used, &bytes)) return UINT64_MAX;
    }
    return bytes;
}

bool holders_next(const struct ledger *ledger, uint32_t places, unsigned *slot, struct holder *out) {
    for (unsigned n = high(ledger->region); *slot < n;) {
        unsigned at = (*slot)++;
        *out = (struct holder){pid_of(ledger, at), bytes_of(ledger, places, at)};
        if (out->pid && out->bytes) return true;
    }
    return false;
}

bool holders_have(const struct ledger *ledger, unsigned pid) {
    for (unsigned slot = 0, n = high(ledger->region); pid && slot < n; slot++) {
        if (pid_of(ledger, slot) == pid) return true;
    }
    return false;
}
