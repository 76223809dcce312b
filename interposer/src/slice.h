/* This process's part in the slice: its mappings of limits and region, its slot, what it holds.
 *
 * Nothing is done before the first call that needs it, and all of it anew in the child of a fork. */
#ifndef TRANCHE_SLICE_H
#define TRANCHE_SLICE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/ledger.h"
#include "core/records.h"
#include "core/table.h"

enum { SLICE_NO_CARD = -1, SLICE_CARD_UNKNOWN = -2, SLICE_ORDINALS = 64 };

struct slice {
    struct ledger ledger;
    struct table pointers; /* device addresses */
    struct records records; /* the values of the next five: */
    struct table handles;   /* of physical memory: cuMemCreate */
    struct table mappings;  /* of such memory, by address */
    struct table bindings;  /* of such memory, to multicast objects and sparse arrays */
    struct table arrays;
    struct table contexts;  /* but for the primary ones */
    uint64_t arrays_born;
    uint32_t endings_begun, endings_done; /* calls that may end a context */
    uint32_t endings_left;                /* whether what went with one is to be looked for */
    uint64_t primaries[SLICE_ORDINALS]; /* charged for the card's primary context; by CUdevice */
    struct table pools;    /* where a memory pool's memory lies */
    int cards[SLICE_ORDINALS]; /* CUdevice -> place in the limits, as slice_card() has found it */
};

/* NULL when there are no limits to go by; the reason has been said on stderr. */
struct slice *slice_get(void);

/* The same, but NULL where this process has not reserved anything yet. */
struct slice *slice_attached(void);

/* Whether the limits say of any card what a context takes. Attaches nothing, and says nothing. */
bool slice_tells_of_contexts(void);

/* The card's place in the limits, or SLICE_NO_CARD. */
int slice_card_by_uuid(const struct slice *slice, const uint8_t uuid[16]);

#endif
