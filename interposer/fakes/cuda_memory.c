/* Addresses. A block's address is BASE + 2 MiB x its number, and its record lies at that number, so
 * both ways cost the same however many there are. Freed numbers are used again, the last one first,
 * by lock-free lists, one per power of two of their length. */
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#include "graphs.h"
#include "physical.h"
#include "pools.h"

#define BASE 0x700000000000ull
#define STEP_BITS 21
#define GRANULE 512ull

enum { MOST_STEPS = 1 << 25, LISTS = 26 }; /* 64 TiB of addresses */

struct record {
    uint64_t bytes; /* 0: free */
    uint32_t steps;
    uint32_t next; /* in its list while free */
    int32_t device;
    uint32_t context; /* that it goes with; 0: none */
};

static struct record *records;
static uint32_t next_step = 1; /* 0 is no number */
static uint64_t lists[LISTS];  /* a count that grows (against ABA), and the first number */

static void make_records(void) {
    void *made = mmap(NULL, (size_t)MOST_STEPS * sizeof(struct record), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    records = made == MAP_FAILED ? NULL : made;
}

static int list_of(size_t bytes) {
    int list = 0;
    while (((uint64_t)1 << (list + STEP_BITS)) < bytes) list++;
    return list;
}

static uint32_t pop(int list) {
    uint64_t head = __atomic_load_n(&lists[list], __ATOMIC_ACQUIRE);
    while ((uint32_t)head) {
        uint32_t rest = __atomic_load_n(&records[(uint32_t)head].next, __ATOMIC_RELAXED);
        uint64_t wanted = ((head >> 32) + 1) << 32 | rest;
        if (__atomic_compare_exchange_n(&lists[list], &head, wanted, 0, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE)) {
            return (uint32_t)head;
        }
    }
    return 0;
}

static void push(int list, uint32_t number) {
    uint64_t head = __atomic_load_n(&lists[list], __ATOMIC_ACQUIRE), wanted;
    do {
        __atomic_store_n(&records[number].next, (uint32_t)head, __ATOMIC_RELAXED);
        wanted = ((head >> 32) + 1) << 32 | number;
    } while (!__atomic_compare_exchange_n(&lists[list], &head, wanted, 0, __ATOMIC_ACQ_REL,
                                          __ATOMIC_ACQUIRE));
}

CUresult memory_take(CUdevice device, size_t bytes, CUdeviceptr *at) {
    return memory_take_in(0, device, bytes, at);
}

CUresult memory_take_in(uint32_t context, CUdevice device, size_t bytes, CUdeviceptr *at) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_records);
    const struct card *card = driver_card(device);
    if (!card) return CUDA_ERROR_INVALID_DEVICE;
    if (fault_lost(card)) return CUDA_ERROR_UNKNOWN; /* as after XID 79 */
    if (!at || bytes == 0) return CUDA_ERROR_INVALID_VALUE;
    if (bytes > card->bytes) return CUDA_ERROR_OUT_OF_MEMORY;
    bytes = (bytes + GRANULE - 1) & ~(GRANULE - 1);
    if (!records || !oracle_take(card, bytes)) return CUDA_ERROR_OUT_OF_MEMORY;
    int list = list_of(bytes);
    uint32_t number = pop(list);
    if (!number) {
        number = __atomic_fetch_add(&next_step, 1u << list, __ATOMIC_RELAXED);
        if (number > MOST_STEPS - (1u << list)) {
            oracle_give_back(card, bytes);
            return CUDA_ERROR_OUT_OF_MEMORY;
        }
    }
    struct record *record = &records[number];
    record->device = device;
    __atomic_store_n(&record->context, context, __ATOMIC_RELAXED);
    record->steps = 1u << list;
    __atomic_store_n(&record->bytes, bytes, __ATOMIC_RELEASE);
    *at = BASE + ((CUdeviceptr)number << STEP_BITS);
    return CUDA_SUCCESS;
}

static uint32_t number_of(CUdeviceptr at) {
    if (!records || at < BASE) return 0;
    uint64_t number = (at - BASE) >> STEP_BITS;
    return number < __atomic_load_n(&next_step, __ATOMIC_RELAXED) ? (uint32_t)number : 0;
}

CUresult memory_give_back(CUdeviceptr at) {
    uint32_t number = number_of(at);
    if (!number || (at & ((1ull << STEP_BITS) - 1))) return CUDA_ERROR_INVALID_VALUE;
    struct record *record = &records[number];
    uint64_t bytes = __atomic_exchange_n(&record->bytes, 0, __ATOMIC_ACQ_REL);
    if (!bytes) return CUDA_ERROR_INVALID_VALUE;
    const struct card *card = driver_card(record->device);
    int list = list_of(bytes);
    if (card) oracle_give_back(card, bytes);
    push(list, number);
    return CUDA_SUCCESS;
}

