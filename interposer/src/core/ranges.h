/* Pieces of addresses on cards, and what memory they need all together. */
#ifndef TRANCHE_CORE_RANGES_H
#define TRANCHE_CORE_RANGES_H

#include <stddef.h>
#include <stdint.h>

struct range {
    uint64_t start, end; /* addresses; up to `end` */
    int device;
};

/* Sorts the ranges by device and start. */
void ranges_sort(struct range *ranges, size_t count);

/* Bytes that the leading ranges of one device take when each is widened to whole steps (a power of
 * two) and what overlaps counts once. `*done` is how many ranges these were. */
uint64_t ranges_of_device(const struct range *ranges, size_t count, uint64_t step, size_t *done);

#endif
