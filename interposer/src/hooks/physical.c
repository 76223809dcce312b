/* Physical memory without an address: it is free once nobody holds a handle of it and it is mapped
 * nowhere (cuda.h, cuMemRelease), and until then it is charged. */
#include "holding.h"

/* No mapping is finer than this; where one lies is looked for in such steps. */
enum { FINEST = 64 << 10 };

EXPORT CUresult cuMemCreate(CUmemGenericAllocationHandle *handle, size_t bytes,
                            const CUmemAllocationProp *props, cuuint64_t flags) {
    const struct cuda *cuda = driver_cuda();
    CUdevice device;
    /* Host memory takes nothing of a card; what makes no sense is the driver's to refuse. */
    if (!handle || !props || !grant_location(&props->location, &device)) {
        return FORWARD(cuda, cuMemCreate, handle, bytes, props, flags);
    }
    if (!cuda) return CUDA_ERROR_NOT_INITIALIZED;
    struct slice *slice;
    struct record *record;
    CUresult result = holding_reserve(cuda, device, bytes, &slice, &record);
    if (result != CUDA_SUCCESS) return result;
    result = FORWARD(cuda, cuMemCreate, handle, bytes, props, flags);
    if (result == CUDA_SUCCESS) {
        if (holding_keep(slice, record, RECORD_PHYSICAL, *handle)) return CUDA_SUCCESS;
        FORWARD(cuda, cuMemRelease, *handle);
        result = CUDA_ERROR_OUT_OF_MEMORY;
    }
    holding_give_back(slice, record);
    return result;
}

EXPORT CUresult cuMemRelease(CUmemGenericAllocationHandle handle) {
    struct slice *slice = slice_attached();
    struct record *record = holding_find(slice, RECORD_PHYSICAL, handle);
    bool held = record && holding_let_go(slice, record);
    CUresult result = FORWARD(driver_cuda(), cuMemRelease, handle);
    if (!held) return result;
    if (result == CUDA_SUCCESS) {
        holding_gone(slice, record);
    } else {
        holding_hold_again(slice, record);
    }
    return result;
}

/* The driver has counted one more holder of a handle; of memory that is not this process's own
 * nothing is known, and it stays so. */
static CUresult one_more_holder(CUresult result, const CUmemGenericAllocationHandle *handle) {
    if (result != CUDA_SUCCESS) return result;
    struct record *record = holding_find(slice_attached(), RECORD_PHYSICAL, *handle);
    if (record) holding_hold(record);
    return result;
}

EXPORT CUresult cuMemRetainAllocationHandle(CUmemGenericAllocationHandle *handle, void *at) {
    return one_more_holder(FORWARD(driver_cuda(), cuMemRetainAllocationHandle, handle, at), handle);
}

/* A process may import what it exported itself, and be given the same handle. */
EXPORT CUresult cuMemImportFromShareableHandle(CUmemGenericAllocationHandle *handle, void *from, int type) {
    return one_more_holder(FORWARD(driver_cuda(), cuMemImportFromShareableHandle, handle, from, type), handle);
}

EXPORT CUresult cuMemMap(CUdeviceptr at, size_t bytes, size_t offset, CUmemGenericAllocationHandle handle,
                         cuuint64_t flags) {
    const struct cuda *cuda = driver_cuda();
    struct slice *slice = slice_attached();
    struct record *memory = holding_find(slice, RECORD_PHYSICAL, handle);
    if (!memory) return FORWARD(cuda, cuMemMap, at, bytes, offset, handle, flags);
    struct record *mapping = record_new(&slice->records);
    if (!mapping) return CUDA_ERROR_OUT_OF_MEMORY;
    mapping->length = bytes;
    mapping->target = memory;
    holding_hold(memory);
    CUresult result = FORWARD(cuda, cuMemMap, at, bytes, offset, handle, flags);
    if (result == CUDA_SUCCESS) {
        if (holding_keep(slice, mapping, RECORD_MAPPING, at)) return CUDA_SUCCESS;
        FORWARD(cuda, cuMemUnmap, at, bytes);
        result = CUDA_ERROR_OUT_OF_MEMORY;
    }
    if (holding_let_go(slice, memory)) holding_gone(slice, memory);
    holding_give_back(slice, mapping);
    return result;
}

static struct record *let_go_by_steps(struct slice *slice, CUdeviceptr at, size_t bytes) {
    struct record *all = NULL;
    for (size_t done = 0; done < bytes;) {
        struct record *mapping = holding_find(slice, RECORD_MAPPING, at + done);
        bool ours = mapping && holding_let_go_into(&all, slice, mapping);
        done += ours && mapping->length ? mapping->length : FINEST;
    }
    return all;
}

static struct record *let_go_by_records(struct slice *slice, CUdeviceptr at, size_t bytes) {
    struct record *all = NULL, *mapping;
    for (uint32_t number = 0; (mapping = record_numbered(&slice->records, number)); number++) {
        if (RECORD_GET(mapping, kind) != RECORD_MAPPING || RECORD_GET(mapping, key) - at >= bytes) continue;
        holding_let_go_into(&all, slice, mapping);
    }
    return all;
}

/* Lets go of all mappings within a range, in a list. A driver may unmap several at once. Looked for by
 * whichever is less: a program may name any range, and the driver refuses it at once. */
static struct record *let_go_within(struct slice *slice, CUdeviceptr at, size_t bytes) {
    bool few = bytes / FINEST <= __atomic_load_n(&slice->records.made, __ATOMIC_ACQUIRE);
    return few ? let_go_by_steps(slice, at, bytes) : let_go_by_records(slice, at, bytes);
}

EXPORT CUresult cuMemUnmap(CUdeviceptr at, size_t bytes) {
    struct slice *slice = slice_attached();
    struct record *all = slice ? let_go_within(slice, at, bytes) : NULL;
    return holding_all_gone(all, slice, FORWARD(driver_cuda(), cuMemUnmap, at, bytes));
}
