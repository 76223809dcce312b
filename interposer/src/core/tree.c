#include "tree.h"

#include <stddef.h>
#include <sys/mman.h>

enum {
    GIB_BITS = 30,
    PAGE_BITS = 21,
    FIRST_BITS = 18, /* of the steps in the node right below a page; each node below parts by 8 */
    NODE_BITS = 3,
    ROOT_ENTRIES = 1 << (TREE_ADDRESS_BITS - GIB_BITS),
    PAGES = 1 << (GIB_BITS - PAGE_BITS),
    PARTS = 1 << NODE_BITS,
};

/* One GiB in pages of 2 MiB. */
struct gib {
    uint64_t values[PAGES];
    void *below[PAGES];
};

/* One line for the values, one for what lies between them; the last kind of node has no second. */
struct node {
    uint64_t values[PARTS];
    void *below[PARTS];
};

/* --- memory: blocks that nodes are cut from, never given back ------------------------------------ */
struct tree_block {
    size_t size, used;
    uint8_t rest_of_line[48];
};

/* The first is small, for the many programs that hold little; later ones are whole huge pages, since
 * with a million addresses it is the processor's own tables that are missed. */
enum { FIRST_BLOCK = 1 << 20, HUGE_BLOCK = 2 << 20 };

static void *map(size_t size) {
    void *made = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                      -1, 0);
    return made == MAP_FAILED ? NULL : made;
}

static void *map_huge(void) {
    char *made = map(2 * HUGE_BLOCK);
    if (!made) return NULL;
    size_t before = -(uintptr_t)made & (HUGE_BLOCK - 1);
    if (before) munmap(made, before);
    munmap(made + before + HUGE_BLOCK, HUGE_BLOCK - before);
    (void)madvise(made + before, HUGE_BLOCK, MADV_HUGEPAGE);
    return made + before;
}

/* A block after `full`; of two threads that come at once, one's stays. */
static bool add_block(struct tree *tree, struct tree_block *full) {
    size_t size = full ? HUGE_BLOCK : FIRST_BLOCK;
    struct tree_block *made = full ? map_huge() : map(size);
    if (!made) return false;
    made->size = size;
    made->used = sizeof *made;
    if (!__atomic_compare_exchange_n(&tree->block, &full, made, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_RELAXED)) {
        munmap(made, size);
    }
    return true;
}

static void *cut(struct tree *tree, size_t size) {
    for (;;) {
        struct tree_block *block = __atomic_load_n(&tree->block, __ATOMIC_ACQUIRE);
        if (block) {
            size_t at = __atomic_fetch_add(&block->used, size, __ATOMIC_RELAXED);
            if (at + size <= block->size) return (char *)block + at;
        }
        if (!add_block(tree, block)) return NULL;
    }
}

/* --- the way down -------------------------------------------------------------------------------- */
/* What hangs at `at`; of two threads that make it at once, one's stays. */
static void *below(struct tree *tree, void **at, size_t size, bool make) {
    void *have = __atomic_load_n(at, __ATOMIC_ACQUIRE);
    if (have || !make) return have;
    void *made = cut(tree, size);
    if (!made) return NULL;
    bool first = __atomic_compare_exchange_n(at, &have, made, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    return first ? made : have;
}

static void **root(struct tree *tree, bool make) {
    void **have = __atomic_load_n(&tree->root, __ATOMIC_ACQUIRE);
    if (have || !make) return have;
    void **made = map(ROOT_ENTRIES * sizeof *made);
    if (!made) return NULL;
    if (__atomic_compare_exchange_n(&tree->root, &have, made, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE)) {
        return made;
    }
    munmap(made, ROOT_ENTRIES * sizeof *made);
    return have;
}

static uint64_t low(uint64_t address, unsigned bits) {
    return address & ((1ull << bits) - 1);
}

uint64_t *tree_place(struct tree *tree, uint64_t address, bool make) {
    void **entries = root(tree, make);
    if (!entries) return NULL;
    struct gib *gib = below(tree, &entries[address >> GIB_BITS], sizeof *gib, make);
    if (!gib) return NULL;
    uint64_t index = low(address >> PAGE_BITS, GIB_BITS - PAGE_BITS);
    if (low(address, PAGE_BITS) == 0) return &gib->values[index];
    void **at = &gib->below[index];
    for (unsigned bits = FIRST_BITS;; bits -= NODE_BITS) {
        size_t size = bits > TREE_STEP_BITS ? sizeof(struct node) : sizeof(uint64_t[PARTS]);
        struct node *node = below(tree, at, size, make);
        if (!node) return NULL;
        index = low(address >> bits, NODE_BITS);
        if (low(address, bits) == 0) return &node->values[index];
        at = &node->below[index];
    }
}

/* --- all of them ---------------------------------------------------------------------------------- */
struct visit {
    void (*see)(void *to, uint64_t address, uint64_t value);
    void *to;
};

static void visit_values(const struct visit *visit, const uint64_t *values, unsigned count,
                         uint64_t start, unsigned bits) {
    for (unsigned i = 0; i < count; i++) {
        uint64_t value = __atomic_load_n(&values[i], __ATOMIC_ACQUIRE);
        if (value) visit->see(visit->to, start + ((uint64_t)i << bits), value);
    }
}

static void visit_node(const struct visit *visit, struct node *node, uint64_t start, unsigned bits) {
    if (!node) return;
    visit_values(visit, node->values, PARTS, start, bits);
    for (unsigned i = 0; bits > TREE_STEP_BITS && i < PARTS; i++) {
        struct node *below = __atomic_load_n(&node->below[i], __ATOMIC_ACQUIRE);
        visit_node(visit, below, start + ((uint64_t)i << bits), bits - NODE_BITS);
    }
}

void tree_each(struct tree *tree, void (*see)(void *to, uint64_t address, uint64_t value), void *to) {
    struct visit visit = {.see = see, .to = to};
    void **entries = __atomic_load_n(&tree->root, __ATOMIC_ACQUIRE);
    for (uint64_t i = 0; entries && i < ROOT_ENTRIES; i++) {
        struct gib *gib = __atomic_load_n(&entries[i], __ATOMIC_ACQUIRE);
        if (!gib) continue;
        visit_values(&visit, gib->values, PAGES, i << GIB_BITS, PAGE_BITS);
        for (uint64_t page = 0; page < PAGES; page++) {
            struct node *node = __atomic_load_n(&gib->below[page], __ATOMIC_ACQUIRE);
            visit_node(&visit, node, i << GIB_BITS | page << PAGE_BITS, FIRST_BITS);
        }
    }
}
