#include "table.h"

#include <stddef.h>
#include <sys/mman.h>

/* A key's place and so many entries after it may hold it: four lines of a cache, so that what is not
 * there is known soon, and enough for a level to fill up before the next is made. */
enum { WINDOW = 16, GROWTH_BITS = 2 };

static const uint64_t WRITING = 1;
static const uint64_t PRESENT = 1ull << 63; /* in the tree, where 0 is no value */

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
    if (level >= 3) (void)madvise(made, size(level), MADV_HUGEPAGE);
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

static bool put_in_levels(struct table *table, uint64_t key, uint64_t value) {
    if (key <= WRITING) return false;
    for (unsigned level = newest(table); level < TABLE_LEVELS; level++) {
        struct table_entry *entries = level_made(table, level);
        if (!entries) return false;
        if (put_in(window(entries, level, key), key, value)) return true;
    }
    return false;
}

static struct table_entry *find_in_levels(const struct table *table, uint64_t key) {
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

static bool is_in_tree(uint64_t key) {
    return key && key % (1u << TREE_STEP_BITS) == 0 && key >> TREE_ADDRESS_BITS == 0;
}

bool table_put(struct table *table, uint64_t key, uint64_t value) {
    if (value & PRESENT) return false;
    if (!is_in_tree(key)) return put_in_levels(table, key, value);
    uint64_t *place = tree_place(&table->tree, key, true);
    if (place) __atomic_store_n(place, value | PRESENT, __ATOMIC_RELEASE);
    return place != NULL;
}

bool table_swap(struct table *table, uint64_t key, uint64_t value, uint64_t *old) {
    *old = 0;
    if (value & PRESENT) return false;
    if (!is_in_tree(key)) return put_in_levels(table, key, value);
    uint64_t *place = tree_place(&table->tree, key, true);
    if (place) *old = __atomic_exchange_n(place, value | PRESENT, __ATOMIC_ACQ_REL) & ~PRESENT;
    return place != NULL;
}

bool table_put_back(struct table *table, uint64_t key, uint64_t value) {
    if (!is_in_tree(key)) return put_in_levels(table, key, value);
    uint64_t *place = tree_place(&table->tree, key, false), none = 0;
    return place && __atomic_compare_exchange_n(place, &none, value | PRESENT, false, __ATOMIC_ACQ_REL,
                                                __ATOMIC_RELAXED);
}

bool table_get(struct table *table, uint64_t key, uint64_t *value) {
    if (is_in_tree(key)) {
        const uint64_t *place = tree_place(&table->tree, key, false);
        uint64_t kept = place ? __atomic_load_n(place, __ATOMIC_ACQUIRE) : 0;
        *value = kept & ~PRESENT;
        return kept != 0;
    }
    const struct table_entry *entry = find_in_levels(table, key);
    if (entry) *value = __atomic_load_n(&entry->value, __ATOMIC_RELAXED);
    return entry != NULL;
}

bool table_take(struct table *table, uint64_t key, uint64_t *value) {
    if (is_in_tree(key)) {
        uint64_t *place = tree_place(&table->tree, key, false);
        uint64_t kept = place ? __atomic_exchange_n(place, 0, __ATOMIC_ACQ_REL) : 0;
        *value = kept & ~PRESENT;
        return kept != 0;
    }
    struct table_entry *entry = find_in_levels(table, key);
    if (!entry) return false;
    *value = __atomic_load_n(&entry->value, __ATOMIC_RELAXED);
    return __atomic_compare_exchange_n(&entry->key, &key, 0, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED);
}

struct seeing {
    void (*see)(void *to, uint64_t key, uint64_t value);
    void *to;
};

static void see_of_tree(void *to, uint64_t key, uint64_t value) {
    const struct seeing *seeing = to;
    seeing->see(seeing->to, key, value & ~PRESENT);
}

void table_each(struct table *table, void (*see)(void *to, uint64_t key, uint64_t value), void *to) {
    tree_each(&table->tree, see_of_tree, &(struct seeing){.see = see, .to = to});
    for (unsigned level = 0; level < TABLE_LEVELS; level++) {
        struct table_entry *at = __atomic_load_n(&table->levels[level], __ATOMIC_ACQUIRE);
        for (struct table_entry *end = at ? at + size(level) / sizeof *at : at; at < end; at++) {
            uint64_t key = __atomic_load_n(&at->key, __ATOMIC_ACQUIRE);
            if (key > WRITING) see(to, key, __atomic_load_n(&at->value, __ATOMIC_RELAXED));
        }
    }
}
