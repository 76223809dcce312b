/* Contexts. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"

static struct CUctx_st primaries[MOST_CARDS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint32_t last_serial;
static _Thread_local CUcontext stack[32];
static _Thread_local int depth;

const struct card *driver_current(CUdevice *device) {
    CUcontext context = depth ? stack[depth - 1] : NULL;
    if (!context || !context->alive) return NULL;
    if (device) *device = context->device;
    return driver_card(context->device);
}

uint32_t driver_context(void) {
    CUcontext context = depth ? stack[depth - 1] : NULL;
    if (!context) return 0;
    return context->is_green ? primaries[context->device].serial : context->serial;
}

void contexts_forget(void) {
    depth = 0;
    pthread_mutex_init(&lock, NULL);
    memset(primaries, 0, sizeof primaries);
}

static CUresult make_current(CUcontext context) {
    if (depth == 32) return CUDA_ERROR_OUT_OF_MEMORY;
    stack[depth++] = context;
    return CUDA_SUCCESS;
}

/* A context takes memory of its own. The struct stays for good, so that another thread's stack never
 * points to nothing. */
static CUresult begin(struct CUctx_st *context, CUdevice device) {
    if (!driver_initialised()) return CUDA_ERROR_NOT_INITIALIZED;
    const struct card *card = driver_card(device);
    if (!card) return CUDA_ERROR_INVALID_DEVICE;
    if (!context || !oracle_take(card, card->context_bytes)) return CUDA_ERROR_OUT_OF_MEMORY;
    context->device = device;
    context->serial = __atomic_add_fetch(&last_serial, 1, __ATOMIC_RELAXED);
    context->alive = 1;
    return CUDA_SUCCESS;
}

/* With it goes what was allocated in it (cuda.h, cuCtxDestroy). */
static void end(struct CUctx_st *context) {
    context->alive = 0;
    memory_free_context(context->serial);
    oracle_give_back(driver_card(context->device), driver_card(context->device)->context_bytes);
    oracle_give_back(driver_card(context->device), context->extra[0] + context->extra[1]);
    context->extra[0] = context->extra[1] = 0;
}

enum { DEFAULT_LIMIT = 1 << 20 };

/* A green context has those of the primary one, and none when that has been reset. */
static CUresult extra_of(CUlimit limit, uint64_t **extra) {
    CUcontext context = depth ? stack[depth - 1] : NULL;
    if (!driver_current(NULL)) return CUDA_ERROR_INVALID_CONTEXT;
    if (context->is_green) context = &primaries[context->device];
    if (!context->alive) return CUDA_ERROR_INVALID_CONTEXT;
    bool known = limit == CU_LIMIT_PRINTF_FIFO_SIZE || limit == CU_LIMIT_MALLOC_HEAP_SIZE;
    *extra = known ? &context->extra[limit == CU_LIMIT_MALLOC_HEAP_SIZE] : NULL;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuCtxGetLimit(size_t *value, CUlimit limit) {
    uint64_t *extra;
    CUresult result = extra_of(limit, &extra);
    if (result != CUDA_SUCCESS || !value) return result ? result : CUDA_ERROR_INVALID_VALUE;
    *value = extra ? DEFAULT_LIMIT + *extra : 1024;
    return CUDA_SUCCESS;
}

/* Taken at once; less than the default is the default. */
EXPORT CUresult cuCtxSetLimit(CUlimit limit, size_t value) {
    FAULT(CUresult);
    uint64_t *extra, wanted = value > DEFAULT_LIMIT ? value - DEFAULT_LIMIT : 0;
    CUresult result = extra_of(limit, &extra);
    const struct card *card = driver_current(NULL);
    if (result != CUDA_SUCCESS || !extra) return result;
    if (wanted > *extra && !oracle_take(card, wanted - *extra)) return CUDA_ERROR_OUT_OF_MEMORY;
    if (wanted < *extra) oracle_give_back(card, *extra - wanted);
    *extra = wanted;
    return CUDA_SUCCESS;
}

static CUresult retain(CUdevice device) {
    if (!driver_initialised()) return CUDA_ERROR_NOT_INITIALIZED;
    if (!driver_card(device)) return CUDA_ERROR_INVALID_DEVICE;
    pthread_mutex_lock(&lock);
    CUresult result = primaries[device].alive ? CUDA_SUCCESS : begin(&primaries[device], device);
    if (result == CUDA_SUCCESS) primaries[device].uses++;
    pthread_mutex_unlock(&lock);
    return result;
}

EXPORT CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) {
    FAULT(CUresult);
    CUresult result = retain(device);
    if (result == CUDA_SUCCESS) *context = &primaries[device];
    return result;
}

