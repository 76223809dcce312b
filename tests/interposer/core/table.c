/* The table of addresses on its own: table DISTRIBUTION COUNT THREADS. Each thread keeps COUNT keys of
 * its own, takes them in another order, and keeps them again, checking every answer; all threads then
 * reach for the same keys, of which each must go to one. Prints what went wrong, how many of the
 * common keys were taken, and the KiB of memory that the table added. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/table.h"

enum { COMMON = 20000 };

static struct table table;
static const char *distribution;
static uint64_t count;
static long wrong, taken;

static uint64_t mixed(uint64_t x) {
    x ^= x >> 31, x *= 0x9e3779b97f4a7c15ull;
    return x ^ x >> 29;
}

/* The n-th key: no two of them equal. */
static uint64_t key(uint64_t n) {
    static const uint64_t BASE = 0x7f1230000000ull;
    if (!strcmp(distribution, "2MiB")) return BASE + (n << 21);
    if (!strcmp(distribution, "512B")) return BASE + (n << 9);
    if (!strcmp(distribution, "4KiB")) return BASE + (n << 12);
    if (!strcmp(distribution, "64KiB")) return BASE + (n << 16);
    if (!strcmp(distribution, "far")) return (n & 1023) << 38 | (n >> 10) << 9 | 1ull << 37;
    if (!strcmp(distribution, "mixed")) return BASE + (n << 14) + (mixed(n) % 32 << 9);
    if (!strcmp(distribution, "handles")) return n + 2;
    return mixed(n + 1) | 1; /* "any" */
}

static void check(int right) {
    if (!right) __atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
}

static void *work(void *place) {
    uint64_t first = COMMON + (uint64_t)(size_t)place * count, value;
    for (uint64_t n = first; n < first + count; n++) check(table_put(&table, key(n), n));
    for (int turn = 0; turn < 2; turn++) {
        for (uint64_t i = 0; i < count; i++) {
            uint64_t n = first + (i * 7919) % count;
            check(table_get(&table, key(n), &value) && value == n);
            check(table_take(&table, key(n), &value) && value == n);
            check(!table_take(&table, key(n), &value));
            check(table_put(&table, key(n), n));
        }
    }
    for (uint64_t n = 0; n < COMMON; n++) {
        if (!table_take(&table, key(n), &value)) continue;
        check(value == n);
        __atomic_fetch_add(&taken, 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

static void see(void *to, uint64_t at, uint64_t n) {
    check(at == key(n));
    ++*(uint64_t *)to;
}

static long resident_kib(void) {
    long all = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%ld %ld", &all, &resident) != 2) return 0;
    fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) >> 10);
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    distribution = argv[1], count = strtoull(argv[2], NULL, 10);
    long before = resident_kib();
    pthread_t ids[16];
    int threads = atoi(argv[3]);
    for (uint64_t n = 0; n < COMMON; n++) check(table_put(&table, key(n), n));
    for (int i = 0; i < threads; i++) pthread_create(&ids[i], NULL, work, (void *)(size_t)i);
    for (int i = 0; i < threads; i++) pthread_join(ids[i], NULL);
    uint64_t seen = 0;
    table_each(&table, see, &seen);
    check(seen == (uint64_t)threads * count); /* the common ones were all taken */
    printf("%ld %ld %ld\n", wrong, taken, resident_kib() - before);
    return 0;
}
