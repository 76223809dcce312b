/* Whether work goes into a graph that is being captured, and not to a card. */
#ifndef TRANCHE_HOOKS_CAPTURE_H
#define TRANCHE_HOOKS_CAPTURE_H

#include "../resolve/driver.h"
#include "../slice.h"

/* Whether any stream of this process captures. Then events are left alone: a query or a record on
 * some other stream can end a capture (cuStreamBeginCapture, on modes). */
static inline bool capture_anywhere(const struct slice *slice) {
    return __atomic_load_n(&slice->captures, __ATOMIC_RELAXED) > 0;
}

/* Whether this stream does. In doubt it does. `own`: as the _ptsz spellings have it, stream 0 is the
 * thread's own. */
bool capture_in_progress(const struct cuda *cuda, const struct slice *slice, CUstream stream, bool own);

#endif
