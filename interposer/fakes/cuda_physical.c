/* Physical memory without an address. */
#include <pthread.h>
#include <stdlib.h>

#include "physical.h"

#define GRANULE (2u << 20)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct physical *unused;

void physical_lock(void) {
    pthread_mutex_lock(&lock);
}

void physical_unlock(void) {
    pthread_mutex_unlock(&lock);
}

struct physical *physical_made(CUdevice device, size_t bytes, CUdeviceptr block) {
    struct physical *made = unused;
    if (made) unused = made->next;
    if (!made) made = malloc(sizeof *made);
    if (made) *made = (struct physical){device, bytes, block, .handles = 1, .references = 1};
    return made;
}

/* What was one once can be read for good. */
struct physical *physical_of(CUmemGenericAllocationHandle handle) {
    struct physical *physical = (struct physical *)(uintptr_t)handle;
    return physical && physical->references > 0 ? physical : NULL;
}

void physical_drop(struct physical *physical) {
    if (--physical->references) return;
    bindings_end(physical);
    if (physical->block) memory_give_back(physical->block);
    physical->next = unused;
    unused = physical;
}

EXPORT CUresult cuMemCreate(CUmemGenericAllocationHandle *handle, size_t bytes,
                            const CUmemAllocationProp *props, unsigned long long flags) {
    FAULT(CUresult);
    if (!driver_initialised()) return CUDA_ERROR_NOT_INITIALIZED;
    if (!handle || !props || flags || !bytes || bytes % GRANULE) return CUDA_ERROR_INVALID_VALUE;
    CUdeviceptr block = 0;
    CUdevice device = props->location.id;
    if (props->location.type == CU_MEM_LOCATION_TYPE_DEVICE_LOCALITY_DOMAIN) {
        device = props->location.localized.deviceId;
    }
    if (props->location.type == CU_MEM_LOCATION_TYPE_DEVICE ||
        props->location.type == CU_MEM_LOCATION_TYPE_DEVICE_LOCALITY_DOMAIN) {
        CUresult result = memory_take(device, bytes, &block);
        if (result != CUDA_SUCCESS) return result;
    }
    physical_lock();
    struct physical *made = physical_made(device, bytes, block);
    physical_unlock();
    *handle = (CUmemGenericAllocationHandle)(uintptr_t)made;
    return made ? CUDA_SUCCESS : CUDA_ERROR_OUT_OF_MEMORY;
}

EXPORT CUresult cuMemRelease(CUmemGenericAllocationHandle handle) {
    FAULT(CUresult);
    if (!driver_initialised()) return CUDA_ERROR_NOT_INITIALIZED;
    physical_lock();
    struct physical *physical = physical_of(handle);
    bool held = physical && physical->handles > 0;
    if (held) {
        physical->handles--;
        physical_drop(physical);
    }
    physical_unlock();
    return held ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

EXPORT CUresult cuMemGetAllocationGranularity(size_t *granularity, const CUmemAllocationProp *props,
                                              CUmemAllocationGranularity_flags option) {
    (void)props, (void)option;
    *granularity = GRANULE;
    return CUDA_SUCCESS;
}
