#include "ranges.h"

#include <stdbool.h>

static bool before(const struct range *a, const struct range *b) {
    return a->device != b->device ? a->device < b->device : a->start < b->start;
}

/* By gaps that shrink (Shell): in place, and libc's qsort may allocate. */
void ranges_sort(struct range *ranges, size_t count) {
    for (size_t gap = count / 2; gap > 0; gap = gap == 2 ? 1 : gap * 5 / 11) {
        for (size_t i = gap; i < count; i++) {
            struct range moved = ranges[i];
            size_t at = i;
            for (; at >= gap && before(&moved, &ranges[at - gap]); at -= gap) {
                ranges[at] = ranges[at - gap];
            }
            ranges[at] = moved;
        }
    }
}

uint64_t ranges_of_device(const struct range *ranges, size_t count, uint64_t step, size_t *done) {
    uint64_t bytes = 0, reached = 0;
    size_t i = 0;
    for (; i < count && ranges[i].device == ranges[0].device; i++) {
        uint64_t start = ranges[i].start & ~(step - 1);
        uint64_t end = ranges[i].end > UINT64_MAX - step ? UINT64_MAX & ~(step - 1)
                                                         : (ranges[i].end + step - 1) & ~(step - 1);
        if (start < reached) start = reached;
        if (end <= start) continue;
        bytes += end - start;
        reached = end;
    }
    *done = i;
    return bytes;
}
