/* Arrays. They take what the open drivers for these cards give an image (Linux's and Mesa's nouveau):
 * rows of whole 64 bytes, in blocks of at most 16 times 8 rows, and for volumes 4 times 8 rows and 32
 * slices, none larger than needed. */
#include <stdlib.h>

#include "physical.h"

struct CUarray_st {
    uint32_t context;
    CUdeviceptr block; /* 0: sparse, or mapped later */
    uint64_t needed;
    unsigned flags, levels; /* 0 levels: no mipmapped one */
    int alive;
};

struct planes {
    unsigned first, chroma_bytes, chroma_count, shift_x, shift_y, compressed;
};

static struct planes planes_of(CUarray_format format, unsigned channels) {
    switch ((unsigned)format) {
        case CU_AD_FORMAT_UNSIGNED_INT8:
        case CU_AD_FORMAT_SIGNED_INT8: return (struct planes){.first = channels};
        case CU_AD_FORMAT_UNSIGNED_INT16:
        case CU_AD_FORMAT_SIGNED_INT16:
        case CU_AD_FORMAT_HALF: return (struct planes){.first = 2 * channels};
        case CU_AD_FORMAT_UNSIGNED_INT32:
        case CU_AD_FORMAT_SIGNED_INT32:
        case CU_AD_FORMAT_FLOAT: return (struct planes){.first = 4 * channels};
        case CU_AD_FORMAT_UNORM_INT8X4: return (struct planes){.first = 4};
        case CU_AD_FORMAT_UNORM_INT16X4: return (struct planes){.first = 8};
        case CU_AD_FORMAT_BC1_UNORM:
        case CU_AD_FORMAT_BC4_UNORM: return (struct planes){.first = 8, .compressed = 1};
        case CU_AD_FORMAT_BC7_UNORM: return (struct planes){.first = 16, .compressed = 1};
        case CU_AD_FORMAT_NV12: return (struct planes){1, 2, 1, 1, 1, 0};
        case CU_AD_FORMAT_P016: return (struct planes){2, 4, 1, 1, 1, 0};
        case CU_AD_FORMAT_Y444_PLANAR8: return (struct planes){1, 1, 2, 0, 0, 0};
        default: return (struct planes){0};
    }
}

static uint64_t in_blocks(uint64_t size, uint64_t unit, uint64_t most_units) {
    uint64_t block = unit;
    while (block < size && block < unit * most_units) block *= 2;
    return (size + block - 1) / block * block;
}

static uint64_t plane_bytes(uint64_t row, uint64_t rows, uint64_t slices, int volume) {
    row = (row + 63) & ~63ull;
    return row * in_blocks(rows, 8, volume ? 4 : 16) * (volume ? in_blocks(slices, 1, 32) : slices);
}

static uint64_t level_bytes(struct planes planes, uint64_t width, uint64_t height, uint64_t depth,
                            int layered) {
    int volume = !layered && depth > 1;
    if (planes.compressed) width = (width + 3) / 4, height = (height + 3) / 4;
    uint64_t bytes = plane_bytes(width * planes.first, height, depth, volume);
    uint64_t columns = (width + planes.shift_x) >> planes.shift_x;
    uint64_t rows = (height + planes.shift_y) >> planes.shift_y;
    return bytes + planes.chroma_count * plane_bytes(columns * planes.chroma_bytes, rows, depth, volume);
}

static uint64_t half(uint64_t size) {
    return size > 1 ? size / 2 : 1;
}

static uint64_t bytes_of(const CUDA_ARRAY3D_DESCRIPTOR *about, unsigned levels) {
    struct planes planes = planes_of(about->Format, about->NumChannels);
    uint64_t width = about->Width, height = about->Height ? about->Height : 1;
    uint64_t depth = about->Depth ? about->Depth : 1, bytes = 0;
    int layered = (about->Flags & (CUDA_ARRAY3D_LAYERED | CUDA_ARRAY3D_CUBEMAP)) != 0;
    for (; levels; levels--) {
        bytes += level_bytes(planes, width, height, depth, layered);
        if (width == 1 && height == 1 && (layered || depth == 1)) break;
        width = half(width), height = half(height);
        if (!layered) depth = half(depth);
    }
    return bytes;
}

