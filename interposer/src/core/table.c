#include "table.h"

#include <stddef.h>
#include <sys/mman.h>

/* A key's place and so many entries after it may hold it: four lines of a cache, so that what is not
 * there is known soon, and enough for a level to fill up before the next is made. */
enum { WINDOW = 16, GROWTH_BITS = 3 };

static const uint64_t WRITING = 1;

static unsigned bits(unsigned level) {
    return TABLE_FIRST_BITS + GROWTH_BITS * level;
}

static size_t size(unsigned level) {
    return (((size_t)1 << bits(level)) + WINDOW) * sizeof(struct table_entry);
}

static struct table_entry *window(struct table_entry *entries, unsigned level, uint64_t key) {
    /* Fibonacci hashing: addresses differ in their middle bits, the product's upper bits in all. */
    return &entries[(key * 0x9e3779b97f4a7c15ull) >> (64 - bits(level))];
}

static struct table_entry *level_made(struct table *table, unsigned level) {
    struct table_entry *entries = __atomic_load_n(&table->levels[level], __ATOMIC_ACQUIRE);
    if (entries) return entries;
    void *made = mmap(NULL, size(level), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (made == MAP_FAILED) return NULL;
    if (level >= 2) (void)madvise(made, size(level), MADV_HUGEPAGE);
    if (__atomic_compare_exchange_n(&table->levels[level], &entries, made, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE)) {
        return made;
    }
    munmap(made, size(level));
    return entries;
}

static unsigned newest(const struct table *table) {
    unsigned level = TABLE_LEVELS - 1;
    while (level > 0 && !__atomic_load_n(&table->levels[level], __ATOMIC_ACQUIRE)) level--;
    return level;
}

static bool put_in(struct table_entry *at, uint64_t key, uint64_t value) {
    for (struct table_entry *end = at + WINDOW; at < end; at++) {
        uint64_t free_key = 0;
        if (__atomic_load_n(&at->key, __ATOMIC_RELAXED) != 0) continue;
        if (!__atomic_compare_exchange_n(&at->key, &free_key, WRITING, false, __ATOMIC_ACQUIRE,
                                         __ATOMIC_RELAXED)) {
            continue;
        }
        __atomic_store_n(&at->value, value, __ATOMIC_RELAXED);
        __atomic_store_n(&at->key, key, __ATOMIC_RELEASE);
        return true;
    }
    return false;
}

bool table_put(struct table *table, uint64_t key, uint64_t value) {
    if (key <= WRITING) return false;
    for (unsigned level = newest(table); level < TABLE_LEVELS; level++) {
        struct table_entry *entries = level_made(table, level);
        if (!entries) return false;
        if (put_in(window(entries, level, key), key, value)) return true;
    }
    return false;
}

static struct table_entry *find(const struct table *table, uint64_t key) {
    if (key <= WRITING) return NULL;
    for (unsigned level = newest(table) + 1; level-- > 0;) {
        struct table_entry *at = __atomic_load_n(&table->levels[level], __ATOMIC_ACQUIRE);
        if (!at) continue;
        at = window(at, level, key);
        for (struct table_entry *end = at + WINDOW; at < end; at++) {
            if (__atomic_load_n(&at->key, __ATOMIC_ACQUIRE) == key) return at;
        }
    }
    return NULL;
}

bool table_get(const struct table *table, uint64_t key, uint64_t *value) {
    const struct table_entry *entry = find(table, key);
    if (entry) *value = __atomic_load_n(&entry->value, __ATOMIC_RELAXED);
    return entry != NULL;
}

bool table_take(struct table *table, uint64_t key, uint64_t *value) {
    struct table_entry *entry = find(table, key);
    if (!entry) return false;
    *value = __atomic_load_n(&entry->value, __ATOMIC_RELAXED);
    return __atomic_compare_exchange_n(&entry->key, &key, 0, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED);
}

void table_each(struct table *table, void (*see)(void *to, uint64_t key, uint64_t value), void *to) {
    for (unsigned level = 0; level < TABLE_LEVELS; level++) {
        struct table_entry *at = __atomic_load_n(&table->levels[level], __ATOMIC_ACQUIRE);
        for (struct table_entry *end = at ? at + size(level) / sizeof *at : at; at < end; at++) {
            uint64_t key = __atomic_load_n(&at->key, __ATOMIC_ACQUIRE);
            if (key > WRITING) see(to, key, __atomic_load_n(&at->value, __ATOMIC_RELAXED));
        }
    }
}
