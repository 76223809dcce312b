/* The kinds of nodes. */
#include "graphs.h"

static bool is(CUgraphNode node, CUgraphNodeType type) {
    return node && node->type == type;
}

static CUresult add_plain(CUgraphNode *node, CUgraph graph, const CUgraphNode *dependencies,
                          size_t count, CUgraphNodeType type) {
    if (!node || !graph || (count && !dependencies)) return CUDA_ERROR_INVALID_VALUE;
    *node = graph_add(graph, dependencies, count, type);
    return *node ? CUDA_SUCCESS : CUDA_ERROR_OUT_OF_MEMORY;
}

EXPORT CUresult cuGraphAddEmptyNode(CUgraphNode *node, CUgraph graph, const CUgraphNode *dependencies,
                                    size_t count) {
    return add_plain(node, graph, dependencies, count, CU_GRAPH_NODE_TYPE_EMPTY);
}

EXPORT CUresult cuGraphAddMemsetNode(CUgraphNode *node, CUgraph graph, const CUgraphNode *dependencies,
                                     size_t count, const CUDA_MEMSET_NODE_PARAMS *params,
                                     CUcontext context) {
    (void)params, (void)context;
    return add_plain(node, graph, dependencies, count, CU_GRAPH_NODE_TYPE_MEMSET);
}

EXPORT CUresult cuGraphAddMemcpyNode(CUgraphNode *node, CUgraph graph, const CUgraphNode *dependencies,
                                     size_t count, const CUDA_MEMCPY3D *params, CUcontext context) {
    (void)params, (void)context;
    return add_plain(node, graph, dependencies, count, CU_GRAPH_NODE_TYPE_MEMCPY);
}

EXPORT CUresult cuGraphAddHostNode(CUgraphNode *node, CUgraph graph, const CUgraphNode *dependencies,
                                   size_t count, const CUDA_HOST_NODE_PARAMS *params) {
    (void)params;
    return add_plain(node, graph, dependencies, count, CU_GRAPH_NODE_TYPE_HOST);
}

EXPORT CUresult cuGraphAddKernelNode_v2(CUgraphNode *node, CUgraph graph,
                                        const CUgraphNode *dependencies, size_t count,
                                        const CUDA_KERNEL_NODE_PARAMS *params) {
    if (!params) return CUDA_ERROR_INVALID_VALUE;
    CUresult result = add_plain(node, graph, dependencies, count, CU_GRAPH_NODE_TYPE_KERNEL);
    if (result == CUDA_SUCCESS) (*node)->kernel = *params;
    return result;
}

/* The first version's struct is the beginning of the second's. */
static CUDA_KERNEL_NODE_PARAMS widened(const CUDA_KERNEL_NODE_PARAMS_v1 *params) {
    return (CUDA_KERNEL_NODE_PARAMS){.func = params->func,
                                     .gridDimX = params->gridDimX,
                                     .gridDimY = params->gridDimY,
                                     .gridDimZ = params->gridDimZ,
                                     .blockDimX = params->blockDimX,
                                     .blockDimY = params->blockDimY,
                                     .blockDimZ = params->blockDimZ,
                                     .sharedMemBytes = params->sharedMemBytes,
                                     .kernelParams = params->kernelParams,
                                     .extra = params->extra};
}

EXPORT CUresult cuGraphAddKernelNode(CUgraphNode *node, CUgraph graph, const CUgraphNode *dependencies,
                                     size_t count, const CUDA_KERNEL_NODE_PARAMS_v1 *params) {
    if (!params) return CUDA_ERROR_INVALID_VALUE;
    CUDA_KERNEL_NODE_PARAMS wide = widened(params);
    return cuGraphAddKernelNode_v2(node, graph, dependencies, count, &wide);
}

