/* Graphs: what cuda_graphs.c (nodes), cuda_graph_exec.c (memory and launches) and cuda_capture.c
 * share. */
#ifndef FAKES_GRAPHS_H
#define FAKES_GRAPHS_H

#include <pthread.h>

#include "driver.h"

struct CUgraphNode_st {
    CUgraph graph;
    CUgraphNodeType type;
    size_t dependency_count;
    CUgraphNode *dependencies;
    CUDA_KERNEL_NODE_PARAMS kernel;
    CUgraph child;     /* owned by the node */
    CUdevice device;   /* of an allocation */
    bool part;         /* an allocation in a locality domain of it */
    CUdeviceptr at;    /* of an allocation or a free */
    uint64_t bytes;    /* of an allocation */
    bool freed_within; /* an allocation that has a free node in its graph */
};

struct CUgraph_st {
    size_t count, room;
    CUgraphNode *nodes;          /* in the order they were added, so after what they depend on */
    CUdeviceptr base[MOST_CARDS]; /* addresses of its allocations; 0: none yet */
    uint64_t extent[MOST_CARDS];  /* bytes from there on that they take */
    CUgraphExec instance;        /* the only one, where there are memory nodes */
    CUgraphNode tail;            /* the last that was captured */
    bool invalid;                /* a capture that cannot end well */
};

struct allocation {
    CUdeviceptr at;
    uint64_t bytes;
    CUdevice device;
    bool within, live; /* freed by its own graph; allocated by a launch and not freed yet */
};

struct kernel {
    CUfunction function;
    unsigned blocks;
};

struct CUgraphExec_st {
    CUgraph graph; /* whose only instance it is; NULL where there may be more */
    bool frees_on_launch, running, destroyed;
    uint64_t need[MOST_CARDS], mapped[MOST_CARDS]; /* bytes */
    size_t allocation_count, free_count, kernel_count;
    struct allocation *allocations;
    CUdeviceptr *frees;
    struct kernel *kernels;
    CUgraphExec next; /* of all */
};

/* Over all executable graphs and their memory. */
extern pthread_mutex_t graphs_lock;

/* With the lock held: lists an executable graph, gives it memory, counts it as started, and takes it
 * off the list, keeping its memory for others, when nothing that it allocated is left. */
void exec_list(CUgraphExec exec);
CUresult exec_map(CUgraphExec exec);
CUresult exec_start(CUgraphExec exec);
void exec_bury(CUgraphExec exec);

/* Adds a node; NULL where there is no host memory. */
CUgraphNode graph_add(CUgraph graph, const CUgraphNode *dependencies, size_t count,
                      CUgraphNodeType type);
CUresult graph_add_alloc(CUgraph graph, const CUgraphNode *dependencies, size_t count,
                         CUdevice device, size_t bytes, CUgraphNode *node);
CUresult graph_add_free(CUgraph graph, const CUgraphNode *dependencies, size_t count,
                        CUdeviceptr at, CUgraphNode *node);

/* What a stream that captures is asked for; false: it does not, go on. */
bool graph_capture_alloc(CUstream stream, CUdevice device, size_t bytes, CUdeviceptr *at,
                         CUresult *result);
bool graph_capture_free(CUstream stream, CUdeviceptr at, CUresult *result);

/* Frees what a graph allocated and did not free itself. False if that was not so. */
bool graph_give_back(CUdeviceptr at);

/* To be called by whatever waits for a stream, an event or a context: no graph runs any more. */
void graphs_synchronised(void);

#endif
