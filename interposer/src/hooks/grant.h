/* What every hook that takes or frees device memory does: find the card, reserve, ask the driver,
 * and keep or give back by its answer. */
#ifndef TRANCHE_HOOKS_GRANT_H
#define TRANCHE_HOOKS_GRANT_H

#include "../resolve/driver.h"
#include "../slice.h"

/* The driver parts linear memory in steps of 512 bytes (CUDA C Programming Guide: every address
 * from its allocator is aligned to at least 256; drivers since 10 use 512). So much is charged;
 * the pages of 2 MiB behind small pieces are the driver's own. */
#define GRANULE 512ull

enum grant_kind { GRANT_POINTER };

struct grant {
    struct slice *slice;
    enum grant_kind kind;
    unsigned card;
    uint64_t bytes; /* reserved */
};

/* Calls the driver's own `name`, or says as a driver does that there is none. */
#define FORWARD(cuda, name, ...) \
    (!(cuda) ? CUDA_ERROR_NOT_INITIALIZED : !(cuda)->name ? CUDA_ERROR_NOT_FOUND : (cuda)->name(__VA_ARGS__))

/* Bytes as charged; UINT64_MAX for what cannot be rounded. */
uint64_t grant_rounded(uint64_t bytes);

/* The card that the thread's current context is on; the driver's own error where there is none. */
CUresult grant_current_device(const struct cuda *cuda, CUdevice *device);

/* Whether a place for memory is on a card, and on which. */
bool grant_location(const CUmemLocation *location, CUdevice *device);

/* Reserves on a card. Over the limit, or where nothing is granted: CUDA_ERROR_OUT_OF_MEMORY. */
CUresult grant_reserve(const struct cuda *cuda, CUdevice device, uint64_t bytes, struct grant *grant);

/* After the driver's answer to an allocation that was reserved for: remembers it by its address, or
 * gives the reservation back. */
CUresult grant_settle(const struct cuda *cuda, struct grant *grant, CUresult result, CUdeviceptr at);

void grant_give_back(const struct grant *grant);

/* Remembers what was charged for `key`; false if there is no host memory to do so. */
bool grant_keep(const struct grant *grant, uint64_t key);

/* Remembers again what was taken out and is not gone. */
void grant_put_back(const struct grant *grant, uint64_t key);

/* Forgets `key`; false if nothing was charged for it. To be called before the driver frees: a moment
 * after that another thread may be given the same address. */
bool grant_take_out(struct grant *grant, enum grant_kind kind, uint64_t key);

/* After the driver's answer to freeing what was taken out: only now is the charge given back, since
 * until then the memory was taken. Had it failed, the entry is put back. Returns that answer. */
CUresult grant_freed(const struct grant *grant, bool charged, CUresult result, uint64_t key);

/* The place in the limits of a card by the driver's ordinal; SLICE_NO_CARD if not granted. */
int grant_card(struct slice *slice, const struct cuda *cuda, CUdevice device);

#endif
