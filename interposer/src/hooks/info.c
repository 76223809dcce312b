/* What a program is shown of a card: its slice. */
#include "grant.h"

struct shown {
    uint64_t total, free;
};

/* Where nothing is granted, nothing is free; the total stays the driver's, since programs divide by
 * it. */
static struct shown show(const struct cuda *cuda, CUdevice device, uint64_t driver_total) {
    struct slice *slice = slice_get();
    int card = slice ? grant_card(slice, cuda, device) : SLICE_NO_CARD;
    if (card < 0) return (struct shown){.total = driver_total, .free = 0};
    uint64_t limit = ledger_limit(&slice->ledger, (unsigned)card);
    uint64_t used = ledger_used(&slice->ledger, (unsigned)card);
    return (struct shown){.total = limit, .free = used < limit ? limit - used : 0};
}

static unsigned narrow(uint64_t value) {
    return value > UINT32_MAX ? UINT32_MAX : (unsigned)value;
}

EXPORT CUresult cuMemGetInfo_v2(size_t *free, size_t *total) {
    const struct cuda *cuda = driver_cuda();
    CUresult result = FORWARD(cuda, cuMemGetInfo_v2, free, total);
    CUdevice device;
    if (result != CUDA_SUCCESS || grant_current_device(cuda, &device) != CUDA_SUCCESS) return result;
    struct shown shown = show(cuda, device, total ? *total : 0);
    if (free) *free = shown.free;
    if (total) *total = shown.total;
    return result;
}

EXPORT CUresult cuMemGetInfo(unsigned *free, unsigned *total) {
    const struct cuda *cuda = driver_cuda();
    CUresult result = FORWARD(cuda, cuMemGetInfo, free, total);
    CUdevice device;
    if (result != CUDA_SUCCESS || grant_current_device(cuda, &device) != CUDA_SUCCESS) return result;
    struct shown shown = show(cuda, device, total ? *total : 0);
    if (free) *free = narrow(shown.free);
    if (total) *total = narrow(shown.total);
    return result;
}

EXPORT CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice device) {
    const struct cuda *cuda = driver_cuda();
    CUresult result = FORWARD(cuda, cuDeviceTotalMem_v2, bytes, device);
    if (result == CUDA_SUCCESS && bytes) *bytes = show(cuda, device, *bytes).total;
    return result;
}

EXPORT CUresult cuDeviceTotalMem(unsigned *bytes, CUdevice device) {
    const struct cuda *cuda = driver_cuda();
    CUresult result = FORWARD(cuda, cuDeviceTotalMem, bytes, device);
    if (result == CUDA_SUCCESS && bytes) *bytes = narrow(show(cuda, device, *bytes).total);
    return result;
}
