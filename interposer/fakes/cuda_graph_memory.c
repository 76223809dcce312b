/* The memory of graphs. As the CUDA Programming Guide tells of graph memory nodes: physical memory
 * is there from the first launch or upload on; it stays when the executable graph is destroyed, for
 * the next one, until cuDeviceGraphMemTrim; that leaves alone what a graph uses that is executing,
 * and what a graph allocated and nobody freed yet. Here no two executable graphs share memory, which
 * a driver may let those do that run in one stream. */
#include <stdlib.h>

#include "graphs.h"
#include "pools.h"

static CUgraphExec all;
static uint64_t cached[MOST_CARDS], reserved[MOST_CARDS], reserved_high[MOST_CARDS];
static uint64_t used[MOST_CARDS], used_high[MOST_CARDS]; /* bytes of live allocations */
static uint64_t live;                                    /* allocations */
pthread_mutex_t graphs_lock = PTHREAD_MUTEX_INITIALIZER;

static void forget_in_child(void) {
    pthread_mutex_init(&graphs_lock, NULL);
    all = NULL;
    live = 0;
    for (int i = 0; i < MOST_CARDS; i++) cached[i] = reserved[i] = used[i] = 0;
}

void exec_list(CUgraphExec exec) {
    static bool registered;
    if (!registered) pthread_atfork(NULL, NULL, forget_in_child);
    registered = true;
    exec->next = all;
    all = exec;
}

static bool has_live(const struct CUgraphExec_st *exec) {
    for (size_t i = 0; i < exec->allocation_count; i++) {
        if (exec->allocations[i].live) return true;
    }
    return false;
}

void exec_bury(CUgraphExec exec) {
    if (!exec->destroyed || has_live(exec)) return;
    CUgraphExec *at = &all;
    while (*at && *at != exec) at = &(*at)->next;
    if (*at) *at = exec->next;
    for (int i = 0; i < MOST_CARDS; i++) cached[i] += exec->mapped[i];
    free(exec->allocations);
    free(exec->frees);
    free(exec->kernels);
    free(exec);
}

static void set_live(struct allocation *allocation, bool to) {
    if (allocation->live == to) return;
    uint64_t *of = &used[allocation->device];
    allocation->live = to;
    live += to ? 1 : -1ull;
    *of += to ? allocation->bytes : -allocation->bytes;
    if (*of > used_high[allocation->device]) used_high[allocation->device] = *of;
}

static bool free_live(CUdeviceptr at) {
    for (CUgraphExec exec = all; exec; exec = exec->next) {
        for (size_t i = 0; i < exec->allocation_count; i++) {
            if (!exec->allocations[i].live || exec->allocations[i].at != at) continue;
            set_live(&exec->allocations[i], false);
            exec_bury(exec);
            return true;
        }
    }
    return false;
}

bool graph_give_back(CUdeviceptr at) {
    if (!__atomic_load_n(&live, __ATOMIC_RELAXED)) return false;
    pthread_mutex_lock(&graphs_lock);
    bool found = free_live(at);
    pthread_mutex_unlock(&graphs_lock);
    return found;
}

void graphs_synchronised(void) {
    pthread_mutex_lock(&graphs_lock);
    for (CUgraphExec exec = all; exec; exec = exec->next) exec->running = false;
    pthread_mutex_unlock(&graphs_lock);
}

/* What lies unused first, then more of the card. */
CUresult exec_map(CUgraphExec exec) {
    for (int i = 0; i < MOST_CARDS; i++) {
        uint64_t lack = exec->need[i] - exec->mapped[i];
        uint64_t reused = lack < cached[i] ? lack : cached[i];
        if (lack > reused && !oracle_take(driver_card(i), lack - reused)) return CUDA_ERROR_OUT_OF_MEMORY;
        cached[i] -= reused;
        reserved[i] += lack - reused;
        if (reserved[i] > reserved_high[i]) reserved_high[i] = reserved[i];
        exec->mapped[i] = exec->need[i];
    }
    return CUDA_SUCCESS;
}

CUresult exec_start(CUgraphExec exec) {
    if (has_live(exec) && !exec->frees_on_launch) return CUDA_ERROR_INVALID_VALUE;
    CUresult result = exec_map(exec);
    if (result != CUDA_SUCCESS) return result;
    for (size_t i = 0; i < exec->allocation_count; i++) {
        set_live(&exec->allocations[i], !exec->allocations[i].within);
    }
    for (size_t i = 0; i < exec->free_count; i++) free_live(exec->frees[i]);
    exec->running = true;
    return CUDA_SUCCESS;
}

static void release(int card, uint64_t *bytes) {
    if (*bytes) oracle_give_back(driver_card(card), *bytes);
    reserved[card] -= *bytes;
    *bytes = 0;
}

EXPORT CUresult cuDeviceGraphMemTrim(CUdevice device) {
    called_to_trim();
    if (!driver_card(device)) return CUDA_ERROR_INVALID_DEVICE;
    pthread_mutex_lock(&graphs_lock);
    release(device, &cached[device]);
    for (CUgraphExec exec = all; exec; exec = exec->next) {
        if (!exec->running && !has_live(exec)) release(device, &exec->mapped[device]);
    }
    pthread_mutex_unlock(&graphs_lock);
    return CUDA_SUCCESS;
}

EXPORT CUresult cuDeviceGetGraphMemAttribute(CUdevice device, CUgraphMem_attribute attribute,
                                             void *value) {
    if (!driver_card(device)) return CUDA_ERROR_INVALID_DEVICE;
    if (!value || attribute > CU_GRAPH_MEM_ATTR_RESERVED_MEM_HIGH) return CUDA_ERROR_INVALID_VALUE;
    pthread_mutex_lock(&graphs_lock);
    const uint64_t numbers[] = {
        [CU_GRAPH_MEM_ATTR_USED_MEM_CURRENT] = used[device],
        [CU_GRAPH_MEM_ATTR_USED_MEM_HIGH] = used_high[device],
        [CU_GRAPH_MEM_ATTR_RESERVED_MEM_CURRENT] = reserved[device],
        [CU_GRAPH_MEM_ATTR_RESERVED_MEM_HIGH] = reserved_high[device],
    };
    *(cuuint64_t *)value = numbers[attribute];
    pthread_mutex_unlock(&graphs_lock);
    return CUDA_SUCCESS;
}

/* "High watermark can only be reset to zero." */
EXPORT CUresult cuDeviceSetGraphMemAttribute(CUdevice device, CUgraphMem_attribute attribute,
                                             void *value) {
    if (!driver_card(device)) return CUDA_ERROR_INVALID_DEVICE;
    bool used_mark = attribute == CU_GRAPH_MEM_ATTR_USED_MEM_HIGH;
    if (!value || *(cuuint64_t *)value) return CUDA_ERROR_INVALID_VALUE;
    if (!used_mark && attribute != CU_GRAPH_MEM_ATTR_RESERVED_MEM_HIGH) return CUDA_ERROR_INVALID_VALUE;
    pthread_mutex_lock(&graphs_lock);
    *(used_mark ? &used_high[device] : &reserved_high[device]) = 0;
    pthread_mutex_unlock(&graphs_lock);
    return CUDA_SUCCESS;
}