EXPORT CUresult cuGraphKernelNodeGetParams_v2(CUgraphNode node, CUDA_KERNEL_NODE_PARAMS *params) {
    if (!is(node, CU_GRAPH_NODE_TYPE_KERNEL) || !params) return CUDA_ERROR_INVALID_VALUE;
    *params = node->kernel;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuGraphKernelNodeGetParams(CUgraphNode node, CUDA_KERNEL_NODE_PARAMS_v1 *params) {
    CUDA_KERNEL_NODE_PARAMS wide;
    CUresult result = cuGraphKernelNodeGetParams_v2(node, &wide);
    if (result != CUDA_SUCCESS || !params) return CUDA_ERROR_INVALID_VALUE;
    *params = (CUDA_KERNEL_NODE_PARAMS_v1){
        wide.func,      wide.gridDimX,  wide.gridDimY,       wide.gridDimZ,     wide.blockDimX,
        wide.blockDimY, wide.blockDimZ, wide.sharedMemBytes, wide.kernelParams, wide.extra};
    return CUDA_SUCCESS;
}

/* The child is cloned into the node, or moved there, which one with memory nodes must be. */
static CUresult add_child(CUgraphNode *node, CUgraph graph, const CUgraphNode *dependencies,
                          size_t count, CUgraph child, bool moved) {
    CUgraph own = child;
    CUresult result = moved ? CUDA_SUCCESS : cuGraphClone(&own, child);
    if (result == CUDA_SUCCESS) {
        result = add_plain(node, graph, dependencies, count, CU_GRAPH_NODE_TYPE_GRAPH);
    }
    if (result == CUDA_SUCCESS) (*node)->child = own;
    return result;
}

EXPORT CUresult cuGraphAddChildGraphNode(CUgraphNode *node, CUgraph graph,
                                         const CUgraphNode *dependencies, size_t count,
                                         CUgraph child) {
    return add_child(node, graph, dependencies, count, child, false);
}

EXPORT CUresult cuGraphChildGraphNodeGetGraph(CUgraphNode node, CUgraph *child) {
    if (!is(node, CU_GRAPH_NODE_TYPE_GRAPH) || !child) return CUDA_ERROR_INVALID_VALUE;
    *child = node->child;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuGraphAddMemAllocNode(CUgraphNode *node, CUgraph graph,
                                       const CUgraphNode *dependencies, size_t count,
                                       CUDA_MEM_ALLOC_NODE_PARAMS *params) {
    if (!node || !graph || !params) return CUDA_ERROR_INVALID_VALUE;
    const CUmemLocation *location = &params->poolProps.location;
    bool part = location->type == CU_MEM_LOCATION_TYPE_DEVICE_LOCALITY_DOMAIN;
    if (!part && location->type != CU_MEM_LOCATION_TYPE_DEVICE) return CUDA_ERROR_NOT_SUPPORTED;
    CUresult result = graph_add_alloc(graph, dependencies, count, part ? location->localized.deviceId : location->id,
                                      params->bytesize, node);
    if (result != CUDA_SUCCESS) return result;
    (*node)->part = part;
    params->dptr = (*node)->at;
    return result;
}

EXPORT CUresult cuGraphMemAllocNodeGetParams(CUgraphNode node, CUDA_MEM_ALLOC_NODE_PARAMS *params) {
    if (!is(node, CU_GRAPH_NODE_TYPE_MEM_ALLOC) || !params) return CUDA_ERROR_INVALID_VALUE;
    *params = (CUDA_MEM_ALLOC_NODE_PARAMS){.bytesize = node->bytes, .dptr = node->at};
    params->poolProps.location.type =
        node->part ? CU_MEM_LOCATION_TYPE_DEVICE_LOCALITY_DOMAIN : CU_MEM_LOCATION_TYPE_DEVICE;
    params->poolProps.location.id = node->part ? 1 << 8 | node->device : node->device;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuGraphAddMemFreeNode(CUgraphNode *node, CUgraph graph,
                                      const CUgraphNode *dependencies, size_t count, CUdeviceptr at) {
    if (!node || !graph || !at) return CUDA_ERROR_INVALID_VALUE;
    return graph_add_free(graph, dependencies, count, at, node);
}

EXPORT CUresult cuGraphMemFreeNodeGetParams(CUgraphNode node, CUdeviceptr *at) {
    if (!is(node, CU_GRAPH_NODE_TYPE_MEM_FREE) || !at) return CUDA_ERROR_INVALID_VALUE;
    *at = node->at;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuGraphAddNode(CUgraphNode *node, CUgraph graph, const CUgraphNode *dependencies,
                               size_t count, CUgraphNodeParams *params) {
    if (!node || !graph || !params) return CUDA_ERROR_INVALID_VALUE;
    CUDA_MEM_ALLOC_NODE_PARAMS alloc;
    CUDA_KERNEL_NODE_PARAMS kernel;
    CUresult result;
    switch (params->type) {
        case CU_GRAPH_NODE_TYPE_KERNEL:
            kernel = (CUDA_KERNEL_NODE_PARAMS){.func = params->kernel.func,
                                               .gridDimX = params->kernel.gridDimX,
                                               .gridDimY = params->kernel.gridDimY,
                                               .gridDimZ = params->kernel.gridDimZ,
                                               .blockDimX = params->kernel.blockDimX,
                                               .blockDimY = params->kernel.blockDimY,
                                               .blockDimZ = params->kernel.blockDimZ,
                                               .kern = params->kernel.kern};
            return cuGraphAddKernelNode_v2(node, graph, dependencies, count, &kernel);
        case CU_GRAPH_NODE_TYPE_MEM_ALLOC:
            alloc = (CUDA_MEM_ALLOC_NODE_PARAMS){.poolProps = params->alloc.poolProps,
                                                 .bytesize = params->alloc.bytesize};
            result = cuGraphAddMemAllocNode(node, graph, dependencies, count, &alloc);
            params->alloc.dptr = alloc.dptr;
            return result;
        case CU_GRAPH_NODE_TYPE_MEM_FREE:
            return cuGraphAddMemFreeNode(node, graph, dependencies, count, params->free.dptr);
        case CU_GRAPH_NODE_TYPE_GRAPH:
            return add_child(node, graph, dependencies, count, params->graph.graph,
                             params->graph.ownership == CU_GRAPH_CHILD_GRAPH_OWNERSHIP_MOVE);
        default:
            return add_plain(node, graph, dependencies, count, params->type);
    }
}

EXPORT CUresult cuGraphAddNode_v2(CUgraphNode *node, CUgraph graph, const CUgraphNode *dependencies,
                                  const CUgraphEdgeData *data, size_t count,
                                  CUgraphNodeParams *params) {
    (void)data;
    return cuGraphAddNode(node, graph, dependencies, count, params);
}

EXPORT CUresult cuGraphAddNode_v3(CUgraphNode *node, CUgraph graph, const CUgraphNode *dependencies,
                                  const CUgraphEdgeData *data, size_t count,
                                  CUgraphNodeParams *params) {
    (void)data;
    return cuGraphAddNode(node, graph, dependencies, count, params);
}
