/* A driver that looks at the region: at each call that takes or frees memory, the slice's books must
 * hold at least what the card has given. Few functions, one card, no memory behind its addresses.
 * Build with -DREGION="path". watching_wrong() says at how many calls too little was counted. */
#define __CUDA_API_VERSION_INTERNAL
#include <cuda.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "tranche/region.h"

enum { MOST = 64 };
#define BASE 0x40000000ull /* so that the first versions of functions can have addresses too */
static struct {
    CUdeviceptr at;
    size_t bytes;
} blocks[MOST];
static unsigned long long given;
static int wrong, next_answer;

static void look(size_t also) {
    static const struct tranche_region *region;
    if (!region) region = mmap(NULL, sizeof *region, PROT_READ, MAP_SHARED, open(REGION, O_RDONLY), 0);
    unsigned long long counted = 0;
    for (unsigned slot = 0; slot < TRANCHE_MAX_SLOTS; slot++) counted += region->used[0][slot];
    wrong += counted < given + also;
}

static CUresult take(CUdeviceptr *at, size_t bytes) {
    look(bytes);
    CUresult answer = next_answer;
    next_answer = CUDA_SUCCESS;
    for (int i = 0; !answer && i < MOST; i++) {
        if (blocks[i].bytes) continue;
        blocks[i].bytes = bytes;
        given += bytes;
        *at = blocks[i].at = BASE + (CUdeviceptr)i * (2 << 20);
        return CUDA_SUCCESS;
    }
    return answer;
}

/* While it works the memory is still taken. */
static CUresult give_back(CUdeviceptr at) {
    look(0);
    CUresult answer = next_answer;
    next_answer = CUDA_SUCCESS;
    for (int i = 0; !answer && i < MOST; i++) {
        if (blocks[i].at != at) continue;
        given -= blocks[i].bytes;
        blocks[i].bytes = 0;
    }
    return answer;
}

int watching_wrong(void) {
    look(0);
    return wrong;
}

/* What the next call that takes or frees answers. */
void watching_answer(int answer) {
    next_answer = answer;
}

CUresult cuInit(unsigned flags) {
    (void)flags;
    return CUDA_SUCCESS;
}

CUresult cuCtxGetDevice(CUdevice *device) {
    *device = 0;
    return CUDA_SUCCESS;
}

CUresult cuDeviceGetUuid_v2(CUuuid *uuid, CUdevice device) {
    (void)device;
    *uuid = (CUuuid){"\xaa\xaa\xaa\xaa\0\0\0\0\0\0\0\0\0\0\0\1"};
    return CUDA_SUCCESS;
}

CUresult cuMemAlloc_v2(CUdeviceptr *at, size_t bytes) {
    return take(at, bytes);
}

CUresult cuMemAllocManaged(CUdeviceptr *at, size_t bytes, unsigned flags) {
    (void)flags;
    return take(at, bytes);
}

/* Wider than anyone could have guessed. */
CUresult cuMemAllocPitch_v2(CUdeviceptr *at, size_t *pitch, size_t width, size_t height, unsigned size) {
    (void)size;
    *pitch = (width + 4095) / 4096 * 4096;
    CUresult result = take(at, width * height);
    if (result) return result;
    for (int i = 0; i < MOST; i++) {
        if (blocks[i].at == *at) given += *pitch * height - blocks[i].bytes, blocks[i].bytes = *pitch * height;
    }
    return CUDA_SUCCESS;
}

CUresult cuMemFree_v2(CUdeviceptr at) {
    return give_back(at);
}

CUresult cuMemAlloc(CUdeviceptr_v1 *at, unsigned bytes) {
    CUdeviceptr wide = 0;
    CUresult result = take(&wide, bytes);
    *at = (CUdeviceptr_v1)wide;
    return result;
}

CUresult cuMemAllocPitch(CUdeviceptr_v1 *at, unsigned *pitch, unsigned width, unsigned height, unsigned size) {
    CUdeviceptr wide = 0;
    size_t wide_pitch;
    CUresult result = cuMemAllocPitch_v2(&wide, &wide_pitch, width, height, size);
    *at = (CUdeviceptr_v1)wide;
    *pitch = (unsigned)wide_pitch;
    return result;
}

CUresult cuMemFree(CUdeviceptr_v1 at) {
    return give_back(at);
}

/* The card's only pool: a chunk for each allocation. What is freed stays there until somebody waits. */
#define POOL ((CUmemoryPool)&pool_has)
#define CHUNK (32ull << 20)
static unsigned long long pool_has;
static CUdeviceptr kept;

CUresult cuDeviceGetCount(int *count) {
    *count = 1;
    return CUDA_SUCCESS;
}

CUresult cuDeviceGetDefaultMemPool(CUmemoryPool *pool, CUdevice device) {
    (void)device;
    *pool = POOL;
    return CUDA_SUCCESS;
}

CUresult cuDeviceGetMemPool(CUmemoryPool *pool, CUdevice device) {
    return cuDeviceGetDefaultMemPool(pool, device);
}

CUresult cuMemPoolGetAttribute(CUmemoryPool pool, CUmemPool_attribute attribute, void *value) {
    (void)pool;
    *(cuuint64_t *)value = attribute == CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT ? pool_has : 0;
    return CUDA_SUCCESS;
}

CUresult cuMemAllocFromPoolAsync(CUdeviceptr *at, size_t bytes, CUmemoryPool pool, CUstream stream) {
    (void)bytes, (void)pool, (void)stream;
    CUresult result = take(at, CHUNK);
    if (!result) pool_has += CHUNK;
    return result;
}

CUresult cuMemAllocAsync(CUdeviceptr *at, size_t bytes, CUstream stream) {
    return cuMemAllocFromPoolAsync(at, bytes, POOL, stream);
}

CUresult cuMemFreeAsync(CUdeviceptr at, CUstream stream) {
    (void)stream;
    look(0);
    CUresult answer = next_answer;
    next_answer = CUDA_SUCCESS;
    if (!answer) kept = at;
    return answer;
}

CUresult cuStreamSynchronize(CUstream stream) {
    (void)stream;
    if (!kept) return CUDA_SUCCESS;
    pool_has -= CHUNK;
    CUresult result = give_back(kept);
    kept = 0;
    return result;
}

CUresult cuMemCreate(CUmemGenericAllocationHandle *handle, size_t bytes,
                     const CUmemAllocationProp *props, unsigned long long flags) {
    (void)props, (void)flags;
    return take(handle, bytes);
}

CUresult cuMemRelease(CUmemGenericAllocationHandle handle) {
    return give_back(handle);
}
