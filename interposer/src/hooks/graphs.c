/* Graphs with memory nodes: one that can never fit is refused when it is instantiated, one that does
 * not fit now when it is launched or uploaded; for that is when its memory is taken. */
#include "graphs.h"

#include <sys/mman.h>

#include "capture.h"
#include "pools.h"

/* The record is a page, so rare are these. */
static struct graph_exec *exec_made(const struct graph_needs *needs) {
    struct graph_exec *exec = mmap(NULL, sizeof *exec, PROT_READ | PROT_WRITE,
                                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (exec == MAP_FAILED) return NULL;
    exec->needs = *needs;
    return exec;
}

static void exec_forgotten(struct graph_exec *exec) {
    munmap(exec, sizeof *exec);
}

/* What is to be done around the driver's instantiating. `exec` is NULL where nothing is. */
struct birth {
    struct slice *slice;
    struct graph_exec *exec;
};

static CUresult before(const struct cuda *cuda, CUgraph graph, struct birth *birth) {
    struct graph_needs needs;
    birth->exec = NULL;
    if (!cuda) return CUDA_ERROR_NOT_INITIALIZED;
    CUresult result = graph_needs(cuda, graph, &needs);
    /* What the driver does not tell of, it will not make either. */
    if (result != CUDA_SUCCESS) return result == CUDA_ERROR_OUT_OF_MEMORY ? result : CUDA_SUCCESS;
    if (!needs.cards) return CUDA_SUCCESS;
    birth->slice = slice_get();
    birth->exec = birth->slice ? exec_made(&needs) : NULL;
    if (!birth->exec) return CUDA_ERROR_OUT_OF_MEMORY;
    __atomic_store_n(&birth->slice->memory_graphs, 1, __ATOMIC_SEQ_CST);
    return CUDA_SUCCESS;
}

static CUresult after(const struct cuda *cuda, struct birth *birth, CUgraphExec *out, CUresult result) {
    if (!birth->exec) return result;
    if (result == CUDA_SUCCESS) {
        if (table_put(&birth->slice->execs, (uintptr_t)*out, (uintptr_t)birth->exec)) return result;
        FORWARD(cuda, cuGraphExecDestroy, *out);
        result = CUDA_ERROR_OUT_OF_MEMORY;
    }
    exec_forgotten(birth->exec);
    return result;
}

#define INSTANTIATES(name, parameters, ...)                                 \
    EXPORT CUresult name parameters {                                       \
        const struct cuda *cuda = driver_cuda();                            \
        struct birth birth;                                                 \
        CUresult result = before(cuda, graph, &birth);                      \
        if (result) return result;                                          \
        return after(cuda, &birth, exec, FORWARD(cuda, name, __VA_ARGS__)); \
    }

#define LOGGED_PARAMETERS CUgraphExec *exec, CUgraph graph, CUgraphNode *culprit, char *log, size_t room
#define LOGGED_ARGUMENTS exec, graph, culprit, log, room

INSTANTIATES(cuGraphInstantiate, (LOGGED_PARAMETERS), LOGGED_ARGUMENTS)
INSTANTIATES(cuGraphInstantiate_v2, (LOGGED_PARAMETERS), LOGGED_ARGUMENTS)
INSTANTIATES(cuGraphInstantiateWithFlags, (CUgraphExec * exec, CUgraph graph, unsigned long long flags),
             exec, graph, flags)

typedef CUresult with_params(CUgraphExec *exec, CUgraph graph, CUDA_GRAPH_INSTANTIATE_PARAMS *params);

/* It may upload at once, and so take the memory now. */
static CUresult instantiate(const struct cuda *cuda, with_params *own, CUgraphExec *exec,
                            CUgraph graph, CUDA_GRAPH_INSTANTIATE_PARAMS *params, CUstream stream) {
    if (cuda && !own) return CUDA_ERROR_NOT_FOUND;
    struct birth birth;
    CUresult result = before(cuda, graph, &birth);
    if (result) return result;
    bool uploads = birth.exec && params && params->flags & CUDA_GRAPH_INSTANTIATE_FLAG_UPLOAD;
    struct graph_launch launch = {.slice = birth.slice, .exec = birth.exec, .stream = stream};
    if (uploads) result = graph_exec_before(cuda, &launch);
    if (result == CUDA_SUCCESS) {
        result = own(exec, graph, params);
        if (uploads) graphs_after_launch(&launch, result);
    }
    return after(cuda, &birth, exec, result);
}

EXPORT CUresult cuGraphInstantiateWithParams(CUgraphExec *exec, CUgraph graph,
                                             CUDA_GRAPH_INSTANTIATE_PARAMS *params) {
    const struct cuda *cuda = driver_cuda();
    with_params *own = cuda ? cuda->cuGraphInstantiateWithParams : NULL;
    return instantiate(cuda, own, exec, graph, params, params ? params->hUploadStream : NULL);
}

EXPORT CUresult cuGraphInstantiateWithParams_ptsz(CUgraphExec *exec, CUgraph graph,
                                                  CUDA_GRAPH_INSTANTIATE_PARAMS *params) {
    const struct cuda *cuda = driver_cuda();
    with_params *own = cuda ? cuda->cuGraphInstantiateWithParams_ptsz : NULL;
    return instantiate(cuda, own, exec, graph, params, params ? stream_ptsz(params->hUploadStream) : NULL);
}

typedef CUresult uploading(CUgraphExec exec, CUstream stream);

static CUresult upload(const struct cuda *cuda, uploading *own, CUgraphExec exec, CUstream stream,
                       CUstream meant) {
    if (!cuda) return CUDA_ERROR_NOT_INITIALIZED;
    if (!own) return CUDA_ERROR_NOT_FOUND;
    struct graph_launch launch;
    CUresult result = graphs_before_launch(cuda, exec, meant, &launch);
    if (result) return result;
    result = own(exec, stream);
    graphs_after_launch(&launch, result);
    return result;
}

EXPORT CUresult cuGraphUpload(CUgraphExec exec, CUstream stream) {
    const struct cuda *cuda = driver_cuda();
    return upload(cuda, cuda ? cuda->cuGraphUpload : NULL, exec, stream, stream);
}

EXPORT CUresult cuGraphUpload_ptsz(CUgraphExec exec, CUstream stream) {
    const struct cuda *cuda = driver_cuda();
    uploading *own = cuda ? cuda->cuGraphUpload_ptsz : NULL;
    return upload(cuda, own, exec, stream, stream_ptsz(stream));
}

EXPORT CUresult cuGraphExecDestroy(CUgraphExec handle) {
    struct slice *slice = slice_attached();
    uint64_t at;
    bool known = slice && table_take(&slice->execs, (uintptr_t)handle, &at);
    CUresult result = FORWARD(driver_cuda(), cuGraphExecDestroy, handle);
    if (!known) return result;
    struct graph_exec *exec = (struct graph_exec *)(uintptr_t)at;
    if (result != CUDA_SUCCESS) {
        table_put(&slice->execs, (uintptr_t)handle, at);
        return result;
    }
    for (unsigned card = 0; card < TRANCHE_MAX_CARDS; card++) {
        if (exec->needs.cards >> card & 1) graphs_settle(slice, card, 0);
    }
    exec_forgotten(exec);
    return result;
}

EXPORT CUresult cuDeviceGraphMemTrim(CUdevice device) {
    const struct cuda *cuda = driver_cuda();
    CUresult result = FORWARD(cuda, cuDeviceGraphMemTrim, device);
    struct slice *slice = slice_attached();
    int card = slice && result == CUDA_SUCCESS ? grant_card(slice, cuda, device) : SLICE_NO_CARD;
    if (card >= 0 && account_charged(&slice->graphs[card].account)) graphs_settle(slice, (unsigned)card, 0);
    return result;
}
