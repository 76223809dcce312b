/* Values by address, found as a processor finds a page: each step down looks at the next bits.
 *
 * Device addresses are given out in steps of 2 MiB, or within such a page in steps of 512 bytes or
 * some more. A value lies at the highest step that its address is a multiple of, and its place says
 * what its address is, so it takes 8 bytes, and neighbours share a line of the cache: a million of
 * them take 8 MiB of lines whatever the step, and finding one misses the cache once.
 *
 * Lock-free. Nothing is ever moved or given back: what has once been an address will be one again. */
#ifndef TRANCHE_CORE_TREE_H
#define TRANCHE_CORE_TREE_H

#include <stdbool.h>
#include <stdint.h>

enum { TREE_STEP_BITS = 9, TREE_ADDRESS_BITS = 48 };

struct tree_block;

struct tree {
    void **root;             /* of 1 GiB each */
    struct tree_block *block; /* where the next nodes are cut from */
};

/* The value's place for an address that is a multiple of 512 below 2^48; 0 there is no value. With
 * `make`, what is missing on the way is made: NULL then only if there is no memory. */
uint64_t *tree_place(struct tree *tree, uint64_t address, bool make);

/* Tells `see` of every address with a value that is there all the time; of others perhaps. */
void tree_each(struct tree *tree, void (*see)(void *to, uint64_t address, uint64_t value), void *to);

#endif
