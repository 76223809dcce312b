/* A driver that looks at the region: at each call that takes or frees memory, the slice's books must
 * hold at least what the card has given. Few functions, one card, no memory behind its addresses.
 * Build with -DREGION="path". watching_wrong() says at how many calls too little was counted. */
#define __CUDA_API_VERSION_INTERNAL
#include <cuda.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "tranche/region.h"

enum { MOST = 64 };
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
        *at = blocks[i].at = 0x7f0000000000ull + (CUdeviceptr)i * (2 << 20);
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

CUresult cuMemAllocAsync(CUdeviceptr *at, size_t bytes, CUstream stream) {
    (void)stream;
    return take(at, bytes);
}

CUresult cuMemFreeAsync(CUdeviceptr at, CUstream stream) {
    (void)stream;
    return give_back(at);
}

CUresult cuMemCreate(CUmemGenericAllocationHandle *handle, size_t bytes,
                     const CUmemAllocationProp *props, unsigned long long flags) {
    (void)props, (void)flags;
    return take(handle, bytes);
}

CUresult cuMemRelease(CUmemGenericAllocationHandle handle) {
    return give_back(handle);
}
