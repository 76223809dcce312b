/* All that starts work on a card.
 *
 * Each way to launch is two functions: the usual way, which calls nothing but the driver, and the way of
 * a launch that must wait, be measured, or be asked about. What is not paced goes on as it came. */
#include "capture.h"
#include "grant.h"
#include "graphs.h"
#include "pace.h"

#define PACED_AS(linkage, as, name, parameters, arguments, stream, own, key)                       \
    static __attribute__((noinline)) CUresult as##_slowly parameters {                             \
        const struct cuda *cuda = driver_cuda();                                                   \
        if (!cuda || !cuda->name) return cuda ? CUDA_ERROR_NOT_FOUND : CUDA_ERROR_NOT_INITIALIZED; \
        struct slice *slice = pace_needed(cuda);                                                   \
        if (!slice) return cuda->name arguments;                                                   \
        struct launch launch;                                                                      \
        pace_before(cuda, slice, key, stream, own, &launch);                                       \
        return pace_after(cuda, &launch, cuda->name arguments);                                    \
    }                                                                                              \
    linkage CUresult as parameters {                                                               \
        const struct cuda *cuda = driver_cuda_if_known();                                          \
        const struct slice *slice = slice_of_one_card();                                           \
        if (__builtin_expect(!cuda || !cuda->name || !slice, 0)) return as##_slowly arguments;     \
        if (!pace_is_held(&slice->ledger.limits->cards[0])) {                                      \
            pace_mark(slice, 0);                                                                   \
            return cuda->name arguments;                                                           \
        }                                                                                          \
        uint64_t charged = pace_quickly(slice, key);                                               \
        if (__builtin_expect(!charged, 0)) return as##_slowly arguments;                           \
        CUresult result = cuda->name arguments;                                                    \
        return __builtin_expect(result != CUDA_SUCCESS, 0) ? pace_failed(charged, result) : result; \
    }

#define PACED(name, parameters, arguments, stream, own, key) \
    PACED_AS(EXPORT, name, name, parameters, arguments, stream, own, key)

#define TWO(high, low) ((uint64_t)(high) << 32 | (low))

#define KERNEL_PARAMETERS                                                                           \
    CUfunction function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,       \
        unsigned block_y, unsigned block_z, unsigned shared, CUstream stream, void **parameters
#define KERNEL_ARGUMENTS \
    function, grid_x, grid_y, grid_z, block_x, block_y, block_z, shared, stream, parameters
#define KERNEL_KEY price_key(function, TWO(grid_x, grid_y), TWO(grid_z, block_x), TWO(block_y, block_z))

PACED(cuLaunchKernel, (KERNEL_PARAMETERS, void **extra), (KERNEL_ARGUMENTS, extra), stream, false, KERNEL_KEY)
PACED(cuLaunchKernel_ptsz, (KERNEL_PARAMETERS, void **extra), (KERNEL_ARGUMENTS, extra), stream, true, KERNEL_KEY)
PACED(cuLaunchCooperativeKernel, (KERNEL_PARAMETERS), (KERNEL_ARGUMENTS), stream, false, KERNEL_KEY)
PACED(cuLaunchCooperativeKernel_ptsz, (KERNEL_PARAMETERS), (KERNEL_ARGUMENTS), stream, true, KERNEL_KEY)

#define NO_KEY 1 /* of a launch without its parameters, which fails */
#define EX_PARAMETERS const CUlaunchConfig *config, CUfunction function, void **parameters, void **extra
#define EX_ARGUMENTS config, function, parameters, extra
#define SHAPE_KEY(function, l)                                                                         \
    ((l) ? price_key(function, TWO((l)->gridDimX, (l)->gridDimY), TWO((l)->gridDimZ, (l)->blockDimX), \
                     TWO((l)->blockDimY, (l)->blockDimZ))                                              \
         : NO_KEY)
#define STREAM_OF(launch) ((launch) ? (launch)->hStream : NULL)

PACED(cuLaunchKernelEx, (EX_PARAMETERS), (EX_ARGUMENTS), STREAM_OF(config), false, SHAPE_KEY(function, config))
PACED(cuLaunchKernelEx_ptsz, (EX_PARAMETERS), (EX_ARGUMENTS), STREAM_OF(config), true, SHAPE_KEY(function, config))

/* One kernel on several cards at once (gone since CUDA 13). The thread's own card pays for it. */
PACED(cuLaunchCooperativeKernelMultiDevice, (CUDA_LAUNCH_PARAMS * launches, unsigned count, unsigned flags),
     (launches, count, flags), STREAM_OF(launches), false,
     SHAPE_KEY(launches->function, launches))

/* The ways of CUDA 2 and 3: blocks have the shape that the function was told. */
#define GRID_KEY price_key(function, (unsigned)width, (unsigned)height, 0)

PACED(cuLaunch, (CUfunction function), (function), NULL, false, price_key(function, 1, 1, 0))
PACED(cuLaunchGrid, (CUfunction function, int width, int height), (function, width, height), NULL, false, GRID_KEY)
PACED(cuLaunchGridAsync, (CUfunction function, int width, int height, CUstream stream),
     (function, width, height, stream), stream, false, GRID_KEY)

/* A graph is priced whole, by what it was seen to take. Its memory is made sure of first: that may wait
 * for the card, which is not the graph's time. */
#define GRAPH_KEY price_key(graph, 0, 0, 1)

PACED_AS(static, paced, cuGraphLaunch, (CUgraphExec graph, CUstream stream), (graph, stream), stream, false, GRAPH_KEY)
PACED_AS(static, paced_ptsz, cuGraphLaunch_ptsz, (CUgraphExec graph, CUstream stream), (graph, stream), stream, true,
         GRAPH_KEY)

EXPORT CUresult cuGraphLaunch(CUgraphExec graph, CUstream stream) {
    struct graph_launch memory;
    CUresult result = graphs_before_launch(driver_cuda(), graph, stream, &memory);
    if (result) return result;
    result = paced(graph, stream);
    graphs_after_launch(&memory, result);
    return result;
}

EXPORT CUresult cuGraphLaunch_ptsz(CUgraphExec graph, CUstream stream) {
    struct graph_launch memory;
    CUresult result = graphs_before_launch(driver_cuda(), graph, stream_ptsz(stream), &memory);
    if (result) return result;
    result = paced_ptsz(graph, stream);
    graphs_after_launch(&memory, result);
    return result;
}
