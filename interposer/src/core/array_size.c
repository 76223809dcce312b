/* The driver lays arrays out in blocks (Mesa's NIL and Linux's nouveau have the same): a GOB is 64
 * bytes wide and 8 rows high, a block one GOB wide, 1 to 32 GOBs high, and in a volume 1 to 32
 * slices deep, both powers of two, and no larger than needed. Which sizes a driver prefers is not
 * told, so each dimension is rounded up as by the largest block that it may choose. */
#include "array_size.h"

#include <stddef.h>

#include "../driver_types.h"

enum { GOB_WIDTH = 64, GOB_ROWS = 8, BLOCK_ROWS = 32 * GOB_ROWS, BLOCK_SLICES = 32 };

/* A first plane of all elements, and `chroma` planes of 1 in (1 << x) * (1 << y). */
struct format {
    uint8_t bytes;    /* of an element in the first plane */
    bool per_channel; /* …times the channels */
    uint8_t block;    /* rows and columns of a compressed block, that `bytes` are for */
    uint8_t chroma, chroma_bytes, x, y;
};

#define SAMPLES(n) {.bytes = (n), .per_channel = true}
#define PACKED(n) {.bytes = (n)}
#define BLOCKS(n) {.bytes = (n), .block = 4}
#define SEMIPLANAR(n, right, down) \
    {.bytes = (n), .chroma = 1, .chroma_bytes = 2 * (n), .x = (right), .y = (down)}
#define PLANAR(n, right, down) \
    {.bytes = (n), .chroma = 2, .chroma_bytes = (n), .x = (right), .y = (down)}

/* By CUarray_format, as cuda.h of CUDA 13 has and describes them. 0xa0 is none. */
static const struct format FORMATS[] = {
    [0x01] = SAMPLES(1), SAMPLES(2), SAMPLES(4),     /* UNSIGNED_INT8, 16, 32 */
    [0x08] = SAMPLES(1), SAMPLES(2), SAMPLES(4),     /* SIGNED_INT8, 16, 32 */
    [0x10] = SAMPLES(2),                             /* HALF */
    [0x20] = SAMPLES(4),                             /* FLOAT */
    [0x50] = PACKED(4),                              /* UNORM_INT_101010_2 */
    [0x51] = PACKED(4), PACKED(4),                   /* UINT8_PACKED_422, _444 */
    [0x53] = SEMIPLANAR(1, 1, 1), SEMIPLANAR(2, 1, 1), /* UINT8_SEMIPLANAR_420, UINT16 */
    [0x55] = SEMIPLANAR(1, 1, 0), SEMIPLANAR(2, 1, 0), /* …_422 */
    [0x57] = SEMIPLANAR(1, 0, 0), SEMIPLANAR(2, 0, 0), /* …_444 */
    [0x59] = PLANAR(1, 1, 1), PLANAR(2, 1, 1),       /* UINT8_PLANAR_420, UINT16 */
    [0x5b] = PLANAR(1, 1, 0), PLANAR(2, 1, 0),       /* …_422 */
    [0x5d] = PLANAR(1, 0, 0), PLANAR(2, 0, 0),       /* …_444 */
    [0x91] = BLOCKS(8), BLOCKS(8),                   /* BC1, and as sRGB */
    [0x93] = BLOCKS(16), BLOCKS(16), BLOCKS(16), BLOCKS(16), /* BC2, BC3 */
    [0x97] = BLOCKS(8), BLOCKS(8),                   /* BC4 */
    [0x99] = BLOCKS(16), BLOCKS(16), BLOCKS(16), BLOCKS(16), BLOCKS(16), BLOCKS(16), /* BC5, 6H, 7 */
    [0x9f] = SEMIPLANAR(2, 1, 1),                    /* P010 */
    [0xa1] = SEMIPLANAR(2, 1, 1),                    /* P016 */
    [0xa2] = SEMIPLANAR(1, 1, 0), SEMIPLANAR(2, 1, 0), SEMIPLANAR(2, 1, 0), /* NV16, P210, P216 */
    [0xa5] = PACKED(2), PACKED(4), PACKED(4),        /* YUY2, Y210, Y216 */
    [0xa8] = PACKED(4), PACKED(4),                   /* AYUV, Y410 */
    [0xb0] = SEMIPLANAR(1, 1, 1),                    /* NV12 */
    [0xb1] = PACKED(8),                              /* Y416 */
    [0xb2] = PLANAR(1, 0, 0), PLANAR(2, 0, 0),       /* Y444_PLANAR8, 10 */
    [0xb4] = SEMIPLANAR(1, 0, 0), SEMIPLANAR(2, 0, 0), /* YUV444_8bit_SemiPlanar, 16bit */
    [0xc0] = PACKED(1), PACKED(2), PACKED(4), PACKED(2), PACKED(4), PACKED(8), /* UNORM_INT8X1 … 16X4 */
    [0xc6] = PACKED(1), PACKED(2), PACKED(4), PACKED(2), PACKED(4), PACKED(8), /* SNORM_INT8X1 … 16X4 */
};

