/* All that starts work on a card. */
#include "grant.h"
#include "pace.h"

#define TWO(high, low) ((uint64_t)(high) << 32 | (low))

/* A kernel and the shape of its launch, of which its time depends. */
#define SHAPE(function, l)                                                                   \
    price_key(function, TWO((l)->gridDimX, (l)->gridDimY), TWO((l)->gridDimZ, (l)->blockDimX), \
              TWO((l)->blockDimY, (l)->blockDimZ))

/* What is not paced goes on as it came. */
#define PACED(name, stream, own, key, ...)                                        \
    const struct cuda *cuda = driver_cuda();                                      \
    struct slice *slice = pace_needed();                                          \
    if (__builtin_expect(!slice, 1)) return FORWARD(cuda, name, __VA_ARGS__);     \
    return PACED_NOW(name, stream, own, key, __VA_ARGS__)

#define PACED_NOW(name, stream, own, key, ...)                                    \
    ({                                                                            \
        uint64_t what = (key), charged = pace_quickly(slice, what);               \
        struct launch launch;                                                     \
        if (!charged) pace_before(cuda, slice, what, (stream), (own), &launch);   \
        CUresult result = FORWARD(cuda, name, __VA_ARGS__);                       \
        charged ? result ? pace_failed(charged, result) : result                  \
                : pace_after(cuda, &launch, result);                              \
    })

#define KERNEL                                                                              \
    price_key(function, TWO(grid_x, grid_y), TWO(grid_z, block_x), TWO(block_y, block_z))

EXPORT CUresult cuLaunchKernel(CUfunction function, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                               unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared,
                               CUstream stream, void **parameters, void **extra) {
    PACED(cuLaunchKernel, stream, false, KERNEL, function, grid_x, grid_y, grid_z, block_x, block_y, block_z,
          shared, stream, parameters, extra);
}

EXPORT CUresult cuLaunchKernel_ptsz(CUfunction function, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                                    unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared,
                                    CUstream stream, void **parameters, void **extra) {
    PACED(cuLaunchKernel_ptsz, stream, true, KERNEL, function, grid_x, grid_y, grid_z, block_x, block_y,
          block_z, shared, stream, parameters, extra);
}

EXPORT CUresult cuLaunchCooperativeKernel(CUfunction function, unsigned grid_x, unsigned grid_y,
                                          unsigned grid_z, unsigned block_x, unsigned block_y,
                                          unsigned block_z, unsigned shared, CUstream stream,
                                          void **parameters) {
    PACED(cuLaunchCooperativeKernel, stream, false, KERNEL, function, grid_x, grid_y, grid_z, block_x, block_y,
          block_z, shared, stream, parameters);
}

EXPORT CUresult cuLaunchCooperativeKernel_ptsz(CUfunction function, unsigned grid_x, unsigned grid_y,
                                               unsigned grid_z, unsigned block_x, unsigned block_y,
                                               unsigned block_z, unsigned shared, CUstream stream,
                                               void **parameters) {
    PACED(cuLaunchCooperativeKernel_ptsz, stream, true, KERNEL, function, grid_x, grid_y, grid_z, block_x,
          block_y, block_z, shared, stream, parameters);
}

static uint64_t shape(CUfunction function, const CUlaunchConfig *config) {
    return SHAPE(function, config);
}

EXPORT CUresult cuLaunchKernelEx(const CUlaunchConfig *config, CUfunction function, void **parameters,
                                 void **extra) {
    if (!config) return FORWARD(driver_cuda(), cuLaunchKernelEx, config, function, parameters, extra);
    PACED(cuLaunchKernelEx, config->hStream, false, shape(function, config), config, function, parameters, extra);
}

EXPORT CUresult cuLaunchKernelEx_ptsz(const CUlaunchConfig *config, CUfunction function, void **parameters,
                                      void **extra) {
    if (!config) return FORWARD(driver_cuda(), cuLaunchKernelEx_ptsz, config, function, parameters, extra);
    PACED(cuLaunchKernelEx_ptsz, config->hStream, true, shape(function, config), config, function, parameters,
          extra);
}

/* One kernel on several cards at once (gone since CUDA 13). The thread's own card pays for it. */
EXPORT CUresult cuLaunchCooperativeKernelMultiDevice(CUDA_LAUNCH_PARAMS *launches, unsigned count,
                                                     unsigned flags) {
    if (!launches || !count) {
        return FORWARD(driver_cuda(), cuLaunchCooperativeKernelMultiDevice, launches, count, flags);
    }
    PACED(cuLaunchCooperativeKernelMultiDevice, launches->hStream, false, SHAPE(launches->function, launches),
          launches, count, flags);
}

/* The ways of CUDA 2 and 3: blocks have the shape that the function was told. */
EXPORT CUresult cuLaunch(CUfunction function) {
    PACED(cuLaunch, NULL, false, price_key(function, 1, 1, 0), function);
}

EXPORT CUresult cuLaunchGrid(CUfunction function, int width, int height) {
    PACED(cuLaunchGrid, NULL, false, price_key(function, (unsigned)width, (unsigned)height, 0), function, width,
          height);
}

EXPORT CUresult cuLaunchGridAsync(CUfunction function, int width, int height, CUstream stream) {
    PACED(cuLaunchGridAsync, stream, false, price_key(function, (unsigned)width, (unsigned)height, 0), function,
          width, height, stream);
}

/* A graph is priced whole, by what it was seen to take. */
EXPORT CUresult cuGraphLaunch(CUgraphExec graph, CUstream stream) {
    PACED(cuGraphLaunch, stream, false, price_key(graph, 0, 0, 1), graph, stream);
}

EXPORT CUresult cuGraphLaunch_ptsz(CUgraphExec graph, CUstream stream) {
    PACED(cuGraphLaunch_ptsz, stream, true, price_key(graph, 0, 0, 1), graph, stream);
}
