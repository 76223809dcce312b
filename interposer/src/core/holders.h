/* The slice's processes, as the region has them. */
#ifndef TRANCHE_CORE_HOLDERS_H
#define TRANCHE_CORE_HOLDERS_H

#include "ledger.h"

struct holder {
    unsigned pid;
    uint64_t bytes;
};

/* One after the other, from *slot on: the processes that have memory of the cards at `places` (a bit
 * each). Only those of the caller's own namespace of processes: the others' ids mean nothing here.
 * Whoever wants none of the dead among them reclaims first. */
bool holders_next(const struct ledger *ledger, uint32_t places, unsigned *slot, struct holder *out);

/* Whether such a process takes part in the slice, with memory or without. */
bool holders_have(const struct ledger *ledger, unsigned pid);

#endif
