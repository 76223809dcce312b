/* State of the fake driver in this process. */
#ifndef FAKES_DRIVER_H
#define FAKES_DRIVER_H

/* Every spelling is declared under its own name, none renamed by a macro. */
#define __CUDA_API_VERSION_INTERNAL
#include <cuda.h>
#include <stdbool.h>
#include <stdint.h>

#include "cards.h"
#include "faults.h"
#include "oracle.h"

#define EXPORT __attribute__((visibility("default")))

struct CUctx_st {
    uint64_t extra[2]; /* bytes beyond the default of printf's buffer and malloc's heap, as they are set */
    CUdevice device;
    int alive;
    int uses;        /* cuCtxAttach, or how often a primary one is retained */
    int is_green;
    uint32_t serial; /* never two alike; what is allocated in it goes with it */
};

/* cuda_streams.c owns streams and time, cuda_graphs.c what is captured. */
struct CUstream_st {
    CUdevice device;
    CUcontext context;
    CUgraph capturing; /* what is launched goes there; NULL: to the card */
    CUstreamCaptureMode mode; /* of the capture: */
    const void *thread;       /* a name of the one that began it */
    CUstream next;            /* of those that capture */
};

/* The graph that the stream captures into; NULL: none. */
CUgraph stream_captures(CUstream stream);

/* Queues work of so long, waiting for room; `number`, if wanted, is its own. */
CUresult stream_queue(CUstream stream, uint64_t ns, uint64_t *number);

/* The seam of graphs and time. A launch asks first whether its stream captures: true, then it became
 * a node and must not run. A graph that is launched runs its kernels by the other. */
bool graph_capture_kernel(CUstream stream, CUfunction function, uint64_t blocks,
                          CUresult *result);
CUresult card_run(CUstream stream, CUfunction function, uint64_t blocks);

/* Whether the calling thread may not do now what is unsafe while streams capture (cuda.h,
 * cuThreadExchangeStreamCaptureMode). Only of cudaMalloc is that written. That to ask for an event is
 * unsafe PyTorch has found; to wait for an event or a stream is taken for it here. The captures that
 * forbid it are lost by the attempt. */
bool captures_forbid(void);

/* Whether a stream of the card captures; such captures are lost. */
bool captures_conflict(CUdevice device);

/* The stream's capture, if there is one, goes with it. */
void capture_drop(CUstream stream);

/* Counted: something is waited for (a stream, an event, a context); a pool or graphs are to give back
 * what they keep. */
void called_to_wait(void);
void called_to_trim(void);

/* What CUDA_VISIBLE_DEVICES leaves, in its order. NULL for an ordinal that is not there. */
const struct card *driver_card(CUdevice device);
int driver_card_count(void);

/* cuInit has been called in this process, not in the parent that forked it. */
int driver_initialised(void);

/* The card of the thread's current context, or NULL. */
const struct card *driver_current(CUdevice *device);

/* The serial of the thread's current context, of a green one that of its primary; 0: none. */
uint32_t driver_context(void);

/* In the child of a fork: no context is current, none retained. */
void contexts_forget(void);

/* Blocks of device memory by address. Steps of 512 bytes are counted, as cuMemAlloc parts it. */
CUresult memory_take(CUdevice device, size_t bytes, CUdeviceptr *at);
CUresult memory_give_back(CUdeviceptr at);
/* The same, freed with the context. */
CUresult memory_take_in(uint32_t context, CUdevice device, size_t bytes, CUdeviceptr *at);
void memory_free_context(uint32_t context);
/* The block that begins at or holds the address. */
int memory_find(CUdeviceptr at, CUdeviceptr *base, size_t *bytes, CUdevice *device);

#endif
