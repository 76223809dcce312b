/* Contexts. */
#include <stdlib.h>
#include <string.h>

#include "driver.h"

static struct CUctx_st primaries[MOST_CARDS];
static int primary_uses[MOST_CARDS];
static _Thread_local CUcontext stack[32];
static _Thread_local int depth;

const struct card *driver_current(CUdevice *device) {
    CUcontext context = depth ? stack[depth - 1] : NULL;
    if (!context || !context->alive) return NULL;
    if (device) *device = context->device;
    return driver_card(context->device);
}

void contexts_forget(void) {
    depth = 0;
    memset(primary_uses, 0, sizeof primary_uses);
}

static CUresult make_current(CUcontext context) {
    if (depth == 32) return CUDA_ERROR_OUT_OF_MEMORY;
    stack[depth++] = context;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) {
    if (!driver_initialised()) return CUDA_ERROR_NOT_INITIALIZED;
    if (!driver_card(device)) return CUDA_ERROR_INVALID_DEVICE;
    primaries[device] = (struct CUctx_st){.device = device, .alive = 1};
    __atomic_fetch_add(&primary_uses[device], 1, __ATOMIC_RELAXED);
    *context = &primaries[device];
    return CUDA_SUCCESS;
}

EXPORT CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) {
    if (!driver_card(device) || !primary_uses[device]) return CUDA_ERROR_INVALID_CONTEXT;
    __atomic_fetch_sub(&primary_uses[device], 1, __ATOMIC_RELAXED);
    return CUDA_SUCCESS;
}

EXPORT CUresult cuDevicePrimaryCtxGetState(CUdevice device, unsigned *flags, int *active) {
    if (!driver_card(device)) return CUDA_ERROR_INVALID_DEVICE;
    *flags = 0;
    *active = primary_uses[device] > 0;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuCtxCreate_v2(CUcontext *context, unsigned flags, CUdevice device) {
    (void)flags;
    if (!driver_initialised()) return CUDA_ERROR_NOT_INITIALIZED;
    if (!driver_card(device)) return CUDA_ERROR_INVALID_DEVICE;
    struct CUctx_st *made = malloc(sizeof *made);
    if (!made) return CUDA_ERROR_OUT_OF_MEMORY;
    *made = (struct CUctx_st){.device = device, .alive = 1};
    *context = made;
    return make_current(made);
}

EXPORT CUresult cuCtxCreate(CUcontext *context, unsigned flags, CUdevice device) {
    return cuCtxCreate_v2(context, flags, device);
}

EXPORT CUresult cuCtxCreate_v3(CUcontext *context, CUexecAffinityParam *parameters, int count,
                               unsigned flags, CUdevice device) {
    (void)parameters, (void)count;
    return cuCtxCreate_v2(context, flags, device);
}

EXPORT CUresult cuCtxCreate_v4(CUcontext *context, CUctxCreateParams *parameters, unsigned flags,
                               CUdevice device) {
    (void)parameters;
    return cuCtxCreate_v2(context, flags, device);
}

/* The struct stays, so that another thread's stack never points to nothing. */
EXPORT CUresult cuCtxDestroy_v2(CUcontext context) {
    if (!context || !context->alive) return CUDA_ERROR_INVALID_CONTEXT;
    context->alive = 0;
    if (depth && stack[depth - 1] == context) depth--;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuCtxDestroy(CUcontext context) {
    return cuCtxDestroy_v2(context);
}

EXPORT CUresult cuCtxPushCurrent_v2(CUcontext context) {
    return context ? make_current(context) : CUDA_ERROR_INVALID_CONTEXT;
}

EXPORT CUresult cuCtxPopCurrent_v2(CUcontext *context) {
    if (!depth) return CUDA_ERROR_INVALID_CONTEXT;
    depth--;
    if (context) *context = stack[depth];
    return CUDA_SUCCESS;
}

EXPORT CUresult cuCtxSetCurrent(CUcontext context) {
    if (!driver_initialised()) return CUDA_ERROR_NOT_INITIALIZED;
    if (depth) depth--;
    return context ? make_current(context) : CUDA_SUCCESS;
}

EXPORT CUresult cuCtxGetCurrent(CUcontext *context) {
    if (!driver_initialised()) return CUDA_ERROR_NOT_INITIALIZED;
    *context = depth ? stack[depth - 1] : NULL;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuCtxGetDevice(CUdevice *device) {
    if (!driver_initialised()) return CUDA_ERROR_NOT_INITIALIZED;
    return driver_current(device) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_CONTEXT;
}

EXPORT CUresult cuCtxGetApiVersion(CUcontext context, unsigned *version) {
    (void)context;
    *version = 3020;
    return CUDA_SUCCESS;
}
