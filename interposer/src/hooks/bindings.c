/* What holds physical memory without mapping it: multicast objects, by what is bound to them, and
 * sparse arrays, by what is mapped into them. */
#include "bindings.h"

uint64_t binding_place(uint64_t a, uint64_t b, uint64_t c) {
    uint64_t mixed = a;
    mixed = (mixed ^ mixed >> 29) * 0xbf58476d1ce4e5b9ull + b;
    mixed = (mixed ^ mixed >> 32) * 0x94d049bb133111ebull + c;
    mixed = (mixed ^ mixed >> 29) * 0xbf58476d1ce4e5b9ull;
    return mixed | 1ull << 63;
}

/* The object takes nothing itself. It is known so that with it goes what is bound to it. */
EXPORT CUresult cuMulticastCreate(CUmemGenericAllocationHandle *object, const void *props) {
    const struct cuda *cuda = driver_cuda();
    struct slice *slice = slice_get();
    struct record *record = slice ? record_new(&slice->records) : NULL;
    CUresult result = FORWARD(cuda, cuMulticastCreate, object, props);
    if (!record) return result;
    if (result == CUDA_SUCCESS && holding_keep(slice, record, RECORD_PHYSICAL, *object)) return result;
    holding_give_back(slice, record);
    return result;
}

CUresult binding_begin(struct binding *binding, CUmemGenericAllocationHandle memory) {
    *binding = (struct binding){.slice = slice_attached()};
    binding->memory = holding_find(binding->slice, RECORD_PHYSICAL, memory);
    if (!binding->memory) return CUDA_SUCCESS;
    binding->record = record_new(&binding->slice->records);
    if (!binding->record) return CUDA_ERROR_OUT_OF_MEMORY;
    binding->record->target = binding->memory;
    holding_hold(binding->memory);
    return CUDA_SUCCESS;
}

CUresult binding_end(struct binding *binding, CUresult result, struct record *owner, uint64_t key) {
    if (!binding->record) return result;
    if (result == CUDA_SUCCESS) {
        if (owner) __atomic_store_n(&owner->backed, 1, __ATOMIC_RELAXED);
        RECORD_SET(binding->record, owner, owner);
        holding_keep(binding->slice, binding->record, RECORD_BINDING, key);
        return result;
    }
    if (holding_let_go(binding->slice, binding->memory)) holding_gone(binding->slice, binding->memory);
    holding_give_back(binding->slice, binding->record);
    return result;
}

static CUresult bound(struct binding *binding, CUresult result, CUmemGenericAllocationHandle object,
                      CUdevice device, size_t offset) {
    struct record *owner = holding_find(binding->slice, RECORD_PHYSICAL, object);
    return binding_end(binding, result, owner, binding_place(object, (uint64_t)device, offset));
}

/* The first versions name no card: it is that of the memory. */
EXPORT CUresult cuMulticastBindMem(CUmemGenericAllocationHandle object, size_t offset,
                                   CUmemGenericAllocationHandle memory, size_t from, size_t bytes,
                                   cuuint64_t flags) {
    struct binding binding;
    CUresult result = binding_begin(&binding, memory);
    if (result != CUDA_SUCCESS) return result;
    result = FORWARD(driver_cuda(), cuMulticastBindMem, object, offset, memory, from, bytes, flags);
    return bound(&binding, result, object, binding.memory ? binding.memory->device : 0, offset);
}

EXPORT CUresult cuMulticastBindMem_v2(CUmemGenericAllocationHandle object, CUdevice device, size_t offset,
                                      CUmemGenericAllocationHandle memory, size_t from, size_t bytes,
                                      cuuint64_t flags) {
    struct binding binding;
    CUresult result = binding_begin(&binding, memory);
    if (result != CUDA_SUCCESS) return result;
    result = FORWARD(driver_cuda(), cuMulticastBindMem_v2, object, device, offset, memory, from, bytes, flags);
    return bound(&binding, result, object, device, offset);
}

CUresult binding_begin_at(struct binding *binding, CUdeviceptr at) {
    const struct cuda *cuda = driver_cuda();
    CUmemGenericAllocationHandle memory;
    if (FORWARD(cuda, cuMemRetainAllocationHandle, &memory, (void *)(uintptr_t)at) != CUDA_SUCCESS) {
        return binding_begin(binding, 0);
    }
    CUresult result = binding_begin(binding, memory);
    FORWARD(cuda, cuMemRelease, memory);
    return result;
}

