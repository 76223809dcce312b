/* Physical memory without an address: cuMemCreate, cuMemRelease. */
#include "grant.h"

EXPORT CUresult cuMemCreate(CUmemGenericAllocationHandle *handle, size_t bytes,
                            const CUmemAllocationProp *props, cuuint64_t flags) {
    const struct cuda *cuda = driver_cuda();
    /* Host memory takes nothing of a card; what makes no sense is the driver's to refuse. */
    if (!handle || !props || props->location.type != CU_MEM_LOCATION_TYPE_DEVICE) {
        return FORWARD(cuda, cuMemCreate, handle, bytes, props, flags);
    }
    if (!cuda) return CUDA_ERROR_NOT_INITIALIZED;
    struct grant grant;
    CUresult result = grant_reserve(cuda, props->location.id, bytes, &grant);
    if (result != CUDA_SUCCESS) return result;
    grant.kind = GRANT_HANDLE;
    result = FORWARD(cuda, cuMemCreate, handle, bytes, props, flags);
    if (result == CUDA_SUCCESS) {
        if (grant_keep(&grant, *handle)) return CUDA_SUCCESS;
        FORWARD(cuda, cuMemRelease, *handle);
        result = CUDA_ERROR_OUT_OF_MEMORY;
    }
    grant_give_back(&grant);
    return result;
}

EXPORT CUresult cuMemRelease(CUmemGenericAllocationHandle handle) {
    struct grant grant;
    bool charged = grant_take_out(&grant, GRANT_HANDLE, handle);
    return grant_freed(&grant, charged, FORWARD(driver_cuda(), cuMemRelease, handle), handle);
}
