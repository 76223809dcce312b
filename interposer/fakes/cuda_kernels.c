/* Kernels: functions whose name says how long they take, and all ways to launch them.
 *
 * `k_1500us` takes 1500 us for each full load of the card, which is a block for each of its
 * multiprocessors; `k_forever` never ends. */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "driver.h"

struct CUfunc_st {
    uint64_t ns;
    struct CUfunc_st *next;
    char name[64];
};
static struct CUfunc_st *functions; /* that were asked for: one of a name is always the same */

enum { MOST_SHARED = 227 * 1024 }; /* bytes that a block may have on an H100 (CUDA Programming Guide) */
enum { NO_FUNCTIONS = 4096 }; /* programs that measure the call alone launch no function at all */

static unsigned long long launches;

EXPORT CUresult cuModuleGetFunction(CUfunction *function, CUmodule module, const char *name) {
    (void)module;
    if (!function || !name) return CUDA_ERROR_INVALID_VALUE;
    struct CUfunc_st *first = __atomic_load_n(&functions, __ATOMIC_ACQUIRE);
    for (struct CUfunc_st *each = first; each; each = each->next) {
        if (strcmp(each->name, name) != 0) continue;
        *function = each;
        return CUDA_SUCCESS;
    }
    struct CUfunc_st *made = calloc(1, sizeof *made);
    if (!made) return CUDA_ERROR_OUT_OF_MEMORY;
    strncpy(made->name, name, sizeof made->name - 1);
    made->next = first;
    if (!strncmp(name, "k_", 2)) made->ns = strtoull(name + 2, NULL, 10) * 1000;
    if (!strcmp(name, "k_forever")) made->ns = TIMELINE_NEVER;
    *function = made;
    /* Of two threads that ask at once, one's is not found again. */
    __atomic_compare_exchange_n(&functions, &first, made, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
    return CUDA_SUCCESS;
}

static CUresult launch(CUfunction function, uint64_t blocks, CUstream stream) {
    __atomic_fetch_add(&launches, 1, __ATOMIC_RELAXED);
    if ((uintptr_t)function < NO_FUNCTIONS) return CUDA_SUCCESS;
    if (!blocks) return CUDA_ERROR_INVALID_VALUE;
    CUdevice device;
    CUresult result = cuStreamGetDevice(stream, &device);
    if (result != CUDA_SUCCESS) return result;
    uint64_t sms = (uint64_t)driver_card(device)->sms, ns = function->ns;
    if (ns != TIMELINE_NEVER) ns *= (blocks + sms - 1) / sms;
    CUgraph graph = stream_captures(stream);
    return graph ? graph_add(graph, ns) : stream_queue(stream, ns, NULL);
}

EXPORT CUresult cuLaunchKernel(CUfunction function, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                               unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared,
                               CUstream stream, void **parameters, void **extra) {
    (void)block_x, (void)block_y, (void)block_z, (void)parameters, (void)extra;
    if (shared > MOST_SHARED) return CUDA_ERROR_INVALID_VALUE;
    return launch(function, (uint64_t)grid_x * grid_y * grid_z, stream);
}

EXPORT CUresult cuLaunchKernel_ptsz(CUfunction function, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                                    unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared,
                                    CUstream stream, void **parameters, void **extra) {
    (void)block_x, (void)block_y, (void)block_z, (void)shared, (void)parameters, (void)extra;
    return launch(function, (uint64_t)grid_x * grid_y * grid_z, stream);
}

EXPORT CUresult cuLaunchKernelEx(const CUlaunchConfig *config, CUfunction function, void **parameters,
                                 void **extra) {
    (void)parameters, (void)extra;
    if (!config) return CUDA_ERROR_INVALID_VALUE;
    return launch(function, (uint64_t)config->gridDimX * config->gridDimY * config->gridDimZ, config->hStream);
}

EXPORT CUresult cuLaunchKernelEx_ptsz(const CUlaunchConfig *config, CUfunction function, void **parameters,
                                      void **extra) {
    return cuLaunchKernelEx(config, function, parameters, extra);
}

EXPORT CUresult cuLaunchCooperativeKernel(CUfunction function, unsigned grid_x, unsigned grid_y,
                                          unsigned grid_z, unsigned block_x, unsigned block_y,
                                          unsigned block_z, unsigned shared, CUstream stream,
                                          void **parameters) {
    (void)block_x, (void)block_y, (void)block_z, (void)shared, (void)parameters;
    return launch(function, (uint64_t)grid_x * grid_y * grid_z, stream);
}

EXPORT CUresult cuLaunchCooperativeKernel_ptsz(CUfunction function, unsigned grid_x, unsigned grid_y,
                                               unsigned grid_z, unsigned block_x, unsigned block_y,
                                               unsigned block_z, unsigned shared, CUstream stream,
                                               void **parameters) {
    (void)block_x, (void)block_y, (void)block_z, (void)shared, (void)parameters;
    return launch(function, (uint64_t)grid_x * grid_y * grid_z, stream);
}

EXPORT CUresult cuLaunchCooperativeKernelMultiDevice(CUDA_LAUNCH_PARAMS *all, unsigned count, unsigned flags) {
    (void)flags;
    CUresult result = CUDA_SUCCESS;
    for (unsigned i = 0; i < count && result == CUDA_SUCCESS; i++) {
        uint64_t blocks = (uint64_t)all[i].gridDimX * all[i].gridDimY * all[i].gridDimZ;
        result = launch(all[i].function, blocks, all[i].hStream);
    }
    return result;
}

EXPORT CUresult cuLaunch(CUfunction function) {
    return launch(function, 1, NULL);
}

EXPORT CUresult cuLaunchGrid(CUfunction function, int width, int height) {
    return launch(function, (uint64_t)width * (uint64_t)height, NULL);
}

EXPORT CUresult cuLaunchGridAsync(CUfunction function, int width, int height, CUstream stream) {
    return launch(function, (uint64_t)width * (uint64_t)height, stream);
}
