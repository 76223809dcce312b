/* Physical memory that is bound to multicast objects and logical endpoints or mapped into sparse arrays. */
#include <stdlib.h>
#include <string.h>

#include "physical.h"

struct binding {
    const void *owner;
    unsigned long long place[5]; /* in the owner */
    struct physical *memory;
    struct binding *next;
};

static struct binding *bindings;

static int bind_memory(const void *owner, const unsigned long long place[5], struct physical *memory) {
    struct binding *made = memory ? malloc(sizeof *made) : NULL;
    if (!made) return 0;
    memory->references++;
    *made = (struct binding){.owner = owner, .memory = memory, .next = bindings};
    memcpy(made->place, place, sizeof made->place);
    bindings = made;
    return 1;
}

/* All of an owner's for a place of NULL. */
static int unbind(const void *owner, const unsigned long long *place) {
    int any = 0;
    for (struct binding **link = &bindings, *binding; (binding = *link);) {
        if (binding->owner != owner || (place && memcmp(binding->place, place, sizeof binding->place))) {
            link = &binding->next;
            continue;
        }
        struct physical *memory = binding->memory;
        *link = binding->next;
        free(binding);
        any = 1;
        physical_drop(memory);
        if (!place) link = &bindings; /* it may have had some itself */
    }
    return any;
}

void bindings_end(const void *owner) {
    unbind(owner, NULL);
}

EXPORT CUresult cuMulticastCreate(CUmemGenericAllocationHandle *object, const CUmulticastObjectProp *props) {
    FAULT(CUresult);
    if (!driver_initialised()) return CUDA_ERROR_NOT_INITIALIZED;
    physical_lock();
    *object = (CUmemGenericAllocationHandle)(uintptr_t)physical_made(0, props->size, 0);
    physical_unlock();
    return *object ? CUDA_SUCCESS : CUDA_ERROR_OUT_OF_MEMORY;
}

EXPORT CUresult cuMulticastBindMem_v2(CUmemGenericAllocationHandle object, CUdevice device, size_t offset,
                                      CUmemGenericAllocationHandle memory, size_t from, size_t bytes,
                                      unsigned long long flags) {
    physical_lock();
    struct physical *owner = physical_of(object), *bound = physical_of(memory);
    int fine = owner && bound && !flags && from + bytes <= bound->bytes && offset + bytes <= owner->bytes &&
               bind_memory(owner, (unsigned long long[5]){(unsigned)device, offset}, bound);
    physical_unlock();
    return fine ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

EXPORT CUresult cuMulticastBindMem(CUmemGenericAllocationHandle object, size_t offset,
                                   CUmemGenericAllocationHandle memory, size_t from, size_t bytes,
                                   unsigned long long flags) {
    FAULT(CUresult);
    struct physical *bound = physical_of(memory);
    return cuMulticastBindMem_v2(object, bound ? bound->device : 0, offset, memory, from, bytes, flags);
}

EXPORT CUresult cuMulticastBindAddr_v2(CUmemGenericAllocationHandle object, CUdevice device, size_t offset,
                                       CUdeviceptr at, size_t bytes, unsigned long long flags) {
    CUmemGenericAllocationHandle memory;
    CUresult result = cuMemRetainAllocationHandle(&memory, (void *)(uintptr_t)at);
    if (result != CUDA_SUCCESS) return result;
    result = cuMulticastBindMem_v2(object, device, offset, memory, 0, bytes, flags);
    cuMemRelease(memory);
    return result;
}

EXPORT CUresult cuMulticastBindAddr(CUmemGenericAllocationHandle object, size_t offset, CUdeviceptr at,
                                    size_t bytes, unsigned long long flags) {
    CUdevice device;
    if (!mapping_find(at, &device)) return CUDA_ERROR_INVALID_VALUE;
    return cuMulticastBindAddr_v2(object, device, offset, at, bytes, flags);
}

EXPORT CUresult cuMulticastUnbind(CUmemGenericAllocationHandle object, CUdevice device, size_t offset,
                                  size_t bytes) {
    FAULT(CUresult);
    (void)bytes;
    physical_lock();
    struct physical *owner = physical_of(object);
    int any = owner && unbind(owner, (unsigned long long[5]){(unsigned)device, offset});
    physical_unlock();
    return any ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

/* An endpoint is its id; whether there is one nobody here asks. */
static const void *endpoint(CUlogicalEndpointId id) {
    static char endpoints[256];
    return &endpoints[id % sizeof endpoints];
}

EXPORT CUresult cuLogicalEndpointBindMem(CUlogicalEndpointId id, CUdevice device, cuuint64_t offset,
                                         CUmemGenericAllocationHandle memory, cuuint64_t from,
                                         cuuint64_t bytes, unsigned long long flags) {
    FAULT(CUresult);
    physical_lock();
    struct physical *bound = physical_of(memory);
    int fine = bound && !flags && from + bytes <= bound->bytes &&
               bind_memory(endpoint(id), (unsigned long long[5]){(unsigned)device, offset}, bound);
    physical_unlock();
    return fine ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

EXPORT CUresult cuLogicalEndpointBindAddr(CUlogicalEndpointId id, CUdevice device, cuuint64_t offset, void *at,
                                          cuuint64_t bytes, unsigned long long flags) {
    CUmemGenericAllocationHandle memory;
    CUresult result = cuMemRetainAllocationHandle(&memory, at);
    if (result != CUDA_SUCCESS) return result;
    result = cuLogicalEndpointBindMem(id, device, offset, memory, 0, bytes, flags);
    cuMemRelease(memory);
    return result;
}

/* All within the range; here in steps of a card's pages. */
EXPORT CUresult cuLogicalEndpointUnbind(CUlogicalEndpointId id, CUdevice device, cuuint64_t offset,
                                        cuuint64_t bytes) {
    FAULT(CUresult);
    int any = 0;
    physical_lock();
    for (cuuint64_t done = 0; done < bytes; done += 2 << 20) {
        any |= unbind(endpoint(id), (unsigned long long[5]){(unsigned)device, offset + done});
    }
    physical_unlock();
    return any ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

EXPORT CUresult cuLogicalEndpointDestroy(CUlogicalEndpointId id) {
    FAULT(CUresult);
    physical_lock();
    bindings_end(endpoint(id));
    physical_unlock();
    return CUDA_SUCCESS;
}

/* At once, whatever the stream. */
EXPORT CUresult cuMemMapArrayAsync(CUarrayMapInfo *list, unsigned count, CUstream stream) {
    (void)stream;
    int fine = list || !count;
    physical_lock();
    for (unsigned i = 0; fine && i < count; i++) {
        unsigned long long place[5] = {(unsigned)list[i].subresourceType};
        memcpy(&place[1], &list[i].subresource, sizeof list[i].subresource);
        unbind(list[i].resource.array, place);
        if (list[i].memOperationType != CU_MEM_OPERATION_TYPE_MAP) continue;
        fine = bind_memory(list[i].resource.array, place, physical_of(list[i].memHandle.memHandle));
    }
    physical_unlock();
    return fine ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

EXPORT CUresult cuMemMapArrayAsync_ptsz(CUarrayMapInfo *list, unsigned count, CUstream stream) {
    return cuMemMapArrayAsync(list, count, stream);
}
