/* Many threads that make and end at random whatever has more to it than an address: churn THREADS
 * ROUNDS SEED. Prints how many were granted and refused, and what else the driver said (nothing). */
#define __CUDA_API_VERSION_INTERNAL
#include <cuda.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { HELD = 8, MIB = 1 << 20 };
static int rounds;
static unsigned seed;
static long granted, refused, odd;

static int fine(CUresult result) {
    if (result != CUDA_SUCCESS && result != CUDA_ERROR_OUT_OF_MEMORY) fprintf(stderr, "error %d\n", result);
    long *which = result == CUDA_SUCCESS ? &granted : result == CUDA_ERROR_OUT_OF_MEMORY ? &refused : &odd;
    __atomic_fetch_add(which, 1, __ATOMIC_RELAXED);
    return result == CUDA_SUCCESS;
}

static void must_at(CUresult result, int line) {
    if (result == CUDA_SUCCESS) return;
    __atomic_fetch_add(&odd, 1, __ATOMIC_RELAXED);
    fprintf(stderr, "error %d in line %d\n", result, line);
}
#define must(result) must_at(result, __LINE__)

/* Created, mapped, released, retained again, unmapped, released: at each step it may be the last. */
static void physical(unsigned *random) {
    CUmemAllocationProp props = {.type = CU_MEM_ALLOCATION_TYPE_PINNED,
                                 .location = {.type = CU_MEM_LOCATION_TYPE_DEVICE}};
    CUmemGenericAllocationHandle handle, again;
    size_t bytes = (size_t)(1 + rand_r(random) % 8) * 2 * MIB;
    CUdeviceptr at;
    if (!fine(cuMemCreate(&handle, bytes, &props, 0))) return;
    must(cuMemAddressReserve(&at, 2 * bytes, 0, 0, 0));
    must(cuMemMap(at, bytes, 0, handle, 0));
    must(cuMemMap(at + bytes, bytes, 0, handle, 0));
    must(cuMemRelease(handle));
    int retained = rand_r(random) % 2;
    if (retained) must(cuMemRetainAllocationHandle(&again, (void *)at));
    must(cuMemUnmap(at, 2 * bytes));
    if (retained) must(cuMemRelease(again));
}

static void array(unsigned *random) {
    CUDA_ARRAY3D_DESCRIPTOR about = {1024, 1024 * (1 + rand_r(random) % 8), 0, CU_AD_FORMAT_UNSIGNED_INT8, 4};
    CUmipmappedArray made;
    if (fine(cuMipmappedArrayCreate(&made, &about, 3))) must(cuMipmappedArrayDestroy(made));
}

static void context(unsigned *random) {
    CUcontext made;
    CUdeviceptr at;
    CUarray array;
    CUDA_ARRAY_DESCRIPTOR about = {1024, 1024, CU_AD_FORMAT_UNSIGNED_INT8, 1};
    if (!fine(cuCtxCreate_v2(&made, 0, 0))) return;
    for (int i = rand_r(random) % 4; i; i--) fine(cuMemAlloc_v2(&at, (size_t)(rand_r(random) % 4 + 1) * MIB));
    fine(cuArrayCreate_v2(&array, &about));
    must(cuCtxDestroy_v2(made));
}

static void *work(void *name) {
    unsigned random = seed * 7919u + (unsigned)(size_t)name;
    CUcontext primary;
    if (!fine(cuDevicePrimaryCtxRetain(&primary, 0))) return NULL;
    must(cuCtxSetCurrent(primary));
    for (int i = 0; i < rounds; i++) {
        int which = rand_r(&random) % 3;
        (which == 0 ? physical : which == 1 ? array : context)(&random);
    }
    must(cuDevicePrimaryCtxRelease_v2(0));
    return NULL;
}

int main(int argc, char **argv) {
    pthread_t ids[64];
    if (argc != 4 || cuInit(0)) return 9;
    int threads = atoi(argv[1]);
    rounds = atoi(argv[2]);
    seed = (unsigned)atoi(argv[3]);
    for (int i = 0; i < threads; i++) pthread_create(&ids[i], NULL, work, (void *)(size_t)i);
    for (int i = 0; i < threads; i++) pthread_join(ids[i], NULL);
    printf("%ld %ld %ld\n", granted, refused, odd);
    fflush(stdout);
    getchar(); /* stays, so that what it has left can be seen */
    return 0;
}
