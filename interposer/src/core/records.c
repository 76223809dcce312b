#include "records.h"

#include <stddef.h>
#include <sys/mman.h>

/* Slab s has the numbers from (1 << s) - 1 times its first's size on. */
static unsigned slab_of(uint32_t number) {
    return 31u - (unsigned)__builtin_clz((number >> RECORD_FIRST_BITS) + 1);
}

static uint32_t slab_start(unsigned slab) {
    return ((1u << slab) - 1) << RECORD_FIRST_BITS;
}

static struct record *slab_made(struct records *records, unsigned slab) {
    struct record *have = __atomic_load_n(&records->slabs[slab], __ATOMIC_ACQUIRE);
    if (have) return have;
    size_t size = ((size_t)1 << (slab + RECORD_FIRST_BITS)) * sizeof(struct record);
    void *made = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                      -1, 0);
    if (made == MAP_FAILED) return NULL;
    if (__atomic_compare_exchange_n(&records->slabs[slab], &have, made, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE)) {
        return made;
    }
    munmap(made, size);
    return have;
}

struct record *record_numbered(struct records *records, uint32_t number) {
    if (number >= __atomic_load_n(&records->made, __ATOMIC_ACQUIRE)) return NULL;
    unsigned slab = slab_of(number);
    if (slab >= RECORD_SLABS) return NULL;
    struct record *start = __atomic_load_n(&records->slabs[slab], __ATOMIC_ACQUIRE);
    return start ? &start[number - slab_start(slab)] : NULL;
}

static struct record *used_again(struct records *records) {
    uint64_t head = __atomic_load_n(&records->free, __ATOMIC_ACQUIRE);
    while ((uint32_t)head) {
        struct record *record = record_numbered(records, (uint32_t)head - 1);
        uint32_t rest = __atomic_load_n(&record->next_free, __ATOMIC_RELAXED);
        uint64_t wanted = ((head >> 32) + 1) << 32 | rest;
        if (__atomic_compare_exchange_n(&records->free, &head, wanted, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE)) {
            return record;
        }
    }
    return NULL;
}

/* The slab first, the number then: a number that is out has its slab. */
static struct record *one_more(struct records *records) {
    uint32_t number = __atomic_load_n(&records->made, __ATOMIC_ACQUIRE);
    for (;;) {
        unsigned slab = slab_of(number);
        struct record *start = slab < RECORD_SLABS ? slab_made(records, slab) : NULL;
        if (!start) return NULL;
        if (__atomic_compare_exchange_n(&records->made, &number, number + 1, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE)) {
            struct record *record = &start[number - slab_start(slab)];
            record->number = number;
            return record;
        }
    }
}

struct record *record_new(struct records *records) {
    struct record *record = used_again(records);
    if (!record) record = one_more(records);
    if (!record) return NULL;
    RECORD_SET(record, key, 0);
    RECORD_SET(record, context, 0);
    RECORD_SET(record, born, 0);
    RECORD_SET(record, owner, NULL);
    RECORD_SET(record, device, 0);
    record->bytes = record->length = 0;
    record->card = record->backed = record->loose = 0;
    record->target = record->next = NULL;
    record->wanted = record->held = 0;
    return record;
}

void record_free(struct records *records, struct record *record) {
    RECORD_SET(record, kind, RECORD_FREE);
    uint64_t head = __atomic_load_n(&records->free, __ATOMIC_ACQUIRE), wanted;
    do {
        __atomic_store_n(&record->next_free, (uint32_t)head, __ATOMIC_RELAXED);
        wanted = ((head >> 32) + 1) << 32 | (record->number + 1);
    } while (!__atomic_compare_exchange_n(&records->free, &head, wanted, false, __ATOMIC_ACQ_REL,
                                          __ATOMIC_ACQUIRE));
}
