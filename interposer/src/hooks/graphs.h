/* The memory of graphs: what allocation nodes of an executable graph need on each card, and what the
 * driver has for all graphs of a card. */
#ifndef TRANCHE_HOOKS_GRAPHS_H
#define TRANCHE_HOOKS_GRAPHS_H

#include "grant.h"

struct graph_needs {
    uint32_t cards;                      /* a bit for each that it needs memory of */
    uint64_t bytes[TRANCHE_MAX_CARDS];   /* at most, in whole chunks */
    CUdevice devices[TRANCHE_MAX_CARDS]; /* the driver's ordinals of these cards */
};

/* An executable graph that needs memory. */
struct graph_exec {
    struct graph_needs needs;
    CUstream stream;                  /* that it was last launched in */
    uint64_t seen[TRANCHE_MAX_CARDS]; /* the card's generation then: its memory is still there */
};

/* One launch or upload. */
struct graph_launch {
    struct slice *slice;
    struct graph_exec *exec; /* NULL: it needs no memory */
    CUstream stream;
    uint32_t reserved, pinned; /* cards */
    uint64_t generation[TRANCHE_MAX_CARDS];
};

/* What the graph needs. Fails where it is not known, or can never be had. */
CUresult graph_needs(const struct cuda *cuda, CUgraph graph, struct graph_needs *needs);

/* What cuGraphLaunch does around the driver's own: first, makes sure of the memory; over the limit,
 * CUDA_ERROR_OUT_OF_MEMORY. Then, if that succeeded, follows the driver's answer. `stream` is the one
 * that is meant: not 0 for the calling thread's own. */
CUresult graphs_before_launch(const struct cuda *cuda, CUgraphExec exec, CUstream stream,
                              struct graph_launch *launch);
void graphs_after_launch(struct graph_launch *launch, CUresult result);

/* The same of an executable graph that is known already. */
CUresult graph_exec_before(const struct cuda *cuda, struct graph_launch *launch);

/* Lets the driver give back what it keeps for graphs of the card and none uses. */
void graphs_make_room(const struct cuda *cuda, struct slice *slice, unsigned card);

/* Follows what the driver has for the graphs of a card. */
void graphs_settle(struct slice *slice, unsigned card, uint64_t reserved);

/* From now on no graph counts on memory of the card that it had. */
void graphs_forget(struct slice *slice, unsigned card);

#endif