EXPORT CUresult cuMulticastBindAddr(CUmemGenericAllocationHandle object, size_t offset, CUdeviceptr at,
                                    size_t bytes, cuuint64_t flags) {
    struct binding binding;
    CUresult result = binding_begin_at(&binding, at);
    if (result != CUDA_SUCCESS) return result;
    result = FORWARD(driver_cuda(), cuMulticastBindAddr, object, offset, at, bytes, flags);
    return bound(&binding, result, object, binding.memory ? binding.memory->device : 0, offset);
}

EXPORT CUresult cuMulticastBindAddr_v2(CUmemGenericAllocationHandle object, CUdevice device, size_t offset,
                                       CUdeviceptr at, size_t bytes, cuuint64_t flags) {
    struct binding binding;
    CUresult result = binding_begin_at(&binding, at);
    if (result != CUDA_SUCCESS) return result;
    result = FORWARD(driver_cuda(), cuMulticastBindAddr_v2, object, device, offset, at, bytes, flags);
    return bound(&binding, result, object, device, offset);
}

EXPORT CUresult cuMulticastUnbind(CUmemGenericAllocationHandle object, CUdevice device, size_t offset,
                                  size_t bytes) {
    struct slice *slice = slice_attached();
    struct record *record = holding_find(slice, RECORD_BINDING, binding_place(object, (uint64_t)device, offset));
    bool held = record && holding_let_go(slice, record);
    CUresult result = FORWARD(driver_cuda(), cuMulticastUnbind, object, device, offset, bytes);
    if (held && result == CUDA_SUCCESS) holding_gone(slice, record);
    if (held && result != CUDA_SUCCESS) holding_hold_again(slice, record);
    return result;
}

/* Memory that was mapped into a sparse array counts as held until the array is gone: which part was
 * unmapped again, and when the stream came to it, is not followed. */
static struct record *hold_for_arrays(struct slice *slice, const CUarrayMapInfo *list, unsigned count) {
    struct record *made = NULL;
    for (unsigned i = 0; slice && list && i < count; i++) {
        if (list[i].memOperationType != CU_MEM_OPERATION_TYPE_MAP) continue;
        struct record *array = holding_find(slice, RECORD_ARRAY, (uintptr_t)list[i].resource);
        struct record *memory = holding_find(slice, RECORD_PHYSICAL, list[i].memHandle);
        uint64_t key = binding_place((uintptr_t)array, (uintptr_t)memory, 0);
        if (!array || !memory || holding_find(slice, RECORD_BINDING, key)) continue;
        struct record *record = record_new(&slice->records);
        holding_hold_loosely(memory);
        if (!record) continue;
        record->target = memory;
        record->loose = 1;
        __atomic_store_n(&array->backed, 1, __ATOMIC_RELAXED);
        RECORD_SET(record, owner, array);
        holding_keep(slice, record, RECORD_BINDING, key);
        record->next = made;
        made = record;
    }
    return made;
}

static CUresult held_for_arrays(struct slice *slice, struct record *made, CUresult result) {
    for (struct record *next; result != CUDA_SUCCESS && made; made = next) {
        next = made->next;
        if (holding_let_go(slice, made)) holding_gone(slice, made);
    }
    return result;
}

EXPORT CUresult cuMemMapArrayAsync(CUarrayMapInfo *list, unsigned count, CUstream stream) {
    struct slice *slice = slice_attached();
    struct record *made = hold_for_arrays(slice, list, count);
    return held_for_arrays(slice, made, FORWARD(driver_cuda(), cuMemMapArrayAsync, list, count, stream));
}

EXPORT CUresult cuMemMapArrayAsync_ptsz(CUarrayMapInfo *list, unsigned count, CUstream stream) {
    struct slice *slice = slice_attached();
    struct record *made = hold_for_arrays(slice, list, count);
    return held_for_arrays(slice, made, FORWARD(driver_cuda(), cuMemMapArrayAsync_ptsz, list, count, stream));
}
