/* Addresses, and physical memory that is mapped there. */
#include <stdlib.h>

#include "physical.h"

#define BASE 0x600000000000ull
#define GRANULE (2ull << 20)

struct mapping {
    CUdeviceptr at;
    size_t bytes;
    struct physical *memory;
    struct mapping *next;
};

static struct mapping *mappings;
static CUdeviceptr next_address = BASE;

CUdeviceptr addresses_reserve(size_t bytes) {
    bytes = (bytes + GRANULE - 1) & ~(GRANULE - 1);
    return __atomic_fetch_add(&next_address, bytes, __ATOMIC_RELAXED);
}

static int reserved(CUdeviceptr at, size_t bytes) {
    return at >= BASE && at + bytes <= __atomic_load_n(&next_address, __ATOMIC_RELAXED);
}

EXPORT CUresult cuMemAddressReserve(CUdeviceptr *at, size_t bytes, size_t alignment, CUdeviceptr wanted,
                                    unsigned long long flags) {
    (void)alignment, (void)wanted;
    if (!driver_initialised()) return CUDA_ERROR_NOT_INITIALIZED;
    if (!at || !bytes || bytes % GRANULE || flags) return CUDA_ERROR_INVALID_VALUE;
    *at = addresses_reserve(bytes);
    return CUDA_SUCCESS;
}

static struct mapping **mapping_at(CUdeviceptr at) {
    struct mapping **link = &mappings;
    while (*link && !((*link)->at <= at && at < (*link)->at + (*link)->bytes)) link = &(*link)->next;
    return link;
}

static int any_within(CUdeviceptr at, size_t bytes) {
    for (struct mapping *m = mappings; m; m = m->next) {
        if (m->at < at + bytes && at < m->at + m->bytes) return 1;
    }
    return 0;
}

EXPORT CUresult cuMemAddressFree(CUdeviceptr at, size_t bytes) {
    physical_lock();
    int fine = reserved(at, bytes) && !any_within(at, bytes);
    physical_unlock();
    return fine ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

EXPORT CUresult cuMemMap(CUdeviceptr at, size_t bytes, size_t offset, CUmemGenericAllocationHandle handle,
                         unsigned long long flags) {
    FAULT(CUresult);
    struct mapping *made = malloc(sizeof *made);
    physical_lock();
    struct physical *memory = physical_of(handle);
    int fine = made && memory && memory->handles && !offset && !flags && bytes && bytes % GRANULE == 0 &&
               bytes <= memory->bytes && reserved(at, bytes) && !any_within(at, bytes);
    if (fine) {
        memory->references++;
        *made = (struct mapping){at, bytes, memory, mappings};
        mappings = made;
    }
    physical_unlock();
    if (!fine) free(made);
    return fine ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

/* Whole mappings, with no gap between them. */
static int covered(CUdeviceptr at, size_t bytes) {
    CUdeviceptr to;
    if (__builtin_add_overflow(at, bytes, &to)) return 0;
    while (at < to) {
        struct mapping *mapping = *mapping_at(at);
        if (!mapping || mapping->at != at) return 0;
        at += mapping->bytes;
        if (at > to) return 0;
    }
    return 1;
}

EXPORT CUresult cuMemUnmap(CUdeviceptr at, size_t bytes) {
    FAULT(CUresult);
    physical_lock();
    int fine = bytes && covered(at, bytes);
    for (CUdeviceptr to = at + bytes; fine && at < to;) {
        struct mapping **link = mapping_at(at), *mapping = *link;
        *link = mapping->next;
        at += mapping->bytes;
        physical_drop(mapping->memory);
        free(mapping);
    }
    physical_unlock();
    return fine ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

EXPORT CUresult cuMemSetAccess(CUdeviceptr at, size_t bytes, const CUmemAccessDesc *access, size_t count) {
    (void)access;
    physical_lock();
    int fine = count && bytes && covered(at, bytes);
    physical_unlock();
    return fine ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

EXPORT CUresult cuMemRetainAllocationHandle(CUmemGenericAllocationHandle *handle, void *at) {
    FAULT(CUresult);
    physical_lock();
    struct mapping *mapping = *mapping_at((CUdeviceptr)(uintptr_t)at);
    if (mapping) {
        mapping->memory->handles++;
        mapping->memory->references++;
        *handle = (CUmemGenericAllocationHandle)(uintptr_t)mapping->memory;
    }
    physical_unlock();
    return mapping ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

int mapping_find(CUdeviceptr at, CUdevice *device) {
    physical_lock();
    struct mapping *mapping = *mapping_at(at);
    if (mapping) *device = mapping->memory->device;
    physical_unlock();
    return mapping != NULL;
}