EXPORT CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) {
    FAULT(CUresult);
    if (!driver_card(device)) return CUDA_ERROR_INVALID_DEVICE;
    pthread_mutex_lock(&lock);
    bool held = primaries[device].uses > 0;
    if (held && --primaries[device].uses == 0 && primaries[device].alive) end(&primaries[device]);
    pthread_mutex_unlock(&lock);
    return held ? CUDA_SUCCESS : CUDA_ERROR_INVALID_CONTEXT;
}

EXPORT CUresult cuDevicePrimaryCtxRelease(CUdevice device) {
    return cuDevicePrimaryCtxRelease_v2(device);
}

/* It stays retained, and is made anew when it is retained next. */
EXPORT CUresult cuDevicePrimaryCtxReset_v2(CUdevice device) {
    if (!driver_card(device)) return CUDA_ERROR_INVALID_DEVICE;
    pthread_mutex_lock(&lock);
    if (primaries[device].alive) end(&primaries[device]);
    pthread_mutex_unlock(&lock);
    return CUDA_SUCCESS;
}

EXPORT CUresult cuDevicePrimaryCtxReset(CUdevice device) {
    return cuDevicePrimaryCtxReset_v2(device);
}

EXPORT CUresult cuDevicePrimaryCtxGetState(CUdevice device, unsigned *flags, int *active) {
    if (!driver_card(device)) return CUDA_ERROR_INVALID_DEVICE;
    *flags = 0;
    *active = primaries[device].alive;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuCtxCreate_v2(CUcontext *context, unsigned flags, CUdevice device) {
    FAULT(CUresult);
    (void)flags;
    struct CUctx_st *made = calloc(1, sizeof *made);
    CUresult result = begin(made, device);
    if (result != CUDA_SUCCESS) return result;
    made->uses = 1;
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

EXPORT CUresult cuCtxDestroy_v2(CUcontext context) {
    FAULT(CUresult);
    if (!context || !context->alive || context->is_green) return CUDA_ERROR_INVALID_CONTEXT;
    end(context);
    if (depth && stack[depth - 1] == context) depth--;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuCtxDestroy(CUcontext context) {
    return cuCtxDestroy_v2(context);
}

EXPORT CUresult cuCtxAttach(CUcontext *context, unsigned flags) {
    if (flags) return CUDA_ERROR_INVALID_VALUE;
    if (!driver_current(NULL)) return CUDA_ERROR_INVALID_CONTEXT;
    *context = stack[depth - 1];
    __atomic_fetch_add(&(*context)->uses, 1, __ATOMIC_RELAXED);
    return CUDA_SUCCESS;
}

EXPORT CUresult cuCtxDetach(CUcontext context) {
    if (!depth || stack[depth - 1] != context || !context->alive) return CUDA_ERROR_INVALID_CONTEXT;
    if (__atomic_sub_fetch(&context->uses, 1, __ATOMIC_RELAXED)) return CUDA_SUCCESS;
    return cuCtxDestroy_v2(context);
}

/* A green context retains the primary one, and what is allocated in it is that one's. */
EXPORT CUresult cuGreenCtxCreate(CUgreenCtx *context, CUdevResourceDesc resources, CUdevice device,
                                 unsigned flags) {
    FAULT(CUresult);
    (void)resources, (void)flags;
    CUresult result = retain(device);
    if (result != CUDA_SUCCESS) return result;
    struct CUctx_st *made = calloc(1, sizeof *made);
    result = begin(made, device);
    if (result != CUDA_SUCCESS) {
        cuDevicePrimaryCtxRelease_v2(device);
        return result;
    }
    made->is_green = 1;
    *context = (CUgreenCtx)made;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuGreenCtxDestroy(CUgreenCtx context) {
    FAULT(CUresult);
    struct CUctx_st *green = (struct CUctx_st *)context;
    if (!green || !green->alive) return CUDA_ERROR_INVALID_CONTEXT;
    end(green);
    return cuDevicePrimaryCtxRelease_v2(green->device);
}

EXPORT CUresult cuCtxFromGreenCtx(CUcontext *context, CUgreenCtx green) {
    if (!context || !green) return CUDA_ERROR_INVALID_VALUE;
    *context = (CUcontext)green;
    return CUDA_SUCCESS;
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
