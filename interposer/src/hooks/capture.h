/* Streams that capture: what is asked of them is not done, but becomes a graph. */
#ifndef TRANCHE_HOOKS_CAPTURE_H
#define TRANCHE_HOOKS_CAPTURE_H

#include "grant.h"

/* The calling thread's default stream; what the _ptsz spellings mean by 0. */
#define STREAM_PER_THREAD ((CUstream)2)

static inline CUstream stream_ptsz(CUstream stream) {
    return stream ? stream : STREAM_PER_THREAD;
}

/* One load while nobody captures. */
static inline bool captures_in_progress(const struct slice *slice) {
    return slice && __atomic_load_n(&slice->captures, __ATOMIC_RELAXED) != 0;
}

/* Whether the stream is capturing. */
bool capture_in_progress(const struct cuda *cuda, CUstream stream);

#endif
