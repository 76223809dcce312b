/* Graphs: their nodes and edges, and where their memory lies. */
#include <stdlib.h>
#include <string.h>

#include "graphs.h"
#include "pools.h"

/* The addresses of one graph's allocations on one card: a window, 64 GiB apart. */
#define WINDOW_BITS 36
#define WINDOWS 0x400000000000ull
#define GRANULE 512ull

CUgraphNode graph_add(CUgraph graph, const CUgraphNode *dependencies, size_t count,
                      CUgraphNodeType type) {
    if (graph->count == graph->room) {
        size_t room = graph->room ? graph->room * 2 : 16;
        CUgraphNode *nodes = realloc(graph->nodes, room * sizeof *nodes);
        if (!nodes) return NULL;
        graph->nodes = nodes;
        graph->room = room;
    }
    CUgraphNode node = calloc(1, sizeof *node);
    CUgraphNode *copy = calloc(count ? count : 1, sizeof *copy);
    if (!node || !copy) {
        free(node);
        free(copy);
        return NULL;
    }
    if (count) memcpy(copy, dependencies, count * sizeof *copy);
    node->graph = graph;
    node->type = type;
    node->dependencies = copy;
    node->dependency_count = count;
    graph->nodes[graph->count++] = node;
    return node;
}

static bool comes_after(const struct CUgraphNode_st *node, const struct CUgraphNode_st *other) {
    if (node == other) return true;
    for (size_t i = 0; i < node->dependency_count; i++) {
        if (comes_after(node->dependencies[i], other)) return true;
    }
    return false;
}

static bool overlap(CUdeviceptr at, uint64_t bytes, const struct CUgraphNode_st *node) {
    return at < node->at + node->bytes && node->at < at + bytes;
}

/* Whether the new allocation may lie at `at`: whatever lies there is freed before it begins. */
static bool is_free_for(const struct CUgraphNode_st *fresh, CUdeviceptr at, uint64_t bytes) {
    const struct CUgraph_st *graph = fresh->graph;
    for (size_t i = 0; i < graph->count; i++) {
        const struct CUgraphNode_st *other = graph->nodes[i];
        if (other == fresh || other->type != CU_GRAPH_NODE_TYPE_MEM_ALLOC) continue;
        if (!overlap(at, bytes, other)) continue;
        bool freed = false;
        for (size_t j = 0; j < graph->count && !freed; j++) {
            const struct CUgraphNode_st *node = graph->nodes[j];
            freed = node->type == CU_GRAPH_NODE_TYPE_MEM_FREE && node->at == other->at &&
                    node != fresh && comes_after(fresh, node);
        }
        if (!freed) return false;
    }
    return true;
}

/* "CUDA may reuse memory within a graph by assigning the same virtual address ranges to different
 * allocations whose lifetimes do not overlap" (CUDA Programming Guide, graph memory nodes). Of such
 * places the first that an earlier allocation began at, else behind all. */
static CUdeviceptr place(const struct CUgraphNode_st *fresh, uint64_t bytes) {
    static uint64_t windows;
    CUgraph graph = fresh->graph;
    CUdeviceptr *base = &graph->base[fresh->device];
    if (!*base) *base = WINDOWS + (__atomic_fetch_add(&windows, 1, __ATOMIC_RELAXED) << WINDOW_BITS);
    for (size_t i = 0; i < graph->count; i++) {
        const struct CUgraphNode_st *other = graph->nodes[i];
        if (other == fresh || other->type != CU_GRAPH_NODE_TYPE_MEM_ALLOC) continue;
        if (other->device != fresh->device || other->bytes < bytes) continue;
        if (is_free_for(fresh, other->at, bytes)) return other->at;
    }
    CUdeviceptr at = *base + graph->extent[fresh->device];
    graph->extent[fresh->device] += bytes;
    return at;
}

CUresult graph_add_alloc(CUgraph graph, const CUgraphNode *dependencies, size_t count,
                         CUdevice device, size_t bytes, CUgraphNode *node) {
    if (!driver_card(device) || !bytes) return CUDA_ERROR_INVALID_VALUE;
    if (bytes >= 1ull << WINDOW_BITS) return CUDA_ERROR_OUT_OF_MEMORY;
    *node = graph_add(graph, dependencies, count, CU_GRAPH_NODE_TYPE_MEM_ALLOC);
    if (!*node) return CUDA_ERROR_OUT_OF_MEMORY;
    uint64_t rounded = (bytes + GRANULE - 1) & ~(GRANULE - 1);
    (*node)->device = device;
    (*node)->at = place(*node, rounded);
    (*node)->bytes = rounded;
    return CUDA_SUCCESS;
}

/* An address may be had by several allocations, one after the other: the free node is of the last
 * that has none. */
