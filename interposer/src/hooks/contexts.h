/* What the hooks of contexts share. */
#ifndef TRANCHE_HOOKS_CONTEXTS_H
#define TRANCHE_HOOKS_CONTEXTS_H

#include "holding.h"

/* Around every call that may end a context. What went with those that ended is given back by the
 * last of the threads that are at it. */
void ending_begins(struct slice *slice);
void ending_is_done(const struct cuda *cuda, struct slice *slice, bool ended);

/* Arrays of a context that the caller has ended, of those that were made before it did. */
void ending_drops_arrays(struct slice *slice, uint64_t context, uint64_t born);

struct primary {
    CUdevice device;
    struct grant grant; /* for the context, where it is not there yet */
};

/* Around a call that retains the card's primary context. */
CUresult primary_begin(const struct cuda *cuda, CUdevice device, struct primary *primary);
CUresult primary_end(const struct primary *primary, CUresult result);

/* In doubt it is: then nothing is given back. */
bool primary_is_active(const struct cuda *cuda, CUdevice device);

/* What is charged for it; to be told then whether it had ended, or another thread has just retained
 * it anew. */
uint64_t primary_take_out(struct slice *slice, CUdevice device);
void primary_taken_out(const struct cuda *cuda, struct slice *slice, CUdevice device, uint64_t bytes,
                       bool ended);

#endif
