/* A context that ends frees what was allocated in it (cuda.h, cuCtxDestroy): linear, pitched and
 * managed memory and arrays, but not what came from pools or cuMemCreate. Which addresses these were
 * is not written down at each allocation: that would cost every one of them. The driver is asked,
 * afterwards, which addresses it still knows, and which primary contexts are active.
 *
 * It may say that something is gone while another thread's call is still at freeing it. So only an
 * answer counts that came while no such call was under way; whoever ends last looks for all. In
 * doubt the charge stays. */
#include "contexts.h"

#define LOAD(word) __atomic_load_n(&(word), __ATOMIC_SEQ_CST)
#define ADD(word) __atomic_add_fetch(&(word), 1, __ATOMIC_SEQ_CST)

struct sweep {
    const struct cuda *cuda;
    struct slice *slice;
    uint32_t begun; /* endings, when it began, all of them done */
    uint64_t born;  /* arrays by then */
    enum { UNKNOWN, ACTIVE, ENDED } primaries[SLICE_ORDINALS];
};

/* Another ending has begun: what it leaves, and what is left now, is that one's to look for. */
static bool is_disturbed(const struct sweep *sweep) {
    return LOAD(sweep->slice->endings_begun) != sweep->begun;
}

/* Any other error does not say that the address is free. */
static bool is_gone(const struct sweep *sweep, CUdeviceptr at) {
    unsigned type;
    CUresult result = FORWARD(sweep->cuda, cuPointerGetAttribute, &type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, at);
    return result == CUDA_ERROR_INVALID_VALUE && !is_disturbed(sweep);
}

/* Asked again once the entry is out: another thread may just have been given the address, and what is
 * out be that one's. */
static void sweep_address(void *to, uint64_t at, uint64_t value) {
    const struct sweep *sweep = to;
    struct grant grant;
    (void)value;
    if (!is_gone(sweep, at) || !grant_take_out(&grant, GRANT_POINTER, at)) return;
    if (is_gone(sweep, at)) {
        grant_give_back(&grant);
    } else {
        grant_put_back(&grant, at);
    }
}

static bool has_ended(struct sweep *sweep, CUdevice device) {
    if (device < 0 || device >= SLICE_ORDINALS) return false;
    if (sweep->primaries[device] == UNKNOWN) {
        bool ended = !primary_is_active(sweep->cuda, device) && !is_disturbed(sweep);
        sweep->primaries[device] = ended ? ENDED : ACTIVE;
    }
    return sweep->primaries[device] == ENDED;
}

static void drop_array(struct slice *slice, struct record *array) {
    if (holding_let_go(slice, array)) holding_gone(slice, array);
}

/* Made by then, in a primary context that is not there since, or is another one. */
static void sweep_arrays(struct sweep *sweep) {
    struct record *array;
    for (uint32_t number = 0; (array = record_numbered(&sweep->slice->records, number)); number++) {
        if (RECORD_GET(array, kind) != RECORD_ARRAY || RECORD_GET(array, context) != 0) continue;
        if (RECORD_GET(array, born) > sweep->born) continue;
        if (has_ended(sweep, RECORD_GET(array, device))) drop_array(sweep->slice, array);
    }
}

static void sweep_primaries(struct sweep *sweep) {
    for (CUdevice device = 0; device < SLICE_ORDINALS; device++) {
        if (!LOAD(sweep->slice->primaries[device]) || !has_ended(sweep, device)) continue;
        uint64_t bytes = primary_take_out(sweep->slice, device);
        __atomic_store_n(&sweep->slice->context_limits[device], 0, __ATOMIC_SEQ_CST);
        sweep->primaries[device] = UNKNOWN;
        primary_taken_out(sweep->cuda, sweep->slice, device, bytes, has_ended(sweep, device));
    }
}

void ending_begins(struct slice *slice) {
    if (slice) ADD(slice->endings_begun);
}

void ending_is_done(const struct cuda *cuda, struct slice *slice, bool ended) {
    if (!slice) return;
    if (ended) __atomic_store_n(&slice->endings_left, 1, __ATOMIC_SEQ_CST);
    uint32_t done = ADD(slice->endings_done);
    if (LOAD(slice->endings_begun) != done) return;
    if (!__atomic_exchange_n(&slice->endings_left, 0, __ATOMIC_SEQ_CST)) return;
    struct sweep sweep = {.cuda = cuda, .slice = slice, .begun = done, .born = LOAD(slice->arrays_born)};
    sweep_arrays(&sweep);
    sweep_primaries(&sweep);
    table_each(&slice->pointers, sweep_address, &sweep);
    if (is_disturbed(&sweep)) __atomic_store_n(&slice->endings_left, 1, __ATOMIC_SEQ_CST);
}

void ending_drops_arrays(struct slice *slice, uint64_t context, uint64_t born) {
    struct record *array;
    for (uint32_t number = 0; (array = record_numbered(&slice->records, number)); number++) {
        if (RECORD_GET(array, kind) != RECORD_ARRAY || RECORD_GET(array, context) != context) continue;
        if (RECORD_GET(array, born) <= born) drop_array(slice, array);
    }
}