static CUresult make(CUarray *array, const CUDA_ARRAY3D_DESCRIPTOR *about, unsigned levels) {
    CUdevice device;
    if (!driver_initialised()) return CUDA_ERROR_NOT_INITIALIZED;
    if (!driver_current(&device)) return CUDA_ERROR_INVALID_CONTEXT;
    if (!array || !about) return CUDA_ERROR_INVALID_VALUE;
    struct planes planes = planes_of(about->Format, about->NumChannels);
    if (!planes.first || about->NumChannels > 4 || (about->NumChannels == 3 && !planes.chroma_count) ||
        !about->Width || about->Width > 1u << 20 || about->Height > 1u << 20 || about->Depth > 1u << 16) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    struct CUarray_st *made = calloc(1, sizeof *made);
    if (!made) return CUDA_ERROR_OUT_OF_MEMORY;
    *made = (struct CUarray_st){.context = driver_context(), .needed = bytes_of(about, levels ? levels : 1),
                                .flags = about->Flags, .levels = levels, .alive = 1};
    if (!(about->Flags & (CUDA_ARRAY3D_SPARSE | CUDA_ARRAY3D_DEFERRED_MAPPING))) {
        CUresult result = memory_take_in(made->context, device, made->needed, &made->block);
        if (result != CUDA_SUCCESS) return free(made), result;
    }
    *array = made;
    return CUDA_SUCCESS;
}

/* Of one that went with its context the block is long gone. */
static CUresult end(CUarray array) {
    if (!array || !array->alive) return CUDA_ERROR_INVALID_HANDLE;
    if (array->context != driver_context()) return CUDA_ERROR_INVALID_CONTEXT;
    array->alive = 0;
    physical_lock();
    bindings_end(array);
    physical_unlock();
    return array->block ? memory_give_back(array->block) : CUDA_SUCCESS;
}

EXPORT CUresult cuArray3DCreate_v2(CUarray *array, const CUDA_ARRAY3D_DESCRIPTOR *about) {
    FAULT(CUresult);
    return make(array, about, 0);
}

EXPORT CUresult cuArray3DCreate(CUarray *array, const CUDA_ARRAY3D_DESCRIPTOR_v1 *about) {
    return make(array, &(CUDA_ARRAY3D_DESCRIPTOR){about->Width, about->Height, about->Depth, about->Format,
                                                  about->NumChannels, about->Flags}, 0);
}

EXPORT CUresult cuArrayCreate_v2(CUarray *array, const CUDA_ARRAY_DESCRIPTOR *about) {
    FAULT(CUresult);
    return make(array, &(CUDA_ARRAY3D_DESCRIPTOR){about->Width, about->Height, 0, about->Format,
                                                  about->NumChannels, 0}, 0);
}

EXPORT CUresult cuArrayCreate(CUarray *array, const CUDA_ARRAY_DESCRIPTOR_v1 *about) {
    return make(array, &(CUDA_ARRAY3D_DESCRIPTOR){about->Width, about->Height, 0, about->Format,
                                                  about->NumChannels, 0}, 0);
}

EXPORT CUresult cuArrayDestroy(CUarray array) {
    FAULT(CUresult);
    return end(array);
}

EXPORT CUresult cuMipmappedArrayCreate(CUmipmappedArray *array, const CUDA_ARRAY3D_DESCRIPTOR *about,
                                       unsigned levels) {
    FAULT(CUresult);
    return make((CUarray *)array, about, levels ? levels : 1);
}

EXPORT CUresult cuMipmappedArrayDestroy(CUmipmappedArray array) {
    FAULT(CUresult);
    return end((CUarray)array);
}

/* As cuda.h has it: only of one that nothing is mapped to yet. */
EXPORT CUresult cuArrayGetMemoryRequirements(CUDA_ARRAY_MEMORY_REQUIREMENTS *needs, CUarray array,
                                             CUdevice device) {
    (void)device;
    if (!(array->flags & CUDA_ARRAY3D_DEFERRED_MAPPING)) return CUDA_ERROR_INVALID_VALUE;
    *needs = (CUDA_ARRAY_MEMORY_REQUIREMENTS){.size = array->needed, .alignment = 65536};
    return CUDA_SUCCESS;
}
