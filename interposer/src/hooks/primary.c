/* The primary context of a card: there is one, however often it is retained. */
#include "contexts.h"

bool primary_is_active(const struct cuda *cuda, CUdevice device) {
    unsigned flags;
    int active = 1;
    return FORWARD(cuda, cuDevicePrimaryCtxGetState, device, &flags, &active) != CUDA_SUCCESS || active;
}

CUresult primary_begin(const struct cuda *cuda, CUdevice device, struct primary *primary) {
    *primary = (struct primary){.device = device};
    if (!cuda) return CUDA_ERROR_NOT_INITIALIZED;
    /* Most programs retain one and then take nothing; they are not to count, or to be told, before. */
    struct slice *slice = slice_tells_of_contexts() ? slice_get() : NULL;
    bool known = slice && device >= 0 && device < SLICE_ORDINALS;
    int card = known ? grant_card(slice, cuda, device) : SLICE_NO_CARD;
    uint64_t bytes = card < 0 ? 0 : ledger_context_bytes(&slice->ledger, (unsigned)card);
    if (bytes == 0 || primary_is_active(cuda, device)) return CUDA_SUCCESS;
    return grant_reserve(cuda, device, bytes, &primary->grant);
}

CUresult primary_end(const struct primary *primary, CUresult result) {
    struct grant grant = primary->grant;
    if (!grant.slice) return result;
    if (result == CUDA_SUCCESS) {
        /* Of two that retained it at once, or of one that did after it was left, one charge stays. */
        grant.bytes = __atomic_exchange_n(&grant.slice->primaries[primary->device], grant.bytes,
                                          __ATOMIC_ACQ_REL);
    }
    if (grant.bytes) grant_give_back(&grant);
    return result;
}

uint64_t primary_take_out(struct slice *slice, CUdevice device) {
    return __atomic_exchange_n(&slice->primaries[device], 0, __ATOMIC_ACQ_REL);
}

void primary_taken_out(const struct cuda *cuda, struct slice *slice, CUdevice device, uint64_t bytes,
                       bool ended) {
    uint64_t none = 0;
    if (bytes == 0) return;
    /* Retained anew, it is charged once: by that thread, or by what was taken out. */
    if (!ended && __atomic_compare_exchange_n(&slice->primaries[device], &none, bytes, false,
                                              __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        return;
    }
    ledger_release(&slice->ledger, (unsigned)grant_card(slice, cuda, device), bytes);
}

EXPORT CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) {
    const struct cuda *cuda = driver_cuda();
    struct primary primary;
    CUresult result = primary_begin(cuda, device, &primary);
    if (result != CUDA_SUCCESS) return result;
    return primary_end(&primary, FORWARD(cuda, cuDevicePrimaryCtxRetain, context, device));
}

/* Another one may hold it still; the driver is asked. */
#define LEAVES_PRIMARY(name)                                       \
    EXPORT CUresult name(CUdevice device) {                        \
        const struct cuda *cuda = driver_cuda();                   \
        struct slice *slice = slice_attached();                    \
        ending_begins(slice);                                      \
        CUresult result = FORWARD(cuda, name, device);             \
        ending_is_done(cuda, slice, result == CUDA_SUCCESS && !primary_is_active(cuda, device)); \
        return result;                                             \
    }

LEAVES_PRIMARY(cuDevicePrimaryCtxRelease)
LEAVES_PRIMARY(cuDevicePrimaryCtxRelease_v2)
LEAVES_PRIMARY(cuDevicePrimaryCtxReset)
LEAVES_PRIMARY(cuDevicePrimaryCtxReset_v2)
