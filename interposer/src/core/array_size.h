/* How much of a card an array takes, at most, by its description. */
#ifndef TRANCHE_CORE_ARRAY_SIZE_H
#define TRANCHE_CORE_ARRAY_SIZE_H

#include <stdbool.h>
#include <stdint.h>

/* CUDA_ARRAY3D_DESCRIPTOR, and the levels of a mipmapped array (else 1). */
struct array_shape {
    uint64_t width, height, depth; /* in elements; 0: the array has not that dimension */
    unsigned format, channels, flags, levels;
};

/* Bytes; UINT64_MAX for what no card could hold. A format that is not known counts as the widest. */
uint64_t array_size(const struct array_shape *shape);

bool array_format_is_known(unsigned format);

#endif
