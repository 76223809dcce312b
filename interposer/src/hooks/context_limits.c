/* What kernels allocate from: the heap of their malloc, and the buffer of their printf. A program may set
 * how large they are, and they are the context's until it ends. The driver takes the heap when a module
 * is loaded that uses it, and it is in addition to all that the host allocates (CUDA Programming Guide,
 * "Dynamic Global Memory Allocation"); it is charged when it is set, since a module cannot be refused
 * for it. What is there without being set counts as the context's own, and so do stacks: how much
 * they take is not told. */
#include "contexts.h"

/* Where a context's charge is kept, and how much of that is for what was set here. */
struct charge {
    uint64_t *all, *set;
};

/* A primary context, or a green one of it, is known by its card alone. */
static bool find(const struct cuda *cuda, struct slice *slice, CUdevice device, struct charge *charge) {
    CUcontext context = NULL;
    if (FORWARD(cuda, cuCtxGetCurrent, &context) != CUDA_SUCCESS) return false;
    struct record *record = holding_find(slice, RECORD_CONTEXT, (uintptr_t)context);
    if (record && record->kind == RECORD_CONTEXT) {
        *charge = (struct charge){&record->bytes, &record->length};
        return true;
    }
    if (device < 0 || device >= SLICE_ORDINALS) return false;
    *charge = (struct charge){&slice->primaries[device], &slice->context_limits[device]};
    return true;
}

static CUresult grow(const struct cuda *cuda, CUdevice device, int limit, size_t value, uint64_t more) {
    struct grant grant;
    struct charge charge;
    CUresult result = grant_reserve(cuda, device, more, &grant);
    if (result != CUDA_SUCCESS) return result;
    result = FORWARD(cuda, cuCtxSetLimit, limit, value);
    if (result != CUDA_SUCCESS || !find(cuda, grant.slice, device, &charge)) {
        grant_give_back(&grant);
        return result;
    }
    __atomic_fetch_add(charge.all, more, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(charge.set, more, __ATOMIC_SEQ_CST);
    return result;
}

/* Of what was charged for it, and no more. */
static CUresult shrink(const struct cuda *cuda, CUdevice device, int limit, size_t value, uint64_t less) {
    struct slice *slice = slice_attached();
    struct charge charge;
    CUresult result = FORWARD(cuda, cuCtxSetLimit, limit, value);
    int card = slice && result == CUDA_SUCCESS ? grant_card(slice, cuda, device) : SLICE_NO_CARD;
    if (card < 0 || !find(cuda, slice, device, &charge)) return result;
    uint64_t set = __atomic_load_n(charge.set, __ATOMIC_SEQ_CST), left;
    do left = set > less ? set - less : 0;
    while (!__atomic_compare_exchange_n(charge.set, &set, left, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    __atomic_fetch_sub(charge.all, set - left, __ATOMIC_SEQ_CST);
    ledger_release(&slice->ledger, (unsigned)card, set - left);
    return result;
}

/* More or less than before, by the driver's word on that. */
EXPORT CUresult cuCtxSetLimit(int limit, size_t value) {
    const struct cuda *cuda = driver_cuda();
    bool takes = limit == CU_LIMIT_PRINTF_FIFO_SIZE || limit == CU_LIMIT_MALLOC_HEAP_SIZE;
    size_t before = 0;
    CUdevice device;
    if (!takes || FORWARD(cuda, cuCtxGetLimit, &before, limit) != CUDA_SUCCESS ||
        grant_current_device(cuda, &device) != CUDA_SUCCESS || value == before) {
        return FORWARD(cuda, cuCtxSetLimit, limit, value);
    }
    return value > before ? grow(cuda, device, limit, value, value - before)
                          : shrink(cuda, device, limit, value, before - value);
}
