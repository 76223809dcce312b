/* What is charged for things that have more to them than an address: who holds them, and what they
 * belong to.
 *
 * Lock-free like the tables, whose values such records are. They lie in slabs that are never given
 * back and are used again, so a record is always readable. */
#ifndef TRANCHE_CORE_RECORDS_H
#define TRANCHE_CORE_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

enum record_kind {
    RECORD_FREE,
    RECORD_PHYSICAL,  /* by handle: memory of cuMemCreate, or a multicast object */
    RECORD_MAPPING,   /* by address: holds what is mapped there */
    RECORD_BINDING,   /* by place: holds what a multicast object or an array is backed by */
    RECORD_ARRAY,     /* by handle */
    RECORD_CONTEXT,   /* by handle */
    RECORD_GREEN,     /* the same, of a green context */
};

struct record {
    uint64_t key;
    uint64_t bytes;        /* charged */
    uint64_t length;       /* of a mapping; charged for a context's limits */
    uint64_t context;      /* an array's */
    uint64_t born;         /* an array's place in the order of making */
    struct record *target; /* what a mapping or binding holds */
    struct record *owner;  /* what a binding goes with */
    struct record *next;   /* in a list of the thread that has taken it out */
    uint32_t number;       /* its place, for good */
    uint32_t next_free;
    uint32_t kind;
    uint32_t card;
    int32_t device;
    uint32_t backed; /* whether bindings were made to it */
    uint32_t loose;  /* a binding that may outlast what the driver holds, and so keeps no key */
    /* Holders. Counted down before the driver is told, and after it has answered: between the two
     * the memory is taken, and the key may soon be another's. */
    uint32_t wanted, held;
};

enum { RECORD_SLABS = 16, RECORD_FIRST_BITS = 10 };

struct records {
    struct record *slabs[RECORD_SLABS]; /* each twice the one before */
    uint64_t free;                      /* a count that grows (against ABA), and a number + 1 */
    uint32_t made;
};

/* An empty record, free until its kind is set; NULL when there is no memory. */
struct record *record_new(struct records *records);
void record_free(struct records *records, struct record *record);

/* The record with that number, or NULL from the first that was never made. */
struct record *record_numbered(struct records *records, uint32_t number);

/* Fields that others read who look through all records. */
#define RECORD_SET(record, field, value) __atomic_store_n(&(record)->field, (value), __ATOMIC_RELEASE)
#define RECORD_GET(record, field) __atomic_load_n(&(record)->field, __ATOMIC_ACQUIRE)

#endif
