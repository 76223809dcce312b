/* Contexts and what lies in them. Contexts are named by numbers.
 * retain, releaseprimary, reset, create N [VERSION], destroy N, attach, detach N, current N (primary: 0),
 * green N, ungreen N, alloc KIND BYTES (plain managed pitch async array physical), free (the last
 * plain one, with free_async the same in a stream of the thread's own), destroy_v1 N, releaseprimary_v1,
 * reset_v1, limit WHICH BYTES (heap, printf, stack), module, unload, library, unlibrary, info, threads N (retain at once). */
#include <pthread.h>

#include "obey.h"

static CUcontext contexts[64];
static CUdeviceptr last;
static CUmodule modules[4096];
static int module_count;

static CUresult make(const char *kind, size_t bytes) {
    CUmemGenericAllocationHandle handle;
    CUarray array;
    size_t pitch;
    CUmemAllocationProp props = {.type = CU_MEM_ALLOCATION_TYPE_PINNED,
                                 .location = {.type = CU_MEM_LOCATION_TYPE_DEVICE}};
    CUDA_ARRAY_DESCRIPTOR about = {1024, bytes >> 10, CU_AD_FORMAT_UNSIGNED_INT8, 1};
    if (!strcmp(kind, "plain")) return cuMemAlloc_v2(&last, bytes);
    if (!strcmp(kind, "managed")) return cuMemAllocManaged(&last, bytes, CU_MEM_ATTACH_GLOBAL);
    if (!strcmp(kind, "pitch")) return cuMemAllocPitch_v2(&last, &pitch, 1024, bytes >> 10, 4);
    if (!strcmp(kind, "async")) return cuMemAllocAsync(&last, bytes, NULL);
    if (!strcmp(kind, "array")) return cuArrayCreate_v2(&array, &about);
    if (!strcmp(kind, "physical")) return cuMemCreate(&handle, bytes, &props, 0);
    return CUDA_ERROR_UNKNOWN;
}

static CUresult create(CUcontext *context, int version) {
    if (version == 1) return cuCtxCreate(context, 0, 0);
    if (version == 3) return cuCtxCreate_v3(context, NULL, 0, 0, 0);
    if (version == 4) return cuCtxCreate_v4(context, NULL, 0, 0);
    return cuCtxCreate_v2(context, 0, 0);
}

static void *retain(void *result) {
    CUcontext context;
    *(CUresult *)result = cuDevicePrimaryCtxRetain(&context, 0);
    return NULL;
}

static CUresult threads(int count) {
    pthread_t ids[64];
    CUresult results[64], worst = 0;
    for (int i = 0; i < count; i++) pthread_create(&ids[i], NULL, retain, &results[i]);
    for (int i = 0; i < count; i++) pthread_join(ids[i], NULL);
    for (int i = 0; i < count; i++) worst = results[i] ? results[i] : worst;
    return worst;
}

static void obey(int count, char **words) {
    CUresult result = CUDA_ERROR_UNKNOWN;
    const char *word = words[0];
    int n = count > 1 ? (int)number(words[1]) : 0;
    if (!strcmp(word, "info")) {
        size_t free_bytes = 0, total = 0;
        result = cuMemGetInfo_v2(&free_bytes, &total);
        printf("%d %zu", result, total - free_bytes);
        return;
    }
    if (!strcmp(word, "start")) result = cuInit(0);
    if (!strcmp(word, "retain")) result = cuDevicePrimaryCtxRetain(&contexts[0], 0);
    if (!strcmp(word, "threads")) result = threads(n);
    if (!strcmp(word, "releaseprimary")) result = cuDevicePrimaryCtxRelease_v2(0);
    if (!strcmp(word, "reset")) result = cuDevicePrimaryCtxReset_v2(0);
    if (!strcmp(word, "create")) result = create(&contexts[n], count > 2 ? (int)number(words[2]) : 2);
    if (!strcmp(word, "destroy")) result = cuCtxDestroy_v2(contexts[n]);
    if (!strcmp(word, "releaseprimary_v1")) result = cuDevicePrimaryCtxRelease(0);
    if (!strcmp(word, "reset_v1")) result = cuDevicePrimaryCtxReset(0);
    if (!strcmp(word, "destroy_v1")) result = cuCtxDestroy(contexts[n]);
    if (!strcmp(word, "free_async")) result = cuMemFreeAsync_ptsz(last, NULL);
    if (!strcmp(word, "limit")) {
        CUlimit which = words[1][0] == 'h'   ? CU_LIMIT_MALLOC_HEAP_SIZE
                        : words[1][0] == 'p' ? CU_LIMIT_PRINTF_FIFO_SIZE
                                             : CU_LIMIT_STACK_SIZE;
        result = cuCtxSetLimit(which, number(words[2]));
    }
    if (!strcmp(word, "attach")) result = cuCtxAttach(&contexts[63], 0);
    if (!strcmp(word, "detach")) result = cuCtxDetach(contexts[n]);
    if (!strcmp(word, "current")) result = cuCtxSetCurrent(contexts[n]);
    if (!strcmp(word, "green")) result = cuGreenCtxCreate((CUgreenCtx *)&contexts[n], NULL, 0, 1);
    if (!strcmp(word, "ungreen")) result = cuGreenCtxDestroy((CUgreenCtx)contexts[n]);
    if (!strcmp(word, "alloc")) result = make(words[1], number(words[2]));
    if (!strcmp(word, "free")) result = cuMemFree_v2(last);
    if (!strcmp(word, "module")) result = cuModuleLoadData(&modules[module_count++], "");
    if (!strcmp(word, "library")) {
        result = cuLibraryLoadData((CUlibrary *)&modules[module_count++], "", NULL, NULL, 0, NULL, NULL, 0);
    }
    if (!strcmp(word, "unload")) result = cuModuleUnload(modules[--module_count]);
    if (!strcmp(word, "unlibrary")) result = cuLibraryUnload((CUlibrary)modules[--module_count]);
    printf("%d", result);
}