/* Four channels of 32 bits. */
static const struct format WIDEST = PACKED(16);

bool array_format_is_known(unsigned format) {
    return format < sizeof FORMATS / sizeof *FORMATS && FORMATS[format].bytes;
}

static uint64_t times(uint64_t a, uint64_t b) {
    uint64_t product;
    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static uint64_t plus(uint64_t a, uint64_t b) {
    uint64_t total;
    return __builtin_add_overflow(a, b, &total) ? UINT64_MAX : total;
}

static uint64_t rounded(uint64_t value, uint64_t to) {
    return value > UINT64_MAX - to ? UINT64_MAX : (value + to - 1) / to * to;
}

/* To the next power of two from `least`, above `most` to a multiple of that. */
static uint64_t blocked(uint64_t value, uint64_t least, uint64_t most) {
    if (value > most) return rounded(value, most);
    uint64_t power = least;
    while (power < value) power *= 2;
    return power;
}

static uint64_t shifted(uint64_t value, unsigned by) {
    value >>= by;
    return value ? value : 1;
}

static uint64_t plane(uint64_t row_bytes, uint64_t rows, uint64_t slices) {
    uint64_t slice = times(rounded(row_bytes, GOB_WIDTH), blocked(rows, GOB_ROWS, BLOCK_ROWS));
    return times(slice, slices);
}

static uint64_t level_size(const struct format *format, uint64_t element, uint64_t width,
                           uint64_t height, uint64_t slices) {
    if (format->block) {
        width = plus(width, format->block - 1u) / format->block;
        height = plus(height, format->block - 1u) / format->block;
    }
    uint64_t size = plane(times(width, element), height, slices);
    for (unsigned i = 0; i < format->chroma; i++) {
        uint64_t columns = plus(width, format->x) >> format->x;
        uint64_t rows = plus(height, format->y) >> format->y;
        size = plus(size, plane(times(columns, format->chroma_bytes), rows, slices));
    }
    return size;
}

uint64_t array_size(const struct array_shape *shape) {
    const struct format *format = array_format_is_known(shape->format) ? &FORMATS[shape->format] : &WIDEST;
    uint64_t element = times(format->bytes, format->per_channel ? shape->channels : 1);
    uint64_t width = shifted(shape->width, 0), height = shifted(shape->height, 0);
    uint64_t depth = shifted(shape->depth, 0), size = 0;
    bool layered = shape->flags & (CUDA_ARRAY3D_LAYERED | CUDA_ARRAY3D_CUBEMAP);
    for (unsigned level = 0; level < shape->levels || level == 0; level++) {
        uint64_t slices = layered ? depth : blocked(depth, 1, BLOCK_SLICES);
        size = plus(size, level_size(format, element, width, height, slices));
        /* Levels asked for beyond the smallest are not made. */
        if (width == 1 && height == 1 && (layered || depth == 1)) break;
        width = shifted(width, 1);
        height = shifted(height, 1);
        if (!layered) depth = shifted(depth, 1);
    }
    return size;
}
