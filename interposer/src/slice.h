/* This process's part in the slice: its mappings of limits and region, its slot, what it holds.
 *
 * Nothing is done before the first call that needs it, and all of it anew in the child of a fork. */
#ifndef TRANCHE_SLICE_H
#define TRANCHE_SLICE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/account.h"
#include "core/ledger.h"
#include "core/table.h"

enum { SLICE_NO_CARD = -1, SLICE_CARD_UNKNOWN = -2, SLICE_ORDINALS = 64 };

/* What the driver has for the graphs of a card. */
struct graph_memory {
    struct account account;
    uint64_t generation; /* grows when it gives some of it back; 0 is no graph's */
    int device;          /* the driver's ordinal of the card */
};

struct slice {
    struct ledger ledger;
    struct table pointers; /* device addresses */
    struct table handles;  /* of physical memory: cuMemCreate */
    struct table pools;    /* memory pools: struct pool by the driver's handle */
    struct pool_block *pool_blocks; /* the same in a list; NULL: no pool was ever used */
    uint32_t adopting;              /* 1: a thread is adopting a pool that the program did not make */
    struct table execs;             /* executable graphs that need memory: struct graph_exec */
    uint32_t memory_graphs;         /* 1: there was such a one */
    struct graph_memory graphs[TRANCHE_MAX_CARDS];
    uint32_t captures;              /* streams that capture, at least as many as do */
    int cards[SLICE_ORDINALS]; /* CUdevice -> place in the limits, as slice_card() has found it */
};

/* NULL when there are no limits to go by; the reason has been said on stderr. */
struct slice *slice_get(void);

/* The same, but NULL where this process has not reserved anything yet. */
struct slice *slice_attached(void);

/* The card's place in the limits, or SLICE_NO_CARD. */
int slice_card_by_uuid(const struct slice *slice, const uint8_t uuid[16]);

#endif
