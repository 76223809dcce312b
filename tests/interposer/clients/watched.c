/* A program on the watching driver: takes and frees in every way, with and without faults of the
 * driver. Prints at how many of its calls too little was counted, and how many answers were faults. */
#define _GNU_SOURCE
#define __CUDA_API_VERSION_INTERNAL
#include <cuda.h>
#include <dlfcn.h>
#include <stdio.h>

#define F(name) ((__typeof__(&name))dlsym(driver, #name))

int main(void) {
    void *driver = dlopen("libcuda.so.1", RTLD_NOW);
    int (*wrong)(void) = dlsym(driver, "watching_wrong");
    void (*answer)(int) = dlsym(driver, "watching_answer");
    CUmemAllocationProp props = {.type = 1, .location = {CU_MEM_LOCATION_TYPE_DEVICE, 0}};
    CUdeviceptr at;
    CUdeviceptr_v1 old_at;
    size_t pitch;
    unsigned old_pitch;
    int refused = 0, failed = 0;
    F(cuInit)(0);
    for (int turn = 0; turn < 8; turn++) {
        for (int way = 0; way < 7; way++) {
            CUresult result = 0;
            answer(turn % 2 ? CUDA_ERROR_UNKNOWN : 0);
            if (way == 0) result = F(cuMemAlloc_v2)(&at, 1 << 20);
            if (way == 1) result = F(cuMemAllocManaged)(&at, 1 << 20, 1);
            if (way == 2) result = F(cuMemAllocPitch_v2)(&at, &pitch, 1024, 1024, 4);
            if (way == 3) result = F(cuMemAllocAsync)(&at, 1 << 20, NULL);
            if (way == 4) result = F(cuMemCreate)(&at, 1 << 20, &props, 0);
            if (way == 5) result = F(cuMemAlloc)(&old_at, 1 << 20);
            if (way == 6) result = F(cuMemAllocPitch)(&old_at, &old_pitch, 1024, 1024, 4);
            refused += result != 0;
            /* The first time the driver does not let go. */
            for (int try = 0; !result && try < 2; try++) {
                answer(try ? 0 : CUDA_ERROR_UNKNOWN);
                CUresult freed = way == 3   ? F(cuMemFreeAsync)(at, NULL)
                                 : way == 4 ? F(cuMemRelease)(at)
                                 : way > 4  ? F(cuMemFree)(old_at)
                                            : F(cuMemFree_v2)(at);
                failed += freed != 0;
            }
            if (way == 3) F(cuStreamSynchronize)(NULL);
        }
    }
    printf("%d %d %d\n", wrong(), refused, failed);
    return 0;
}
