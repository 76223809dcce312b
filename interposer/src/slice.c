#include "slice.h"

#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

#include "say.h"
#include "sys.h"
#include "tranche/paths.h"

struct slice_page *slice_page;
static void *limits_mapping, *region_mapping;

static void wait_a_moment(unsigned attempt) {
    /* Of two that are in each other's way one should come back earlier. */
    static unsigned counter;
    unsigned turns = __atomic_fetch_add(&counter, 0x9e3779b9u, __ATOMIC_RELAXED) >> 20;
    for (turns &= (16u << (attempt < 6 ? attempt : 6)) - 1; turns; turns--) __asm__ volatile("" ::: "memory");
    if (attempt > 2) sched_yield();
}

static const struct ledger_effects EFFECTS = {.is_dead = process_is_dead, .wait = wait_a_moment};

/* Maps a file once; of two threads that come at once, one unmaps its own again. */
static void *map_file(const char *path, size_t size, bool writable, void **shared) {
    void *have = __atomic_load_n(shared, __ATOMIC_ACQUIRE);
    if (have) return have;
    int file = sys_open(path, (writable ? O_RDWR : O_RDONLY) | O_NONBLOCK);
    if (file < 0) return NULL;
    struct stat status;
    void *mapped = MAP_FAILED;
    if (sys_fstat(file, &status) == 0 && S_ISREG(status.st_mode) && (size_t)status.st_size >= size) {
        mapped = mmap(NULL, size, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, file, 0);
    }
    sys_close(file);
    if (mapped == MAP_FAILED) return MAP_FAILED;
    if (__atomic_compare_exchange_n(shared, &have, mapped, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        return mapped;
    }
    munmap(mapped, size);
    return have;
}

static bool limits_are_sound(const struct tranche_limits *file) {
    return file->magic == TRANCHE_LIMITS_MAGIC && file->version == TRANCHE_LIMITS_VERSION &&
           file->size == TRANCHE_LIMITS_SIZE && file->flags == 0 &&
           file->card_count <= TRANCHE_MAX_CARDS;
}

static bool map_limits(void) {
    const struct tranche_limits *file =
        map_file(TRANCHE_LIMITS_PATH, sizeof *file, false, &limits_mapping);
    if (!file) {
        say_once(SAY_LIMITS_MISSING);
        return false;
    }
    if (file == MAP_FAILED || !limits_are_sound(file)) {
        say_once(SAY_LIMITS_MALFORMED);
        return false;
    }
    return true;
}

static bool map_region(void) {
    struct tranche_region *file =
        map_file(TRANCHE_REGION_PATH, sizeof *file, true, &region_mapping);
    if (!file) {
        say_once(SAY_REGION_MISSING);
        return false;
    }
    if (file != MAP_FAILED) {
        uint64_t stamp = 0;
        if (__atomic_compare_exchange_n(&file->stamp, &stamp, TRANCHE_REGION_STAMP, false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST) ||
            stamp == TRANCHE_REGION_STAMP) {
            return true;
        }
    }
    say_once(SAY_REGION_MALFORMED);
    return false;
}

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

static void *anonymous(size_t size) {
    void *made = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return made == MAP_FAILED ? NULL : made;
}

static struct slice_page *page_made(void) {
    struct slice_page *have = __atomic_load_n(&slice_page, __ATOMIC_ACQUIRE);
    if (have) return have;
    struct slice_page *made = anonymous(sizeof *made);
    if (!made) return NULL;
    if (madvise(made, sizeof *made, MADV_WIPEONFORK) != 0) made->pid = sys_getpid();
    if (__atomic_compare_exchange_n(&slice_page, &have, made, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        return made;
    }
    munmap(made, sizeof *made);
    return have;
}

/* Attaches this process. Threads that come at once each claim a slot; one's stays. */
static struct slice *attach(void) {
    struct slice_page *own = page_made();
    if (!own || !map_limits() || !map_region()) return NULL;
    struct slice *made = anonymous(sizeof *made);
    if (!made) return NULL;
    made->ledger = (struct ledger){.region = __atomic_load_n(&region_mapping, __ATOMIC_ACQUIRE),
                                   .limits = __atomic_load_n(&limits_mapping, __ATOMIC_ACQUIRE),
                                   .effects = &EFFECTS,
                                   .self = process_self()};
    for (int i = 0; i < SLICE_ORDINALS; i++) made->cards[i] = SLICE_CARD_UNKNOWN;
    if (!ledger_claim(&made->ledger)) {
        say_once(SAY_SLOTS_FULL);
        munmap(made, sizeof *made);
        return NULL;
    }
    struct slice *have = NULL;
    if (own->pid && own->pid != sys_getpid()) {
        have = __atomic_load_n(&own->slice, __ATOMIC_ACQUIRE);
        own->pid = sys_getpid();
    }
    if (__atomic_compare_exchange_n(&own->slice, &have, made, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE)) {
        return made;
    }
    ledger_unclaim(&made->ledger);
    munmap(made, sizeof *made);
    return have;
}

bool slice_tells_of_contexts(void) {
    const struct tranche_limits *file =
        map_file(TRANCHE_LIMITS_PATH, sizeof *file, false, &limits_mapping);
    if (!file || file == MAP_FAILED || !limits_are_sound(file)) return false;
    uint64_t any = 0;
    for (unsigned card = 0; card < TRANCHE_MAX_CARDS; card++) {
        any |= __atomic_load_n(&file->cards[card].context_bytes, __ATOMIC_RELAXED);
    }
    return any != 0;
}

struct slice *slice_get(void) {
    struct slice *have = slice_attached();
    return have ? have : attach();
}

struct prices *slice_prices(struct slice *slice) {
    struct prices *have = __atomic_load_n(&slice->prices, __ATOMIC_ACQUIRE);
    if (have) return have;
    struct prices *made = anonymous(sizeof *made);
    if (!made) return NULL;
    if (__atomic_compare_exchange_n(&slice->prices, &have, made, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        return made;
    }
    munmap(made, sizeof *made);
    return have;
}

int slice_card_by_uuid(const struct slice *slice, const uint8_t uuid[16]) {
    const struct tranche_limits *limits = slice->ledger.limits;
    unsigned count = limits->card_count <= TRANCHE_MAX_CARDS ? limits->card_count : 0;
    for (unsigned card = 0; card < count; card++) {
        if (memcmp(limits->cards[card].uuid, uuid, 16) == 0) return (int)card;
    }
    return SLICE_NO_CARD;
}
