/* Streams that capture: what is asked of them is not done, but becomes a graph. */
#ifndef TRANCHE_HOOKS_CAPTURE_H
#define TRANCHE_HOOKS_CAPTURE_H

#include "grant.h"

/* The calling thread's default stream; what the _ptsz spellings mean by 0. */
#define STREAM_PER_THREAD ((CUstream)2)

static inline CUstream stream_ptsz(CUstream stream) {
    return stream ? stream : STREAM_PER_THREAD;
}

/* Whether any stream of this process captures; one load. Then events are left alone: a query or a
 * record on some other stream can end a capture (cuStreamBeginCapture, on modes). */
static inline bool capture_anywhere(const struct slice *slice) {
    return slice && __atomic_load_n(&slice->captures, __ATOMIC_RELAXED) != 0;
}

/* Whether this stream does. In doubt (the driver does not say) it does: for those who would only
 * disturb. `own`: as the _ptsz spellings have it, stream 0 is the thread's own. */
bool capture_possible(const struct cuda *cuda, const struct slice *slice, CUstream stream, bool own);

/* The same, but in doubt it does not: for those who then let something pass uncharged. `stream` is
 * the one that is meant: stream_ptsz(). */
bool capture_in_progress(const struct cuda *cuda, CUstream stream);

/* Lets this thread make calls that a capture might forbid, or be spoilt by, until it is put back
 * (cuda.h, cuThreadExchangeStreamCaptureMode). Where nothing captures, nothing is done. */
struct capture_leave {
    bool taken;
    int mode;
};
struct capture_leave capture_take_leave(const struct cuda *cuda, const struct slice *slice);
void capture_put_back(const struct cuda *cuda, struct capture_leave leave);

#endif
