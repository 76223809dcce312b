/* Linear memory: plain, pitched, managed, in every spelling. */
#include "grant.h"

static CUresult reserve_here(const struct cuda *cuda, uint64_t bytes, struct grant *grant) {
    CUdevice device;
    CUresult result = grant_current_device(cuda, &device);
    return result ? result : grant_reserve(cuda, device, bytes, grant);
}

EXPORT CUresult cuMemAlloc_v2(CUdeviceptr *at, size_t bytes) {
    const struct cuda *cuda = driver_cuda();
    if (!at) return FORWARD(cuda, cuMemAlloc_v2, at, bytes);
    struct grant grant;
    CUresult result = reserve_here(cuda, grant_rounded(bytes), &grant);
    if (result) return result;
    result = FORWARD(cuda, cuMemAlloc_v2, at, bytes);
    return grant_settle(cuda, &grant, result, result ? 0 : *at);
}

EXPORT CUresult cuMemAlloc(CUdeviceptr_v1 *at, unsigned bytes) {
    const struct cuda *cuda = driver_cuda();
    if (!at) return FORWARD(cuda, cuMemAlloc, at, bytes);
    struct grant grant;
    CUresult result = reserve_here(cuda, grant_rounded(bytes), &grant);
    if (result) return result;
    result = FORWARD(cuda, cuMemAlloc, at, bytes);
    return grant_settle(cuda, &grant, result, result ? 0 : *at);
}

EXPORT CUresult cuMemAllocManaged(CUdeviceptr *at, size_t bytes, unsigned flags) {
    const struct cuda *cuda = driver_cuda();
    if (!at) return FORWARD(cuda, cuMemAllocManaged, at, bytes, flags);
    struct grant grant;
    CUresult result = reserve_here(cuda, grant_rounded(bytes), &grant);
    if (result) return result;
    result = FORWARD(cuda, cuMemAllocManaged, at, bytes, flags);
    return grant_settle(cuda, &grant, result, result ? 0 : *at);
}

static uint64_t pitched(uint64_t pitch, uint64_t height) {
    uint64_t bytes;
    return __builtin_mul_overflow(pitch, height, &bytes) ? UINT64_MAX : bytes;
}

/* Only the driver knows the pitch. A pitch of whole granules is reserved beforehand; should it be
 * wider, the rest is reserved now, or the memory goes back. */
static CUresult settle_pitch(const struct cuda *cuda, struct grant *grant, CUresult result,
                             CUdeviceptr at, uint64_t bytes) {
    if (result == CUDA_SUCCESS && bytes > grant->bytes) {
        if (!grant_more(cuda, grant, bytes - grant->bytes)) {
            FORWARD(cuda, cuMemFree_v2, at);
            result = CUDA_ERROR_OUT_OF_MEMORY;
        }
    }
    return grant_settle(cuda, grant, result, at);
}

#define PITCHED(name, address, size)                                                            \
    EXPORT CUresult name(address *at, size *pitch, size width, size height, unsigned element) { \
        const struct cuda *cuda = driver_cuda();                                                \
        if (!at || !pitch) return FORWARD(cuda, name, at, pitch, width, height, element);       \
        struct grant grant;                                                                     \
        CUresult result = reserve_here(cuda, pitched(grant_rounded(width), height), &grant);    \
        if (result) return result;                                                              \
        result = FORWARD(cuda, name, at, pitch, width, height, element);                        \
        if (result) return settle_pitch(cuda, &grant, result, 0, 0);                            \
        return settle_pitch(cuda, &grant, result, *at, pitched(*pitch, height));                \
    }

PITCHED(cuMemAllocPitch_v2, CUdeviceptr, size_t)
PITCHED(cuMemAllocPitch, CUdeviceptr_v1, unsigned)

EXPORT CUresult cuMemFree_v2(CUdeviceptr at) {
    struct grant grant;
    bool charged = grant_take_out(&grant, GRANT_POINTER, at);
    return grant_freed(&grant, charged, FORWARD(driver_cuda(), cuMemFree_v2, at), at);
}

EXPORT CUresult cuMemFree(CUdeviceptr_v1 at) {
    struct grant grant;
    bool charged = grant_take_out(&grant, GRANT_POINTER, at);
    return grant_freed(&grant, charged, FORWARD(driver_cuda(), cuMemFree, at), at);
}
