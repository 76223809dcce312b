/* Streams and events. With simulated time the work of a process runs in one order, whatever the
 * stream, and an event is a mark in it; without, all has always been done. */
#include <stdlib.h>

#include "clock.h"
#include "graphs.h"
#include "pools.h"

struct CUevent_st {
    CUdevice device;
    int recorded, captured; /* to the card; by a capture, later than that */
    uint64_t mark;
};

EXPORT CUresult cuStreamCreate(CUstream *stream, unsigned flags) {
    (void)flags;
    CUdevice device;
    if (!driver_current(&device)) return CUDA_ERROR_INVALID_CONTEXT;
    struct CUstream_st *made = malloc(sizeof *made);
    if (!made) return CUDA_ERROR_OUT_OF_MEMORY;
    *made = (struct CUstream_st){.device = device};
    cuCtxGetCurrent(&made->context);
    *stream = made;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuStreamDestroy_v2(CUstream stream) {
    if ((uintptr_t)stream <= 2) return CUDA_ERROR_INVALID_HANDLE;
    capture_drop(stream);
    free(stream);
    return CUDA_SUCCESS;
}

EXPORT CUresult cuStreamDestroy(CUstream stream) {
    return cuStreamDestroy_v2(stream);
}

EXPORT CUresult cuStreamGetDevice(CUstream stream, CUdevice *device) {
    if ((uintptr_t)stream > 2) {
        *device = stream->device;
        return CUDA_SUCCESS;
    }
    return driver_current(device) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_CONTEXT;
}

EXPORT CUresult cuStreamGetCtx(CUstream stream, CUcontext *context) {
    if (!context) return CUDA_ERROR_INVALID_VALUE;
    if ((uintptr_t)stream <= 2) return cuCtxGetCurrent(context);
    *context = stream->context;
    return CUDA_SUCCESS;
}

/* 0, 1 and 2 are no pointers but names: the default stream, the legacy one, the thread's own. */
CUgraph stream_captures(CUstream stream) {
    return (uintptr_t)stream > 2 ? stream->capturing : NULL;
}

CUresult stream_queue(CUstream stream, uint64_t ns, uint64_t *number) {
    CUdevice device;
    CUresult result = cuStreamGetDevice(stream, &device);
    if (result != CUDA_SUCCESS || !clock_is_simulated()) return result;
    const struct card *card = driver_card(device);
    for (;;) {
        struct timeline *timeline = clock_enter(card);
        bool room = timeline_has_room(timeline, clock_process());
        uint64_t queued = room ? timeline_queue(timeline, clock_process(), ns) : 0;
        if (number) *number = queued;
        clock_leave();
        if (room) return CUDA_SUCCESS;
        clock_wait_for(card, TIMELINE_NEVER);
    }
}

/* What waits observes that frees are complete. */
static CUresult synchronised(void) {
    graphs_synchronised();
    pools_synchronised();
    return CUDA_SUCCESS;
}

static CUresult wait_for(CUstream stream) {
    CUdevice device;
    uint64_t mark;
    CUresult result = cuStreamGetDevice(stream, &device);
    if (result != CUDA_SUCCESS || !clock_is_simulated()) return result ? result : synchronised();
    result = stream_queue(stream, 0, &mark);
    if (result != CUDA_SUCCESS) return result;
    clock_wait_for(driver_card(device), mark);
    return synchronised();
}

/* A stream that captures cannot be waited for; its capture is lost by the attempt (cuda.h,
 * cuStreamBeginCapture). */
EXPORT CUresult cuStreamSynchronize(CUstream stream) {
    called_to_wait();
    CUgraph graph = stream_captures(stream);
    if (graph) {
        graph->invalid = true;
        return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    }
    return captures_forbid() ? CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED : wait_for(stream);
}

EXPORT CUresult cuStreamSynchronize_ptsz(CUstream stream) {
    return cuStreamSynchronize(stream);
}

/* What encompasses a stream that captures cannot be waited for either, in any mode (CUDA Programming
 * Guide, prohibited and unhandled operations). */
EXPORT CUresult cuCtxSynchronize(void) {
    CUdevice device;
    called_to_wait();
    if (!driver_current(&device)) return CUDA_ERROR_INVALID_CONTEXT;
    return captures_conflict(device) ? CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED : wait_for(NULL);
}

EXPORT CUresult cuCtxSynchronize_v2(CUcontext context) {
    (void)context;
    return cuCtxSynchronize();
}

EXPORT CUresult cuEventCreate(CUevent *event, unsigned flags) {
    (void)flags;
    CUdevice device;
    if (!driver_current(&device)) return CUDA_ERROR_INVALID_CONTEXT;
    struct CUevent_st *made = malloc(sizeof *made);
    if (!made) return CUDA_ERROR_OUT_OF_MEMORY;
    *made = (struct CUevent_st){.device = device};
    *event = made;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuEventDestroy_v2(CUevent event) {
    free(event);
    return CUDA_SUCCESS;
}

EXPORT CUresult cuEventRecord(CUevent event, CUstream stream) {
    if (!event) return CUDA_ERROR_INVALID_HANDLE;
    event->captured = stream_captures(stream) != NULL;
    if (event->captured) return CUDA_SUCCESS;
    event->recorded = 1;
    return stream_queue(stream, 0, &event->mark);
}

EXPORT CUresult cuEventRecord_ptsz(CUevent event, CUstream stream) {
    return cuEventRecord(event, stream);
}

EXPORT CUresult cuEventQuery(CUevent event) {
    if (!event) return CUDA_ERROR_INVALID_HANDLE;
    if (event->captured) return CUDA_ERROR_CAPTURED_EVENT;
    if (captures_forbid()) return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    if (!event->recorded || !clock_is_simulated()) return CUDA_SUCCESS;
    bool ended = timeline_has_ended(clock_enter(driver_card(event->device)), clock_process(), event->mark);
    clock_leave();
    return ended ? CUDA_SUCCESS : CUDA_ERROR_NOT_READY;
}

EXPORT CUresult cuEventSynchronize(CUevent event) {
    called_to_wait();
    if (!event) return CUDA_ERROR_INVALID_HANDLE;
    if (event->captured) return CUDA_ERROR_CAPTURED_EVENT;
    if (captures_forbid()) return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    if (event->recorded && clock_is_simulated()) clock_wait_for(driver_card(event->device), event->mark);
    return synchronised();
}

/* In milliseconds, with a resolution of half a microsecond (cuda.h). */
EXPORT CUresult cuEventElapsedTime(float *milliseconds, CUevent start, CUevent end) {
    if (!milliseconds || !start || !end || !start->recorded || !end->recorded) return CUDA_ERROR_INVALID_HANDLE;
    *milliseconds = 0;
    if (!clock_is_simulated()) return CUDA_SUCCESS;
    if (cuEventQuery(start) != CUDA_SUCCESS || cuEventQuery(end) != CUDA_SUCCESS) return CUDA_ERROR_NOT_READY;
    const struct timeline *card = clock_enter(driver_card(start->device));
    uint64_t ns = timeline_reached(card, clock_process(), end->mark) -
                  timeline_reached(card, clock_process(), start->mark);
    clock_leave();
    *milliseconds = (float)(ns / 500) / 2000;
    return CUDA_SUCCESS;
}
