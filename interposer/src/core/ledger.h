/* Reserving and releasing memory of a slice: the protocol of region.h.
 *
 * Nothing here knows a driver. What the outside must tell (who is dead, how to wait) comes in as
 * functions, so that a test can decide it. */
#ifndef TRANCHE_CORE_LEDGER_H
#define TRANCHE_CORE_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "process.h"
#include "tranche/limits.h"
#include "tranche/region.h"

struct ledger_effects {
    bool (*is_dead)(const struct process *self, const struct process *other);
    void (*wait)(unsigned attempt); /* a moment, longer with each attempt */
};

struct ledger {
    struct tranche_region *region;
    const struct tranche_limits *limits;
    const struct ledger_effects *effects;
    struct process self;
    unsigned slot;
};

enum ledger_answer { LEDGER_GRANTED, LEDGER_FULL, LEDGER_SLOT_LOST };

/* Takes a slot for `self`; false if all are owned by the living. */
bool ledger_claim(struct ledger *ledger);

/* Gives a slot up that nothing was ever reserved in. */
void ledger_unclaim(struct ledger *ledger);

/* Adds `bytes` to what this process has of the card, unless the slice would then be over its limit. */
enum ledger_answer ledger_reserve(const struct ledger *ledger, unsigned card, uint64_t bytes);

/* Adds what the driver has taken without asking: true books, whatever the limit. */
void ledger_charge(const struct ledger *ledger, unsigned card, uint64_t bytes);

void ledger_release(const struct ledger *ledger, unsigned card, uint64_t bytes);

/* What the living have of the card, and what they do not count themselves. */
uint64_t ledger_used(const struct ledger *ledger, unsigned card);

uint64_t ledger_limit(const struct ledger *ledger, unsigned card);

/* What a context takes of the card; 0: not known. */
uint64_t ledger_context_bytes(const struct ledger *ledger, unsigned card);

/* Takes over the slots of the dead; whether there was one, or someone else is at it. */
bool ledger_reclaim(const struct ledger *ledger);

#endif
