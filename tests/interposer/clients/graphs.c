/* Graphs. Graphs, executable graphs, memory and streams are named by a number. The nodes of a graph
 * follow one another. */
#include "obey.h"

#include <pthread.h>

extern unsigned long long fakegpu_waits(void), fakegpu_trims(void);

static CUgraph graphs[64];
static CUgraphNode last[64];
static CUgraphExec execs[64];
static CUdeviceptr memory[64];
static CUstream streams[64];

static CUstream stream(const char *word) {
    unsigned long long n = word ? number(word) : 0;
    if (n && !streams[n]) cuStreamCreate(&streams[n], CU_STREAM_NON_BLOCKING);
    return streams[n];
}

/* By cuGraphAddNode and its later versions, or the functions of each kind. */
static CUresult add(int g, CUgraphNodeParams *params, const char *how) {
    const CUgraphNode *behind = last[g] ? &last[g] : NULL;
    size_t count = last[g] != NULL;
    if (!strcmp(how, "v2")) return cuGraphAddNode_v2(&last[g], graphs[g], behind, NULL, count, params);
    if (!strcmp(how, "v3")) return cuGraphAddNode_v3(&last[g], graphs[g], behind, NULL, count, params);
    if (!strcmp(how, "own") && params->type == CU_GRAPH_NODE_TYPE_MEM_ALLOC) {
        CUDA_MEM_ALLOC_NODE_PARAMS alloc = {.poolProps = params->alloc.poolProps,
                                            .bytesize = params->alloc.bytesize};
        CUresult result = cuGraphAddMemAllocNode(&last[g], graphs[g], behind, count, &alloc);
        params->alloc.dptr = alloc.dptr;
        return result;
    }
    return cuGraphAddNode(&last[g], graphs[g], behind, count, params);
}

static CUresult add_alloc(int g, int m, size_t bytes, int device, const char *how) {
    CUgraphNodeParams params = {.type = CU_GRAPH_NODE_TYPE_MEM_ALLOC};
    params.alloc.poolProps.allocType = CU_MEM_ALLOCATION_TYPE_PINNED;
    params.alloc.poolProps.location = (CUmemLocation){.type = CU_MEM_LOCATION_TYPE_DEVICE, .id = device};
    params.alloc.bytesize = bytes;
    if (!strcmp(how, "part")) { /* in a locality domain of the card */
        params.alloc.poolProps.location.type = CU_MEM_LOCATION_TYPE_DEVICE_LOCALITY_DOMAIN;
        params.alloc.poolProps.location.localized.localityDomainId = 1;
    }
    CUresult result = add(g, &params, how);
    memory[m] = params.alloc.dptr;
    return result;
}

static CUresult instantiate(int g, int e, const char *how) {
    CUDA_GRAPH_INSTANTIATE_PARAMS params = {0};
    if (!strcmp(how, "v1")) return cuGraphInstantiate(&execs[e], graphs[g], NULL, NULL, 0);
    if (!strcmp(how, "v2")) return cuGraphInstantiate_v2(&execs[e], graphs[g], NULL, NULL, 0);
    if (!strcmp(how, "flags")) return cuGraphInstantiateWithFlags(&execs[e], graphs[g], 0);
    if (!strcmp(how, "auto_free")) return cuGraphInstantiateWithFlags(&execs[e], graphs[g], 1);
    if (!strcmp(how, "upload")) params.flags = CUDA_GRAPH_INSTANTIATE_FLAG_UPLOAD;
    if (!strcmp(how, "params_ptsz")) return cuGraphInstantiateWithParams_ptsz(&execs[e], graphs[g], &params);
    return cuGraphInstantiateWithParams(&execs[e], graphs[g], &params);
}

static CUresult begin(const char *how, CUstream on, int g) {
    if (!strcmp(how, "v1")) return cuStreamBeginCapture(on);
    if (!strcmp(how, "ptsz")) return cuStreamBeginCapture_v2_ptsz(on, 0);
    if (!strcmp(how, "to_graph")) return cuStreamBeginCaptureToGraph(on, graphs[g], NULL, NULL, 0, 0);
    return cuStreamBeginCapture_v2(on, 0);
}

static unsigned seed;
static long granted, refused, odd;

