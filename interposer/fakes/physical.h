/* What the fake driver's physical memory, mappings and sharing have in common. */
#ifndef FAKES_PHYSICAL_H
#define FAKES_PHYSICAL_H

#include "driver.h"

/* A handle points to one. It lives until nothing refers to it: no handle, mapping or binding (cuda.h,
 * cuMemRelease); used again for the next, as a driver's handles are. */
struct physical {
    CUdevice device;
    size_t bytes;
    CUdeviceptr block; /* that is taken of the card; 0: another process's, a host's, or multicast's */
    int handles, references; /* the second includes the first */
    struct physical *next;
};

/* One lock for all of it. */
void physical_lock(void);
void physical_unlock(void);

/* With the lock held: */
struct physical *physical_made(CUdevice device, size_t bytes, CUdeviceptr block);
struct physical *physical_of(CUmemGenericAllocationHandle handle); /* NULL: no such handle */
void physical_drop(struct physical *physical);

/* With a multicast object go its bindings, with a sparse array what is mapped into it. */
void bindings_end(const void *owner);

/* Addresses without memory, never used twice. */
CUdeviceptr addresses_reserve(size_t bytes);

/* Whether memory is mapped at an address by cuMemMap. */
int mapping_find(CUdeviceptr at, CUdevice *device);

/* Whether the address was a mapped buffer of imported memory; it is no more. */
int imported_unmap(CUdeviceptr at);

#endif
