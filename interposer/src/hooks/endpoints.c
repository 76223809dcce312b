/* Logical endpoints (CUDA 13.5): they hold what is bound to them, as multicast objects do, until it is
 * unbound, or this process destroys the endpoint (cuda.h, cuLogicalEndpointDestroy). An endpoint has no
 * handle but an id, and one unbinding may end several bindings; so these are looked for among all. */
#include "bindings.h"

/* In a record of a binding: which endpoint's. No record of another kind of binding has it. */
static uint64_t mark(CUlogicalEndpointId id) {
    return 1ull << 32 | id;
}

/* Filled in before the binding is kept, when nobody else knows the record. */
static CUresult bound(struct binding *binding, CUresult result, CUlogicalEndpointId id, CUdevice device,
                      cuuint64_t offset) {
    if (binding->record) {
        RECORD_SET(binding->record, context, mark(id));
        RECORD_SET(binding->record, device, device);
        RECORD_SET(binding->record, born, offset);
    }
    return binding_end(binding, result, NULL, binding_place(mark(id), (uint64_t)device, offset));
}

EXPORT CUresult cuLogicalEndpointBindMem(CUlogicalEndpointId id, CUdevice device, cuuint64_t offset,
                                         CUmemGenericAllocationHandle memory, cuuint64_t from,
                                         cuuint64_t bytes, unsigned long long flags) {
    struct binding binding;
    CUresult result = binding_begin(&binding, memory);
    if (result != CUDA_SUCCESS) return result;
    result = FORWARD(driver_cuda(), cuLogicalEndpointBindMem, id, device, offset, memory, from, bytes, flags);
    return bound(&binding, result, id, device, offset);
}

EXPORT CUresult cuLogicalEndpointBindAddr(CUlogicalEndpointId id, CUdevice device, cuuint64_t offset, void *at,
                                          cuuint64_t bytes, unsigned long long flags) {
    struct binding binding;
    CUresult result = binding_begin_at(&binding, (uintptr_t)at);
    if (result != CUDA_SUCCESS) return result;
    result = FORWARD(driver_cuda(), cuLogicalEndpointBindAddr, id, device, offset, at, bytes, flags);
    return bound(&binding, result, id, device, offset);
}

struct range {
    CUlogicalEndpointId id;
    bool all; /* of the endpoint's bindings; else those on a device that begin within a range */
    CUdevice device;
    cuuint64_t offset, bytes;
};

static bool is_within(struct record *record, const struct range *range) {
    if (RECORD_GET(record, kind) != RECORD_BINDING || RECORD_GET(record, context) != mark(range->id)) return false;
    return range->all || (RECORD_GET(record, device) == range->device &&
                          RECORD_GET(record, born) - range->offset < range->bytes);
}

static struct record *let_go(struct slice *slice, const struct range *range) {
    struct record *all = NULL, *record;
    for (uint32_t number = 0; slice && (record = record_numbered(&slice->records, number)); number++) {
        if (is_within(record, range)) holding_let_go_into(&all, slice, record);
    }
    return all;
}

EXPORT CUresult cuLogicalEndpointUnbind(CUlogicalEndpointId id, CUdevice device, cuuint64_t offset,
                                        cuuint64_t bytes) {
    struct slice *slice = slice_attached();
    struct record *all = let_go(slice, &(struct range){id, false, device, offset, bytes});
    CUresult result = FORWARD(driver_cuda(), cuLogicalEndpointUnbind, id, device, offset, bytes);
    return holding_all_gone(all, slice, result);
}

EXPORT CUresult cuLogicalEndpointDestroy(CUlogicalEndpointId id) {
    struct slice *slice = slice_attached();
    struct record *all = let_go(slice, &(struct range){.id = id, .all = true});
    return holding_all_gone(all, slice, FORWARD(driver_cuda(), cuLogicalEndpointDestroy, id));
}