static void count(CUresult result) {
    long *counter = !result ? &granted : result == CUDA_ERROR_OUT_OF_MEMORY ? &refused : &odd;
    __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

/* One executable graph after the other, each launched some times in the thread's own streams; in
 * between the graphs' memory is trimmed. */
static void *race(void *name) {
    unsigned random = seed * 7919u + (unsigned)(size_t)name;
    CUstream own[2];
    if (init(0) || cuStreamCreate(&own[0], 0) || cuStreamCreate(&own[1], 0)) count(999);
    for (int i = 0; i < 60; i++) {
        CUgraph graph;
        CUgraphNode node, end;
        CUgraphExec exec;
        CUDA_MEM_ALLOC_NODE_PARAMS params = {
            .poolProps.location = {.type = CU_MEM_LOCATION_TYPE_DEVICE},
            .bytesize = (size_t)(1 + rand_r(&random) % 200) << 20};
        cuGraphCreate(&graph, 0);
        cuGraphAddMemAllocNode(&node, graph, NULL, 0, &params);
        cuGraphAddMemFreeNode(&end, graph, &node, 1, params.dptr);
        CUresult result = cuGraphInstantiateWithFlags(&exec, graph, 0);
        if (result) count(999);
        for (int j = rand_r(&random) % 12; j >= 0; j--) {
            int what = rand_r(&random) % 16;
            if (what == 0) cuDeviceGraphMemTrim(0);
            if (what == 1) cuStreamSynchronize(own[0]);
            count(cuGraphLaunch(exec, own[what > 12]));
        }
        if (cuGraphExecDestroy(exec) || cuGraphDestroy(graph)) count(999);
    }
    return NULL;
}

static void start_race(int threads) {
    pthread_t ids[64];
    for (size_t i = 0; i < (size_t)threads; i++) pthread_create(&ids[i], NULL, race, (void *)i);
    for (int i = 0; i < threads; i++) pthread_join(ids[i], NULL);
    cuCtxSynchronize();
    cuDeviceGraphMemTrim(0);
    printf("%ld %ld %ld", granted, refused, odd);
}

static void obey(int n, char **words) {
    CUresult result = 0;
    const char *what = words[0];
    int one = n > 1 ? (int)number(words[1]) : 0, two = n > 2 ? (int)number(words[2]) : 0;
    CUgraphNodeParams params = {0};
    if (!strcmp(what, "graph")) {
        last[one] = NULL;
        result = cuGraphCreate(&graphs[one], 0);
    } else if (!strcmp(what, "alloc")) { /* alloc GRAPH MEMORY BYTES [HOW] [DEVICE] */
        result = add_alloc(one, two, number(words[3]), n > 5 ? atoi(words[5]) : 0, n > 4 ? words[4] : "v1");
    } else if (!strcmp(what, "free")) { /* free GRAPH MEMORY */
        params.type = CU_GRAPH_NODE_TYPE_MEM_FREE;
        params.free.dptr = memory[two];
        result = add(one, &params, "v1");
    } else if (!strcmp(what, "empty")) {
        params.type = CU_GRAPH_NODE_TYPE_EMPTY;
        result = add(one, &params, "v1");
    } else if (!strcmp(what, "child")) { /* child GRAPH CHILD: moves it there */
        params.type = CU_GRAPH_NODE_TYPE_GRAPH;
        params.graph.graph = graphs[two];
        params.graph.ownership = CU_GRAPH_CHILD_GRAPH_OWNERSHIP_MOVE;
        result = add(one, &params, "v1");
    } else if (!strcmp(what, "instantiate")) { /* instantiate GRAPH EXEC [HOW] */
        result = instantiate(one, two, n > 3 ? words[3] : "flags");
    } else if (!strcmp(what, "launch")) { /* launch EXEC [STREAM] */
        result = cuGraphLaunch(execs[one], stream(n > 2 ? words[2] : NULL));
    } else if (!strcmp(what, "launch_ptsz")) {
        result = cuGraphLaunch_ptsz(execs[one], stream(n > 2 ? words[2] : NULL));
    } else if (!strcmp(what, "upload")) {
        result = cuGraphUpload(execs[one], stream(n > 2 ? words[2] : NULL));
    } else if (!strcmp(what, "upload_ptsz")) {
        result = cuGraphUpload_ptsz(execs[one], stream(n > 2 ? words[2] : NULL));
    } else if (!strcmp(what, "destroy")) {
        result = cuGraphExecDestroy(execs[one]);
    } else if (!strcmp(what, "trim")) {
        result = cuDeviceGraphMemTrim(one);
    } else if (!strcmp(what, "wait")) {
        result = cuCtxSynchronize();
    } else if (!strcmp(what, "begin")) { /* begin STREAM [HOW] [GRAPH] */
        result = begin(n > 2 ? words[2] : "v2", stream(words[1]), n > 3 ? atoi(words[3]) : 0);
    } else if (!strcmp(what, "end")) { /* end STREAM GRAPH */
        result = cuStreamEndCapture(stream(words[1]), &graphs[two]);
    } else if (!strcmp(what, "async")) { /* async MEMORY BYTES STREAM */
        result = cuMemAllocAsync(&memory[one], number(words[2]), stream(words[3]));
    } else if (!strcmp(what, "from")) { /* from MEMORY BYTES STREAM: the card's default pool */
        CUmemoryPool pool;
        cuDeviceGetDefaultMemPool(&pool, 0);
        result = cuMemAllocFromPoolAsync(&memory[one], number(words[2]), pool, stream(words[3]));
    } else if (!strcmp(what, "free_async")) { /* free_async MEMORY STREAM */
        result = cuMemFreeAsync(memory[one], stream(words[2]));
    } else if (!strcmp(what, "kernel")) {
        result = cuLaunchKernel(NULL, 1, 1, 1, 1, 1, 1, 0, stream(words[1]), NULL, NULL);
    } else if (!strcmp(what, "plain")) {
        result = cuMemAlloc_v2(&memory[one], number(words[2]));
    } else if (!strcmp(what, "calls")) { /* that wait, and that trim, so far */
        printf("%llu %llu", fakegpu_waits(), fakegpu_trims());
        return;
    } else if (!strcmp(what, "nodes")) {
        size_t nodes = 0;
        cuGraphGetNodes(graphs[one], NULL, &nodes);
        printf("%zu", nodes);
        return;
    } else if (!strcmp(what, "info")) {
        size_t free_bytes = 0, total = 0;
        cuMemGetInfo_v2(&free_bytes, &total);
        printf("%zu", free_bytes);
        return;
    } else if (!strcmp(what, "race")) {
        seed = (unsigned)two;
        start_race(one);
        return;
    }
    printf("%d", result);
}
