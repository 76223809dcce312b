/* What was charged for an address or a handle, until it is freed.
 *
 * Lock-free, so that a fork in one thread cannot leave a lock held in the child, and a signal
 * handler that frees cannot wait for the code it interrupted. Keys that can be device addresses lie
 * in a tree. Others (handles, most of them) lie in levels, each four times the one before and made
 * when the ones before are full around a key's place; none is ever moved. */
#ifndef TRANCHE_CORE_TABLE_H
#define TRANCHE_CORE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "tree.h"

enum { TABLE_LEVELS = 9, TABLE_FIRST_BITS = 12 };

struct table_entry {
    uint64_t key; /* 0: free; 1: being written */
    uint64_t value;
};

struct table {
    struct tree tree;
    struct table_entry *levels[TABLE_LEVELS];
};

/* Keys 0 and 1 and values from 2^63 on cannot be kept. False when there is no memory to do so. */
bool table_put(struct table *table, uint64_t key, uint64_t value);

/* The same, and tells what was kept for the key, or 0; of keys that are no addresses it does not know. */
bool table_swap(struct table *table, uint64_t key, uint64_t value, uint64_t *old);

/* Puts back what was taken out; false, and nothing done, if something was put there since. */
bool table_put_back(struct table *table, uint64_t key, uint64_t value);

/* Takes the entry out; false if there is none. Of several callers one gets it. */
bool table_take(struct table *table, uint64_t key, uint64_t *value);

/* Reads the entry; false if there is none. */
bool table_get(struct table *table, uint64_t key, uint64_t *value);

/* Tells `see` of every entry that is there all the time; of others perhaps. It may put and take. */
void table_each(struct table *table, void (*see)(void *to, uint64_t key, uint64_t value), void *to);

#endif