void memory_free_context(uint32_t context) {
    uint32_t end = records ? __atomic_load_n(&next_step, __ATOMIC_ACQUIRE) : 0;
    for (uint32_t number = 1; number < end && number < MOST_STEPS; number++) {
        if (!__atomic_load_n(&records[number].bytes, __ATOMIC_ACQUIRE)) continue;
        if (__atomic_load_n(&records[number].context, __ATOMIC_RELAXED) != context) continue;
        memory_give_back(BASE + ((CUdeviceptr)number << STEP_BITS));
    }
}

int memory_find(CUdeviceptr at, CUdeviceptr *base, size_t *bytes, CUdevice *device) {
    for (uint32_t number = number_of(at); number; number--) {
        uint64_t have = __atomic_load_n(&records[number].bytes, __ATOMIC_ACQUIRE);
        if (!have) continue;
        CUdeviceptr start = BASE + ((CUdeviceptr)number << STEP_BITS);
        if (at - start >= have) return 0;
        if (base) *base = start;
        if (bytes) *bytes = have;
        if (device) *device = records[number].device;
        return 1;
    }
    return 0;
}

static CUresult take_here(CUdeviceptr *at, size_t bytes) {
    CUdevice device;
    if (!driver_initialised()) return CUDA_ERROR_NOT_INITIALIZED;
    if (!driver_current(&device)) return CUDA_ERROR_INVALID_CONTEXT;
    if (captures_forbid()) return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    return memory_take_in(driver_context(), device, bytes, at);
}

/* cuMemFree also unmaps a buffer of imported memory. */
static CUresult give_back_here(CUdeviceptr at) {
    if (!driver_initialised()) return CUDA_ERROR_NOT_INITIALIZED;
    if (!at || imported_unmap(at)) return CUDA_SUCCESS;
    if (!pool_give_back(at) && !graph_give_back(at)) return memory_give_back(at);
    graphs_synchronised(); /* cuMemFree waits for the card */
    pools_synchronised();
    return CUDA_SUCCESS;
}

EXPORT CUresult cuMemAlloc_v2(CUdeviceptr *at, size_t bytes) {
    FAULT(CUresult);
    return take_here(at, bytes);
}

EXPORT CUresult cuMemAllocManaged(CUdeviceptr *at, size_t bytes, unsigned flags) {
    FAULT(CUresult);
    (void)flags;
    return take_here(at, bytes);
}

EXPORT CUresult cuMemAllocPitch_v2(CUdeviceptr *at, size_t *pitch, size_t width, size_t height,
                                   unsigned element) {
    FAULT(CUresult);
    (void)element;
    if (!pitch || !width || !height) return CUDA_ERROR_INVALID_VALUE;
    *pitch = (width + GRANULE - 1) & ~(GRANULE - 1);
    return take_here(at, *pitch * height);
}

EXPORT CUresult cuMemFree_v2(CUdeviceptr at) {
    FAULT(CUresult);
    return give_back_here(at);
}

/* A driver without an address below 4 GiB has none to give to the first version of this API. */
EXPORT CUresult cuMemAlloc(CUdeviceptr_v1 *at, unsigned bytes) {
    (void)at, (void)bytes;
    return CUDA_ERROR_OUT_OF_MEMORY;
}

EXPORT CUresult cuMemFree(CUdeviceptr_v1 at) {
    return give_back_here(at);
}

EXPORT CUresult cuMemGetInfo_v2(size_t *free_bytes, size_t *total) {
    if (!driver_initialised()) return CUDA_ERROR_NOT_INITIALIZED;
    const struct card *card = driver_current(NULL);
    if (!card) return CUDA_ERROR_INVALID_CONTEXT;
    if (free_bytes) *free_bytes = card->bytes - oracle_used(card);
    if (total) *total = card->bytes;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuMemGetInfo(unsigned *free_bytes, unsigned *total) {
    size_t long_free, long_total;
    CUresult result = cuMemGetInfo_v2(&long_free, &long_total);
    if (result != CUDA_SUCCESS) return result;
    *free_bytes = long_free > UINT32_MAX ? UINT32_MAX : (unsigned)long_free;
    *total = long_total > UINT32_MAX ? UINT32_MAX : (unsigned)long_total;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuMemGetAddressRange_v2(CUdeviceptr *base, size_t *bytes, CUdeviceptr at) {
    return memory_find(at, base, bytes, NULL) ? CUDA_SUCCESS : CUDA_ERROR_NOT_FOUND;
}

EXPORT CUresult cuPointerGetAttribute(void *data, CUpointer_attribute attribute, CUdeviceptr at) {
    CUdevice device;
    if (!memory_find(at, NULL, NULL, &device) && !mapping_find(at, &device)) return CUDA_ERROR_INVALID_VALUE;
    if (attribute == CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL) *(int *)data = device;
    if (attribute == CU_POINTER_ATTRIBUTE_MEMORY_TYPE) *(unsigned *)data = CU_MEMORYTYPE_DEVICE;
    return CUDA_SUCCESS;
}
