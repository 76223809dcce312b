/* create KIND WIDTH HEIGHT DEPTH FORMAT CHANNELS FLAGS LEVELS (KIND: one two three mipmapped, with _v1
 * for the first spelling), destroy N, fill …, destroyall, alloc BYTES, tile N HANDLE-BYTES. */
#include "obey.h"

enum { MOST = 100000 };
static void *made[MOST];
static int is_mipmapped[MOST], count;
static CUmemGenericAllocationHandle pool;

static CUresult create(char **words) {
    CUDA_ARRAY3D_DESCRIPTOR about = {number(words[2]), number(words[3]), number(words[4]),
                                     (CUarray_format)number(words[5]), (unsigned)number(words[6]),
                                     (unsigned)number(words[7])};
    CUDA_ARRAY3D_DESCRIPTOR_v1 old = {about.Width, about.Height, about.Depth, about.Format,
                                      about.NumChannels, about.Flags};
    CUDA_ARRAY_DESCRIPTOR flat = {about.Width, about.Height, about.Format, about.NumChannels};
    CUDA_ARRAY_DESCRIPTOR_v1 flat_old = {about.Width, about.Height, about.Format, about.NumChannels};
    CUresult result = CUDA_ERROR_UNKNOWN;
    CUarray *at = (CUarray *)&made[count];
    is_mipmapped[count] = !strcmp(words[1], "mipmapped");
    if (is_mipmapped[count]) {
        result = cuMipmappedArrayCreate((CUmipmappedArray *)at, &about, (unsigned)number(words[8]));
    }
    if (!strcmp(words[1], "three")) result = cuArray3DCreate_v2(at, &about);
    if (!strcmp(words[1], "three_v1")) result = cuArray3DCreate(at, &old);
    if (!strcmp(words[1], "two")) result = cuArrayCreate_v2(at, &flat);
    if (!strcmp(words[1], "two_v1")) result = cuArrayCreate(at, &flat_old);
    if (!result) count++;
    return result;
}

static CUresult destroy(int which) {
    return is_mipmapped[which] ? cuMipmappedArrayDestroy(made[which]) : cuArrayDestroy(made[which]);
}

/* Maps a tile pool into the array last made, and forgets the pool; or unmaps it again. */
static CUresult tile(const char *bytes) {
    CUmemAllocationProp props = {.type = CU_MEM_ALLOCATION_TYPE_PINNED,
                                 .location = {.type = CU_MEM_LOCATION_TYPE_DEVICE},
                                 .allocFlags = {.usage = CU_MEM_CREATE_USAGE_TILE_POOL}};
    CUresult result = cuMemCreate(&pool, number(bytes), &props, 0);
    if (result) return result;
    CUarrayMapInfo info = {.resourceType = CU_RESOURCE_TYPE_ARRAY,
                           .resource = {.array = made[count - 1]},
                           .memOperationType = CU_MEM_OPERATION_TYPE_MAP,
                           .memHandle = {.memHandle = pool},
                           .deviceBitMask = 1};
    result = cuMemMapArrayAsync(&info, 1, NULL);
    cuMemRelease(pool);
    return result;
}

static void obey(int words_count, char **words) {
    (void)words_count;
    if (!strcmp(words[0], "create")) {
        printf("%d", create(words));
    } else if (!strcmp(words[0], "fill")) {
        int n = 0;
        CUresult result;
        while (!(result = create(words))) n++;
        printf("%d %d", n, result);
    } else if (!strcmp(words[0], "destroy")) {
        printf("%d", destroy((int)number(words[1])));
    } else if (!strcmp(words[0], "destroyall")) {
        CUresult result = CUDA_SUCCESS;
        while (count && !result) result = destroy(--count);
        printf("%d", result);
    } else if (!strcmp(words[0], "tile")) {
        printf("%d", tile(words[1]));
    } else if (!strcmp(words[0], "alloc")) {
        CUdeviceptr at;
        printf("%d", cuMemAlloc_v2(&at, number(words[1])));
    } else if (!strcmp(words[0], "info")) {
        size_t free_bytes = 0, total = 0;
        cuMemGetInfo_v2(&free_bytes, &total);
        printf("%zu", total - free_bytes);
    }
}