CUresult graph_add_free(CUgraph graph, const CUgraphNode *dependencies, size_t count, CUdeviceptr at,
                        CUgraphNode *node) {
    *node = graph_add(graph, dependencies, count, CU_GRAPH_NODE_TYPE_MEM_FREE);
    if (!*node) return CUDA_ERROR_OUT_OF_MEMORY;
    (*node)->at = at;
    for (size_t i = graph->count; i-- > 0;) {
        CUgraphNode other = graph->nodes[i];
        if (other->type != CU_GRAPH_NODE_TYPE_MEM_ALLOC || other->at != at) continue;
        other->freed_within = true;
        break;
    }
    return CUDA_SUCCESS;
}

EXPORT CUresult cuGraphCreate(CUgraph *graph, unsigned flags) {
    if (!driver_initialised()) return CUDA_ERROR_NOT_INITIALIZED;
    if (!graph || flags) return CUDA_ERROR_INVALID_VALUE;
    *graph = calloc(1, sizeof **graph);
    return *graph ? CUDA_SUCCESS : CUDA_ERROR_OUT_OF_MEMORY;
}

EXPORT CUresult cuGraphDestroy(CUgraph graph) {
    if (!graph) return CUDA_ERROR_INVALID_VALUE;
    pthread_mutex_lock(&graphs_lock);
    if (graph->instance) graph->instance->graph = NULL;
    pthread_mutex_unlock(&graphs_lock);
    for (size_t i = 0; i < graph->count; i++) {
        if (graph->nodes[i]->child) cuGraphDestroy(graph->nodes[i]->child);
        free(graph->nodes[i]->dependencies);
        free(graph->nodes[i]);
    }
    free(graph->nodes);
    free(graph);
    return CUDA_SUCCESS;
}

static size_t index_of(const struct CUgraph_st *graph, const struct CUgraphNode_st *node) {
    size_t i = 0;
    while (i < graph->count && graph->nodes[i] != node) i++;
    return i;
}

/* "Cloning is not supported for graphs which contain memory allocation nodes, memory free nodes". */
EXPORT CUresult cuGraphClone(CUgraph *clone, CUgraph graph) {
    if (!clone || !graph) return CUDA_ERROR_INVALID_VALUE;
    CUresult result = cuGraphCreate(clone, 0);
    for (size_t i = 0; !result && i < graph->count; i++) {
        const struct CUgraphNode_st *node = graph->nodes[i];
        bool memory = node->type == CU_GRAPH_NODE_TYPE_MEM_ALLOC ||
                      node->type == CU_GRAPH_NODE_TYPE_MEM_FREE;
        if (memory) return CUDA_ERROR_NOT_SUPPORTED;
        CUgraphNode copy = graph_add(*clone, node->dependencies, node->dependency_count, node->type);
        if (!copy) return CUDA_ERROR_OUT_OF_MEMORY;
        copy->kernel = node->kernel;
        for (size_t j = 0; j < copy->dependency_count; j++) {
            copy->dependencies[j] = (*clone)->nodes[index_of(graph, node->dependencies[j])];
        }
        if (node->child) result = cuGraphClone(&copy->child, node->child);
    }
    return result;
}

/* Without room for them: how many there are. */
EXPORT CUresult cuGraphGetNodes(CUgraph graph, CUgraphNode *nodes, size_t *count) {
    if (!graph || !count) return CUDA_ERROR_INVALID_VALUE;
    for (size_t i = 0; nodes && i < *count; i++) nodes[i] = i < graph->count ? graph->nodes[i] : NULL;
    if (!nodes || *count > graph->count) *count = graph->count;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuGraphGetEdges(CUgraph graph, CUgraphNode *from, CUgraphNode *to, size_t *count) {
    if (!graph || !count || !from != !to) return CUDA_ERROR_INVALID_VALUE;
    size_t room = from ? *count : 0, n = 0;
    for (size_t i = 0; i < graph->count; i++) {
        for (size_t j = 0; j < graph->nodes[i]->dependency_count; j++, n++) {
            if (n >= room) continue;
            from[n] = graph->nodes[i]->dependencies[j];
            to[n] = graph->nodes[i];
        }
    }
    if (!from || room > n) *count = n;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuGraphGetEdges_v2(CUgraph graph, CUgraphNode *from, CUgraphNode *to,
                                   CUgraphEdgeData *data, size_t *count) {
    CUresult result = cuGraphGetEdges(graph, from, to, count);
    if (data && result == CUDA_SUCCESS) memset(data, 0, *count * sizeof *data);
    return result;
}

EXPORT CUresult cuGraphNodeGetType(CUgraphNode node, CUgraphNodeType *type) {
    if (!node || !type) return CUDA_ERROR_INVALID_VALUE;
    *type = node->type;
    return CUDA_SUCCESS;
}
