/* Executable graphs. */
#include <stdlib.h>

#include "graphs.h"
#include "pools.h"

static size_t nodes_within(const struct CUgraph_st *graph) {
    size_t count = graph->count;
    for (size_t i = 0; i < graph->count; i++) {
        if (graph->nodes[i]->child) count += nodes_within(graph->nodes[i]->child);
    }
    return count;
}

static struct kernel kernel_of(const CUDA_KERNEL_NODE_PARAMS *params) {
    return (struct kernel){.function = params->func,
                           .blocks = params->gridDimX * params->gridDimY * params->gridDimZ};
}

/* What the graph does, in an order in which it may be done. */
static void flatten(CUgraphExec exec, const struct CUgraph_st *graph) {
    for (size_t i = 0; i < graph->count; i++) {
        const struct CUgraphNode_st *node = graph->nodes[i];
        if (node->type == CU_GRAPH_NODE_TYPE_MEM_ALLOC) {
            exec->allocations[exec->allocation_count++] =
                (struct allocation){.at = node->at,
                                    .bytes = node->bytes,
                                    .device = node->device,
                                    .within = node->freed_within};
        } else if (node->type == CU_GRAPH_NODE_TYPE_MEM_FREE) {
            exec->frees[exec->free_count++] = node->at;
        } else if (node->type == CU_GRAPH_NODE_TYPE_KERNEL) {
            exec->kernels[exec->kernel_count++] = kernel_of(&node->kernel);
        } else if (node->child) {
            flatten(exec, node->child);
        }
    }
    for (int i = 0; i < MOST_CARDS; i++) {
        exec->need[i] += (graph->extent[i] + POOL_CHUNK - 1) / POOL_CHUNK * POOL_CHUNK;
    }
}

static CUgraphExec made_for(const struct CUgraph_st *graph) {
    size_t room = nodes_within(graph) + 1;
    CUgraphExec exec = calloc(1, sizeof *exec);
    if (!exec) return NULL;
    exec->allocations = calloc(room, sizeof *exec->allocations);
    exec->frees = calloc(room, sizeof *exec->frees);
    exec->kernels = calloc(room, sizeof *exec->kernels);
    if (exec->allocations && exec->frees && exec->kernels) return exec;
    free(exec->allocations);
    free(exec->frees);
    free(exec->kernels);
    free(exec);
    return NULL;
}

/* "If hGraph contains any allocation or free nodes, there can be at most one executable graph in
 * existence for that graph at a time." */
