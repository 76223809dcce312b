/* What a multicast object, a logical endpoint or a sparse array is backed by: it holds that memory, as a
 * mapping does. */
#ifndef TRANCHE_HOOKS_BINDINGS_H
#define TRANCHE_HOOKS_BINDINGS_H

#include "holding.h"

struct binding {
    struct slice *slice;
    struct record *memory, *record; /* NULL: of that memory nothing is known */
};

/* Holds the memory, before the driver is asked to bind it. */
CUresult binding_begin(struct binding *binding, CUmemGenericAllocationHandle memory);

/* By address: the driver tells which memory that is. What a pool has is the pool's matter. */
CUresult binding_begin_at(struct binding *binding, CUdeviceptr at);

/* After the driver's answer: remembers the binding by its key, or lets the memory go. `owner` is what
 * it goes with; NULL for what has no record. Where there is no memory to remember a binding by, what
 * it holds stays charged. */
CUresult binding_end(struct binding *binding, CUresult result, struct record *owner, uint64_t key);

/* A key of three numbers; that two of them are alike is as likely as a wrong bit. */
uint64_t binding_place(uint64_t a, uint64_t b, uint64_t c);

#endif
