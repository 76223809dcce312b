/* This process's part in the slice: its mappings of limits and region, its slot, what it holds.
 *
 * Nothing is done before the first call that needs it, and all of it anew in the child of a fork. */
#ifndef TRANCHE_SLICE_H
#define TRANCHE_SLICE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/account.h"
#include "core/backlog.h"
#include "core/ledger.h"
#include "core/prices.h"
#include "core/records.h"
#include "core/table.h"
#include "driver_types.h"
#include "sys.h"

enum { SLICE_NO_CARD = -1, SLICE_CARD_UNKNOWN = -2, SLICE_ORDINALS = 64, SLICE_SAMPLES = 32 };

/* A launch that is measured, or room for one: hooks/samples.h. */
struct sample {
    uint32_t state;
    unsigned card;
    uint64_t context; /* whose events these are; 0: none */
    CUevent before, after;
    struct price *price;
    uint64_t key, charged; /* key: what the price was then of */
    uint64_t place;        /* in the backlog of its card */
};

/* What the driver has for the graphs of a card. */
struct graph_memory {
    struct account account;
    uint64_t generation; /* grows when it gives some of it back; 0 is no graph's */
    int device;          /* the driver's ordinal of the card */
};

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
    uint64_t context_limits[SLICE_ORDINALS]; /* so much of that for limits that the program has set */
    struct table pools;             /* memory pools: struct pool by the driver's handle */
    struct pool_block *pool_blocks; /* the same in a list; NULL: no pool was ever used */
    uint32_t adopting;              /* 1: a thread is adopting a pool that the program did not make */
    struct table execs;             /* executable graphs that need memory: struct graph_exec */
    uint32_t memory_graphs;         /* 1: there was such a one */
    struct graph_memory graphs[TRANCHE_MAX_CARDS];
    int cards[SLICE_ORDINALS]; /* CUdevice -> place in the limits, as slice_card() has found it */
    struct prices *prices;     /* of what was launched; NULL until something was */
    struct sample samples[SLICE_SAMPLES];
    struct backlog backlogs[TRANCHE_MAX_CARDS];
    uint32_t samples_next;
    uint32_t captures; /* streams of this process that capture, at least as many as do */
};

/* NULL when there are no limits to go by; the reason has been said on stderr. */
struct slice *slice_get(void);

/* A slice belongs to one process, so what points to it lies in a page that the kernel clears in the
 * child of a fork (Linux 4.14). Where it cannot, the process's id is compared at every use. */
struct slice_page {
    struct slice *slice;
    int pid; /* 0: the kernel clears the page */
};
extern struct slice_page *slice_page;

/* The same, but NULL where this process has not reserved anything yet. */
static inline struct slice *slice_attached(void) {
    const struct slice_page *own = __atomic_load_n(&slice_page, __ATOMIC_ACQUIRE);
    if (!own || (own->pid && own->pid != sys_getpid())) return NULL;
    return __atomic_load_n(&own->slice, __ATOMIC_ACQUIRE);
}

/* Made if need be; NULL if there is no memory. */
struct prices *slice_prices(struct slice *slice);

/* Whether the limits say of any card what a context takes. Attaches nothing, and says nothing. */
bool slice_tells_of_contexts(void);

/* The card's place in the limits, or SLICE_NO_CARD. */
int slice_card_by_uuid(const struct slice *slice, const uint8_t uuid[16]);

#endif
