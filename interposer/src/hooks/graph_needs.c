/* What memory a graph needs, by its nodes. CUDA chooses the addresses when the nodes are made and
 * gives allocations whose lifetimes do not overlap the same ones (CUDA Programming Guide, graph
 * memory nodes); so what the addresses cover is what is needed at most. */
#include <string.h>
#include <sys/mman.h>

#include "../core/ranges.h"
#include "../say.h"
#include "graphs.h"
#include "pools.h"

static void *pages(size_t bytes) {
    void *made = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return made == MAP_FAILED ? NULL : made;
}

struct found {
    struct range *ranges;
    size_t count, room;
};

static bool add(struct found *found, const struct range *range) {
    if (found->count == found->room) {
        size_t room = found->room ? found->room * 4 : 1024;
        struct range *wider = pages(room * sizeof *wider);
        if (!wider) return false;
        if (found->count) {
            memcpy(wider, found->ranges, found->count * sizeof *wider);
            munmap(found->ranges, found->room * sizeof *wider);
        }
        found->ranges = wider;
        found->room = room;
    }
    found->ranges[found->count++] = *range;
    return true;
}

static CUresult walk(const struct cuda *cuda, CUgraph graph, struct found *found);

static CUresult look_at(const struct cuda *cuda, CUgraphNode node, struct found *found) {
    int type;
    CUgraph child;
    CUDA_MEM_ALLOC_NODE_PARAMS params;
    CUresult result = FORWARD(cuda, cuGraphNodeGetType, node, &type);
    if (result != CUDA_SUCCESS) return result;
    if (type == CU_GRAPH_NODE_TYPE_GRAPH) {
        result = FORWARD(cuda, cuGraphChildGraphNodeGetGraph, node, &child);
        return result ? result : walk(cuda, child, found);
    }
    if (type != CU_GRAPH_NODE_TYPE_MEM_ALLOC) return CUDA_SUCCESS;
    result = FORWARD(cuda, cuGraphMemAllocNodeGetParams, node, &params);
    if (result != CUDA_SUCCESS) return result;
    CUdevice device;
    if (!grant_location(&params.poolProps.location, &device)) return CUDA_SUCCESS;
    struct range range = {params.dptr, params.dptr + params.bytesize, device};
    return add(found, &range) ? CUDA_SUCCESS : CUDA_ERROR_OUT_OF_MEMORY;
}

static CUresult walk(const struct cuda *cuda, CUgraph graph, struct found *found) {
    size_t count = 0;
    CUresult result = FORWARD(cuda, cuGraphGetNodes, graph, NULL, &count);
    if (result != CUDA_SUCCESS || !count) return result;
    size_t bytes = count * sizeof(CUgraphNode);
    CUgraphNode *nodes = pages(bytes);
    if (!nodes) return CUDA_ERROR_OUT_OF_MEMORY;
    result = FORWARD(cuda, cuGraphGetNodes, graph, nodes, &count);
    for (size_t i = 0; !result && i < count; i++) result = look_at(cuda, nodes[i], found);
    munmap(nodes, bytes);
    return result;
}

static CUresult add_up(const struct cuda *cuda, const struct found *found, struct graph_needs *needs) {
    struct slice *slice = slice_get();
    if (!slice) return CUDA_ERROR_OUT_OF_MEMORY;
    for (size_t at = 0, done; at < found->count; at += done) {
        CUdevice device = found->ranges[at].device;
        uint64_t bytes = ranges_of_device(found->ranges + at, found->count - at, POOL_CHUNK, &done);
        int card = grant_card(slice, cuda, device);
        if (card < 0) say_once(SAY_CARD_NOT_GRANTED);
        if (card < 0) return CUDA_ERROR_OUT_OF_MEMORY;
        needs->cards |= 1u << card;
        needs->bytes[card] = bytes;
        needs->devices[card] = device;
        if (bytes <= ledger_limit(&slice->ledger, (unsigned)card)) continue;
        ledger_refuse(&slice->ledger, (unsigned)card);
        return CUDA_ERROR_OUT_OF_MEMORY;
    }
    return CUDA_SUCCESS;
}

CUresult graph_needs(const struct cuda *cuda, CUgraph graph, struct graph_needs *needs) {
    struct found found = {0};
    needs->cards = 0;
    CUresult result = graph ? walk(cuda, graph, &found) : CUDA_SUCCESS;
    if (result == CUDA_SUCCESS && found.count) {
        ranges_sort(found.ranges, found.count);
        result = add_up(cuda, &found, needs);
    }
    if (found.ranges) munmap(found.ranges, found.room * sizeof *found.ranges);
    return result;
}
