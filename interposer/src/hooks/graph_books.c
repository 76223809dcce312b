/* What the driver has for the graphs of a card, and what a launch may add to it. */
#include "../say.h"
#include "capture.h"
#include "graphs.h"
#include "pools.h"

#define LOAD(word) __atomic_load_n(&(word), __ATOMIC_SEQ_CST)

static bool driver_has(const void *of, uint64_t *bytes) {
    return FORWARD(driver_cuda(), cuDeviceGetGraphMemAttribute, *(const CUdevice *)of,
                   CU_GRAPH_MEM_ATTR_RESERVED_MEM_CURRENT, bytes) == CUDA_SUCCESS;
}

void graphs_forget(struct slice *slice, unsigned card) {
    __atomic_fetch_add(&slice->graphs[card].generation, 1, __ATOMIC_SEQ_CST);
}

void graphs_settle(struct slice *slice, unsigned card, uint64_t reserved) {
    struct graph_memory *memory = &slice->graphs[card];
    CUdevice device = LOAD(memory->device);
    uint64_t bytes;
    /* Less than before: some graph has lost what it had. It must know before the charge is less. */
    if (driver_has(&device, &bytes) && bytes < account_charged(&memory->account)) {
        graphs_forget(slice, card);
    }
    account_settle(&memory->account, &slice->ledger, card, reserved, driver_has, &device);
}

void graphs_make_room(const struct cuda *cuda, struct slice *slice, unsigned card) {
    struct graph_memory *memory = &slice->graphs[card];
    if (!account_charged(&memory->account)) return;
    FORWARD(cuda, cuDeviceGraphMemTrim, LOAD(memory->device));
    graphs_settle(slice, card, 0);
}

/* What it had at its last launch is there at this one, if it is the same stream (in another one the
 * driver may give it other memory) and the driver gave nothing back since. Pinned first, so that it
 * stays charged until this launch is over. */
static bool has_memory(struct graph_launch *launch, unsigned card) {
    struct graph_memory *memory = &launch->slice->graphs[card];
    const struct graph_exec *exec = launch->exec;
    if (__atomic_load_n(&exec->stream, __ATOMIC_RELAXED) != launch->stream) return false;
    if (!account_pin(&memory->account)) return false;
    if (__atomic_load_n(&exec->seen[card], __ATOMIC_RELAXED) == LOAD(memory->generation)) return true;
    account_unpin(&memory->account);
    return false;
}

/* As with pools: first without what nobody uses, then without what is used no more once the stream
 * has got so far. */
static bool reserve(const struct cuda *cuda, struct graph_launch *launch, unsigned card) {
    struct slice *slice = launch->slice;
    struct graph_memory *memory = &slice->graphs[card];
    __atomic_store_n(&memory->device, launch->exec->needs.devices[card], __ATOMIC_SEQ_CST);
    enum { AT_ONCE, AFTER_TRIMMING, AFTER_WAITING };
    for (int attempt = AT_ONCE; attempt <= AFTER_WAITING; attempt++) {
        if (attempt == AFTER_WAITING) {
            if (!account_charged(&memory->account) && !pools_have_slack(cuda, slice, card)) break;
            pools_wait_for(cuda, slice, launch->stream);
        }
        if (attempt != AT_ONCE) pools_make_room(cuda, slice, card);
        launch->generation[card] = LOAD(memory->generation);
        enum ledger_answer answer = account_reserve(&memory->account, &slice->ledger, card,
                                                    launch->exec->needs.bytes[card]);
        if (answer == LEDGER_GRANTED) return true;
        if (answer == LEDGER_SLOT_LOST) {
            say_once(SAY_SLOT_LOST);
            return false;
        }
    }
    ledger_refuse(&slice->ledger, card);
    return false;
}

CUresult graph_exec_before(const struct cuda *cuda, struct graph_launch *launch) {
    for (unsigned card = 0; card < TRANCHE_MAX_CARDS; card++) {
        if (!(launch->exec->needs.cards >> card & 1)) continue;
        if (has_memory(launch, card)) {
            launch->pinned |= 1u << card;
        } else if (reserve(cuda, launch, card)) {
            launch->reserved |= 1u << card;
        } else {
            graphs_after_launch(launch, CUDA_ERROR_OUT_OF_MEMORY);
            return CUDA_ERROR_OUT_OF_MEMORY;
        }
    }
    return CUDA_SUCCESS;
}

CUresult graphs_before_launch(const struct cuda *cuda, CUgraphExec exec, CUstream stream,
                              struct graph_launch *launch) {
    uint64_t at;
    launch->exec = NULL;
    struct slice *slice = slice_attached();
    if (!slice || !__atomic_load_n(&slice->memory_graphs, __ATOMIC_RELAXED)) return CUDA_SUCCESS;
    if (!table_get(&slice->execs, (uintptr_t)exec, &at)) return CUDA_SUCCESS;
    if (capture_in_progress(cuda, stream)) return CUDA_SUCCESS;
    *launch = (struct graph_launch){
        .slice = slice, .exec = (struct graph_exec *)(uintptr_t)at, .stream = stream};
    return graph_exec_before(cuda, launch);
}

void graphs_after_launch(struct graph_launch *launch, CUresult result) {
    struct graph_exec *exec = launch->exec;
    if (!exec) return;
    for (unsigned card = 0; card < TRANCHE_MAX_CARDS; card++) {
        bool reserved = launch->reserved >> card & 1, pinned = launch->pinned >> card & 1;
        if (!reserved && !pinned) continue;
        if (pinned) account_unpin(&launch->slice->graphs[card].account);
        graphs_settle(launch->slice, card, reserved ? exec->needs.bytes[card] : 0);
        if (reserved && result == CUDA_SUCCESS) {
            __atomic_store_n(&exec->seen[card], launch->generation[card], __ATOMIC_RELAXED);
        }
    }
    if (result == CUDA_SUCCESS) __atomic_store_n(&exec->stream, launch->stream, __ATOMIC_RELAXED);
}
