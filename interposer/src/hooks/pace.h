/* Around every launch: waits for the slice's share of the card before it, and measures some. */
#ifndef TRANCHE_HOOKS_PACE_H
#define TRANCHE_HOOKS_PACE_H

#include "../core/prices.h"
#include "../resolve/driver.h"
#include "../slice.h"

struct launch {
    struct slice *slice;
    CUstream stream;
    bool own; /* stream 0 is the thread's own: _ptsz */
    /* What pace_before() leaves for pace_after(): */
    unsigned card;
    uint64_t charged;
    bool priced;
    struct price *price;
    struct sample *sample;
};

/* The slice, if some card of it is paced now. */
struct slice *pace_needed(void);

/* `key`: price_key() of what is launched. Waits as long as it must. */
void pace_before(const struct cuda *cuda, struct launch *launch, uint64_t key);

/* With the driver's answer, which it returns. */
CUresult pace_after(const struct cuda *cuda, struct launch *launch, CUresult result);

#endif
