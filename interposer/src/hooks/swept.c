/* A context that ends frees what was allocated in it (cuda.h, cuCtxDestroy): linear, pitched and
 * managed memory and arrays, but not what came from pools or cuMemCreate. Which addresses these were
 * is not written down at each allocation: that would cost every one of them. The driver is asked,
 * afterwards, which addresses it still knows. In doubt the charge stays. */
#include "contexts.h"

struct sweep {
    const struct cuda *cuda;
    struct slice *slice;
};

/* Any other error does not say that the address is free. */
static bool is_unknown(const struct cuda *cuda, CUdeviceptr at) {
    unsigned type;
    return FORWARD(cuda, cuPointerGetAttribute, &type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, at) ==
           CUDA_ERROR_INVALID_VALUE;
}

/* Asked again once the entry is out: another thread may just have been given the address. It is then
 * kept in place of that one's or beside it, so too much is charged, and never too little. */
static void sweep_address(void *to, uint64_t at, uint64_t value) {
    const struct sweep *sweep = to;
    struct grant grant;
    (void)value;
    if (!is_unknown(sweep->cuda, at) || !grant_take_out(&grant, GRANT_POINTER, at)) return;
    if (is_unknown(sweep->cuda, at)) {
        grant_give_back(&grant);
    } else {
        grant_keep(&grant, at);
    }
}

uint64_t contexts_moment(struct slice *slice) {
    return slice ? __atomic_load_n(&slice->arrays_born, __ATOMIC_ACQUIRE) : 0;
}

/* An array that was made before the moment, in a context that has ended since, is gone; one made
 * later may be of another context with the same handle. */
static void sweep_arrays(struct slice *slice, CUdevice device, uint64_t context, uint64_t moment) {
    struct record *array;
    for (uint32_t number = 0; (array = record_numbered(&slice->records, number)); number++) {
        if (RECORD_GET(array, kind) != RECORD_ARRAY || RECORD_GET(array, born) > moment) continue;
        if (RECORD_GET(array, context) != context || RECORD_GET(array, device) != device) continue;
        if (holding_let_go(slice, array)) holding_gone(slice, array);
    }
}

void contexts_swept(const struct cuda *cuda, struct slice *slice, CUdevice device, uint64_t context,
                    uint64_t moment) {
    sweep_arrays(slice, device, context, moment);
    table_each(&slice->pointers, sweep_address, &(struct sweep){.cuda = cuda, .slice = slice});
}