EXPORT CUresult cuGraphInstantiateWithFlags(CUgraphExec *out, CUgraph graph, unsigned long long flags) {
    FAULT(CUresult);
    if (!out || !graph || graph->instance) return CUDA_ERROR_INVALID_VALUE;
    CUgraphExec exec = made_for(graph);
    if (!exec) return CUDA_ERROR_OUT_OF_MEMORY;
    flatten(exec, graph);
    exec->frees_on_launch = flags & CUDA_GRAPH_INSTANTIATE_FLAG_AUTO_FREE_ON_LAUNCH;
    pthread_mutex_lock(&graphs_lock);
    if (exec->allocation_count || exec->free_count) {
        graph->instance = exec;
        exec->graph = graph;
    }
    exec_list(exec);
    pthread_mutex_unlock(&graphs_lock);
    *out = exec;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuGraphInstantiate(CUgraphExec *out, CUgraph graph, CUgraphNode *culprit, char *log,
                                   size_t room) {
    if (culprit) *culprit = NULL;
    if (log && room) *log = 0;
    return cuGraphInstantiateWithFlags(out, graph, 0);
}

EXPORT CUresult cuGraphInstantiate_v2(CUgraphExec *out, CUgraph graph, CUgraphNode *culprit,
                                      char *log, size_t room) {
    return cuGraphInstantiate(out, graph, culprit, log, room);
}

EXPORT CUresult cuGraphUpload(CUgraphExec exec, CUstream stream) {
    FAULT(CUresult);
    (void)stream;
    if (!exec) return CUDA_ERROR_INVALID_VALUE;
    pthread_mutex_lock(&graphs_lock);
    CUresult result = exec_map(exec);
    pthread_mutex_unlock(&graphs_lock);
    return result;
}

EXPORT CUresult cuGraphUpload_ptsz(CUgraphExec exec, CUstream stream) {
    return cuGraphUpload(exec, stream);
}

EXPORT CUresult cuGraphInstantiateWithParams(CUgraphExec *out, CUgraph graph,
                                             CUDA_GRAPH_INSTANTIATE_PARAMS *params) {
    if (!params) return CUDA_ERROR_INVALID_VALUE;
    CUresult result = cuGraphInstantiateWithFlags(out, graph, params->flags);
    bool upload = params->flags & CUDA_GRAPH_INSTANTIATE_FLAG_UPLOAD;
    if (!result && upload) result = cuGraphUpload(*out, params->hUploadStream);
    params->hErrNode_out = NULL;
    params->result_out = result ? CUDA_GRAPH_INSTANTIATE_ERROR : CUDA_GRAPH_INSTANTIATE_SUCCESS;
    return result;
}

EXPORT CUresult cuGraphInstantiateWithParams_ptsz(CUgraphExec *out, CUgraph graph,
                                                  CUDA_GRAPH_INSTANTIATE_PARAMS *params) {
    return cuGraphInstantiateWithParams(out, graph, params);
}

EXPORT CUresult cuGraphLaunch(CUgraphExec exec, CUstream stream) {
    FAULT(CUresult);
    CUdevice device;
    if (!exec) return CUDA_ERROR_INVALID_VALUE;
    CUresult result = cuStreamGetDevice(stream, &device);
    if (result != CUDA_SUCCESS) return result;
    pthread_mutex_lock(&graphs_lock);
    result = exec_start(exec);
    pthread_mutex_unlock(&graphs_lock);
    for (size_t i = 0; result == CUDA_SUCCESS && i < exec->kernel_count; i++) {
        result = card_run(stream, exec->kernels[i].function, exec->kernels[i].blocks);
    }
    return result;
}

EXPORT CUresult cuGraphLaunch_ptsz(CUgraphExec exec, CUstream stream) {
    return cuGraphLaunch(exec, stream);
}

EXPORT CUresult cuGraphExecDestroy(CUgraphExec exec) {
    FAULT(CUresult);
    if (!exec) return CUDA_ERROR_INVALID_VALUE;
    pthread_mutex_lock(&graphs_lock);
    if (exec->graph) exec->graph->instance = NULL;
    exec->graph = NULL;
    exec->destroyed = true;
    exec_bury(exec);
    pthread_mutex_unlock(&graphs_lock);
    return CUDA_SUCCESS;
}

/* Kernels may change, the graph's form may not. */
EXPORT CUresult cuGraphExecUpdate_v2(CUgraphExec exec, CUgraph graph,
                                     CUgraphExecUpdateResultInfo *info) {
    if (!exec || !graph) return CUDA_ERROR_INVALID_VALUE;
    CUgraphExec fresh = made_for(graph);
    if (!fresh) return CUDA_ERROR_OUT_OF_MEMORY;
    flatten(fresh, graph);
    bool alike = fresh->kernel_count == exec->kernel_count && fresh->free_count == exec->free_count &&
                 fresh->allocation_count == exec->allocation_count;
    for (size_t i = 0; alike && i < exec->kernel_count; i++) exec->kernels[i] = fresh->kernels[i];
    free(fresh->allocations);
    free(fresh->frees);
    free(fresh->kernels);
    free(fresh);
    if (info) {
        *info = (CUgraphExecUpdateResultInfo){.result = CU_GRAPH_EXEC_UPDATE_SUCCESS};
        if (!alike) info->result = CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED;
    }
    return alike ? CUDA_SUCCESS : CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE;
}

EXPORT CUresult cuGraphExecUpdate(CUgraphExec exec, CUgraph graph, CUgraphNode *culprit,
                                  CUgraphExecUpdateResult *result) {
    CUgraphExecUpdateResultInfo info;
    CUresult answer = cuGraphExecUpdate_v2(exec, graph, &info);
    if (culprit) *culprit = NULL;
    if (result && answer != CUDA_ERROR_INVALID_VALUE) *result = info.result;
    return answer;
}
