/* What was charged for an address or a handle, until it is freed.
 *
 * Lock-free, so that a fork in one thread cannot leave a lock held in the child, and a signal
 * handler that frees cannot wait for the code it interrupted. Entries lie in levels, each eight
 * times the one before and made when the ones before are full around a key's place; none is ever
 * moved. */
#ifndef TRANCHE_CORE_TABLE_H
#define TRANCHE_CORE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

enum { TABLE_LEVELS = 7, TABLE_FIRST_BITS = 12 };

struct table_entry {
    uint64_t key; /* 0: free; 1: being written */
    uint64_t value;
};

struct table {
    struct table_entry *levels[TABLE_LEVELS];
};

/* Keys 0 and 1 cannot be kept. False when there is no memory for another level. */
bool table_put(struct table *table, uint64_t key, uint64_t value);

/* Takes the entry out; false if there is none. Of several callers one gets it. */
bool table_take(struct table *table, uint64_t key, uint64_t *value);

/* Reads the entry; false if there is none. */
bool table_get(const struct table *table, uint64_t key, uint64_t *value);

/* Tells `see` of every entry that is there all the time; of others perhaps. It may put and take. */
void table_each(struct table *table, void (*see)(void *to, uint64_t key, uint64_t value), void *to);

#endif
