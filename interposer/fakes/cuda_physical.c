/* Physical memory without an address. */
#include <stdlib.h>

#include "driver.h"

/* A handle is the block's address: as good a number as another. */
EXPORT CUresult cuMemCreate(CUmemGenericAllocationHandle *handle, size_t bytes,
                            const CUmemAllocationProp *props, unsigned long long flags) {
    FAULT(CUresult);
    if (!driver_initialised()) return CUDA_ERROR_NOT_INITIALIZED;
    if (!handle || !props || flags || bytes % (2u << 20)) return CUDA_ERROR_INVALID_VALUE;
    if (props->location.type != CU_MEM_LOCATION_TYPE_DEVICE) {
        *handle = (CUmemGenericAllocationHandle)(uintptr_t)malloc(1);
        return *handle ? CUDA_SUCCESS : CUDA_ERROR_OUT_OF_MEMORY;
    }
    return memory_take(props->location.id, bytes, handle);
}

EXPORT CUresult cuMemRelease(CUmemGenericAllocationHandle handle) {
    return memory_give_back(handle);
}

EXPORT CUresult cuMemGetAllocationGranularity(size_t *granularity, const CUmemAllocationProp *props,
                                              CUmemAllocationGranularity_flags option) {
    (void)props, (void)option;
    *granularity = 2u << 20;
    return CUDA_SUCCESS;
}
