/* What the hooks of contexts share. */
#ifndef TRANCHE_HOOKS_CONTEXTS_H
#define TRANCHE_HOOKS_CONTEXTS_H

#include "holding.h"

/* A moment before the driver is told to end a context, to tell its arrays from later ones. */
uint64_t contexts_moment(struct slice *slice);

/* Gives back the charges of what is gone with a context of the card that has ended: of the one with
 * that handle, or, for 0, of the primary one. */
void contexts_swept(const struct cuda *cuda, struct slice *slice, CUdevice device, uint64_t context,
                    uint64_t moment);

struct primary {
    CUdevice device;
    struct grant grant; /* for the context, where it is not there yet */
};

/* Around a call that retains the card's primary context. */
CUresult primary_begin(const struct cuda *cuda, CUdevice device, struct primary *primary);
CUresult primary_end(const struct primary *primary, CUresult result);

/* After a call that may have ended it. */
void primary_left(const struct cuda *cuda, CUdevice device, uint64_t moment);

#endif
