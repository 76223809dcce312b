/* Contexts that a program makes itself, green ones among them: what each takes of the card is charged
 * as the limits tell it, and given back with what was allocated in it. */
#include "contexts.h"

/* On a card that is not granted nothing is charged; memory is refused there. */
static CUresult begin(const struct cuda *cuda, CUdevice device, struct slice **slice, struct record **record) {
    if (!cuda) return CUDA_ERROR_NOT_INITIALIZED;
    *slice = slice_get();
    int card = *slice ? grant_card(*slice, cuda, device) : SLICE_NO_CARD;
    if (card < 0) {
        *slice = NULL;
        return CUDA_SUCCESS;
    }
    uint64_t bytes = ledger_context_bytes(&(*slice)->ledger, (unsigned)card);
    return holding_reserve(cuda, device, bytes, slice, record);
}

/* Whether nothing is to be undone. */
static bool is_settled(struct slice *slice, struct record *record, enum record_kind kind, CUresult result,
                       void *made) {
    if (!slice) return true;
    if (result == CUDA_SUCCESS && holding_keep(slice, record, kind, (uintptr_t)made)) return true;
    holding_give_back(slice, record);
    return result != CUDA_SUCCESS;
}

static CUresult end(const struct cuda *cuda, struct slice *slice, struct record *record, CUresult result,
                    const CUcontext *made) {
    if (is_settled(slice, record, RECORD_CONTEXT, result, result ? NULL : *made)) return result;
    FORWARD(cuda, cuCtxDestroy_v2, *made);
    return CUDA_ERROR_OUT_OF_MEMORY;
}

#define MAKES_CONTEXT(name, parameters, ...)                                   \
    EXPORT CUresult name parameters {                                          \
        const struct cuda *cuda = driver_cuda();                               \
        struct slice *slice;                                                   \
        struct record *record;                                                 \
        if (!context) return FORWARD(cuda, name, __VA_ARGS__);                 \
        CUresult result = begin(cuda, device, &slice, &record);                \
        if (result != CUDA_SUCCESS) return result;                             \
        return end(cuda, slice, record, FORWARD(cuda, name, __VA_ARGS__), context); \
    }

MAKES_CONTEXT(cuCtxCreate, (CUcontext * context, unsigned flags, CUdevice device), context, flags, device)
MAKES_CONTEXT(cuCtxCreate_v2, (CUcontext * context, unsigned flags, CUdevice device), context, flags, device)
MAKES_CONTEXT(cuCtxCreate_v3,
              (CUcontext * context, void *affinities, int count, unsigned flags, CUdevice device),
              context, affinities, count, flags, device)
MAKES_CONTEXT(cuCtxCreate_v4, (CUcontext * context, void *parameters, unsigned flags, CUdevice device),
              context, parameters, flags, device)

struct ending {
    struct slice *slice;
    struct record *record; /* NULL: it is none that is known */
    uint64_t context, born;
    CUdevice device;
    bool last; /* nobody is attached any more */
};

static struct ending begin_to_end(void *context) {
    struct ending ending = {.slice = slice_attached(), .context = (uintptr_t)context, .device = -1};
    ending_begins(ending.slice);
    struct record *record = holding_find(ending.slice, RECORD_CONTEXT, ending.context);
    if (!record || !holding_let_go(ending.slice, record)) return ending;
    ending.record = record;
    ending.device = record->device;
    ending.last = __atomic_load_n(&record->wanted, __ATOMIC_ACQUIRE) == 0;
    ending.born = __atomic_load_n(&ending.slice->arrays_born, __ATOMIC_ACQUIRE);
    return ending;
}

static CUresult ended(const struct cuda *cuda, const struct ending *ending, CUresult result) {
    bool success = result == CUDA_SUCCESS, gone = success && (!ending->record || ending->last);
    if (ending->record && !success) holding_hold_again(ending->slice, ending->record);
    if (ending->record && gone) ending_drops_arrays(ending->slice, ending->context, ending->born);
    if (ending->record && success) holding_gone(ending->slice, ending->record);
    ending_is_done(cuda, ending->slice, gone);
    return result;
}

EXPORT CUresult cuCtxDestroy(CUcontext context) {
    const struct cuda *cuda = driver_cuda();
    struct ending ending = begin_to_end(context);
    return ended(cuda, &ending, FORWARD(cuda, cuCtxDestroy, context));
}

EXPORT CUresult cuCtxDestroy_v2(CUcontext context) {
    const struct cuda *cuda = driver_cuda();
    struct ending ending = begin_to_end(context);
    return ended(cuda, &ending, FORWARD(cuda, cuCtxDestroy_v2, context));
}

EXPORT CUresult cuCtxDetach(CUcontext context) {
    const struct cuda *cuda = driver_cuda();
    struct ending ending = begin_to_end(context);
    return ended(cuda, &ending, FORWARD(cuda, cuCtxDetach, context));
}

EXPORT CUresult cuCtxAttach(CUcontext *context, unsigned flags) {
    CUresult result = FORWARD(driver_cuda(), cuCtxAttach, context, flags);
    if (result != CUDA_SUCCESS) return result;
    struct record *record = holding_find(slice_attached(), RECORD_CONTEXT, (uintptr_t)*context);
    if (record) holding_hold(record);
    return result;
}

/* A green context retains the card's primary one. */
EXPORT CUresult cuGreenCtxCreate(CUgreenCtx *context, CUdevResourceDesc resources, CUdevice device,
                                 unsigned flags) {
    const struct cuda *cuda = driver_cuda();
    if (!context) return FORWARD(cuda, cuGreenCtxCreate, context, resources, device, flags);
    struct primary primary;
    struct slice *slice;
    struct record *record;
    CUresult result = primary_begin(cuda, device, &primary);
    if (result != CUDA_SUCCESS) return result;
    result = begin(cuda, device, &slice, &record);
    if (result != CUDA_SUCCESS) return primary_end(&primary, result);
    result = primary_end(&primary, FORWARD(cuda, cuGreenCtxCreate, context, resources, device, flags));
    if (is_settled(slice, record, RECORD_GREEN, result, result ? NULL : *context)) return result;
    ending_begins(slice);
    FORWARD(cuda, cuGreenCtxDestroy, *context);
    ending_is_done(cuda, slice, !primary_is_active(cuda, device));
    return CUDA_ERROR_OUT_OF_MEMORY;
}

EXPORT CUresult cuGreenCtxDestroy(CUgreenCtx context) {
    const struct cuda *cuda = driver_cuda();
    struct ending ending = begin_to_end(context);
    CUresult result = FORWARD(cuda, cuGreenCtxDestroy, context);
    bool success = ending.record && result == CUDA_SUCCESS;
    if (ending.record && !success) holding_hold_again(ending.slice, ending.record);
    if (success) holding_gone(ending.slice, ending.record);
    ending_is_done(cuda, ending.slice, success && !primary_is_active(cuda, ending.device));
    return result;
}
