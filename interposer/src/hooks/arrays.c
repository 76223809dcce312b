/* Arrays. What the driver takes for one it tells nobody (cuArrayGetMemoryRequirements answers only
 * for arrays that take nothing yet), so the most that it may be is charged: core/array_size.c. */
#include "../core/array_size.h"
#include "holding.h"

struct making {
    struct slice *slice;
    struct record *record;
};

/* Arrays go with the context they were made in. A primary context, or a green one of it, is known by
 * its card alone; 0 here. */
static uint64_t own_context(const struct cuda *cuda, struct slice *slice) {
    CUcontext context = NULL;
    if (FORWARD(cuda, cuCtxGetCurrent, &context) != CUDA_SUCCESS) return 0;
    struct record *record = holding_find(slice, RECORD_CONTEXT, (uintptr_t)context);
    return record && record->kind == RECORD_CONTEXT ? (uintptr_t)context : 0;
}

/* Nothing lies behind a sparse array, or one that is mapped later, until memory of cuMemCreate is
 * mapped into it; that is charged by itself. */
static CUresult begin(const struct cuda *cuda, const struct array_shape *shape, struct making *making) {
    CUdevice device;
    CUresult result = grant_current_device(cuda, &device);
    if (result != CUDA_SUCCESS) return result;
    bool empty = shape->flags & (CUDA_ARRAY3D_SPARSE | CUDA_ARRAY3D_DEFERRED_MAPPING);
    uint64_t bytes = empty ? 0 : array_size(shape);
    return holding_reserve(cuda, device, bytes, &making->slice, &making->record);
}

/* Whether it is remembered; if not, the caller destroys what was made. */
static bool kept(const struct cuda *cuda, struct making *making, CUresult result, void *made) {
    struct record *record = making->record;
    if (result == CUDA_SUCCESS) {
        RECORD_SET(record, context, own_context(cuda, making->slice));
        RECORD_SET(record, born, __atomic_add_fetch(&making->slice->arrays_born, 1, __ATOMIC_ACQ_REL));
        if (holding_keep(making->slice, record, RECORD_ARRAY, (uintptr_t)made)) return true;
    }
    holding_give_back(making->slice, record);
    return false;
}

static CUresult end(const struct cuda *cuda, struct making *making, CUresult result, const CUarray *made) {
    if (kept(cuda, making, result, result ? NULL : *made) || result != CUDA_SUCCESS) return result;
    FORWARD(cuda, cuArrayDestroy, *made);
    return CUDA_ERROR_OUT_OF_MEMORY;
}

#define SHAPE(from) .width = (from)->Width, .height = (from)->Height, .format = (unsigned)(from)->Format, \
                    .channels = (from)->NumChannels
#define SHAPE_3D(from) SHAPE(from), .depth = (from)->Depth, .flags = (from)->Flags

#define MAKES_ARRAY(name, descriptor, shape_of)                                           \
    EXPORT CUresult name(CUarray *array, const descriptor *from) {                        \
        const struct cuda *cuda = driver_cuda();                                          \
        if (!array || !from) return FORWARD(cuda, name, array, from);                     \
        struct making making;                                                             \
        CUresult result = begin(cuda, &(struct array_shape){shape_of(from)}, &making);    \
        if (result != CUDA_SUCCESS) return result;                                        \
        return end(cuda, &making, FORWARD(cuda, name, array, from), array);               \
    }

MAKES_ARRAY(cuArrayCreate, CUDA_ARRAY_DESCRIPTOR_v1, SHAPE)
MAKES_ARRAY(cuArrayCreate_v2, CUDA_ARRAY_DESCRIPTOR_v2, SHAPE)
MAKES_ARRAY(cuArray3DCreate, CUDA_ARRAY3D_DESCRIPTOR_v1, SHAPE_3D)
MAKES_ARRAY(cuArray3DCreate_v2, CUDA_ARRAY3D_DESCRIPTOR_v2, SHAPE_3D)

EXPORT CUresult cuMipmappedArrayCreate(CUmipmappedArray *array, const CUDA_ARRAY3D_DESCRIPTOR_v2 *from,
                                       unsigned levels) {
    const struct cuda *cuda = driver_cuda();
    if (!array || !from) return FORWARD(cuda, cuMipmappedArrayCreate, array, from, levels);
    struct making making;
    CUresult result = begin(cuda, &(struct array_shape){SHAPE_3D(from), .levels = levels}, &making);
    if (result != CUDA_SUCCESS) return result;
    result = FORWARD(cuda, cuMipmappedArrayCreate, array, from, levels);
    if (kept(cuda, &making, result, result ? NULL : *array) || result != CUDA_SUCCESS) return result;
    FORWARD(cuda, cuMipmappedArrayDestroy, *array);
    return CUDA_ERROR_OUT_OF_MEMORY;
}

/* Levels and planes of an array, and arrays over imported memory, are in no table. */
static struct record *let_go(void *array) {
    struct slice *slice = slice_attached();
    struct record *record = holding_find(slice, RECORD_ARRAY, (uintptr_t)array);
    return record && holding_let_go(slice, record) ? record : NULL;
}

static CUresult gone(struct record *record, CUresult result) {
    struct slice *slice = slice_attached();
    if (record && result == CUDA_SUCCESS) holding_gone(slice, record);
    if (record && result != CUDA_SUCCESS) holding_hold_again(slice, record);
    return result;
}

EXPORT CUresult cuArrayDestroy(CUarray array) {
    struct record *record = let_go(array);
    return gone(record, FORWARD(driver_cuda(), cuArrayDestroy, array));
}

EXPORT CUresult cuMipmappedArrayDestroy(CUmipmappedArray array) {
    struct record *record = let_go(array);
    return gone(record, FORWARD(driver_cuda(), cuMipmappedArrayDestroy, array));
}
