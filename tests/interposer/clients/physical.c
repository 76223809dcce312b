/* Virtual memory, step by step. Handles and addresses are named by numbers 0 to 255.
 * create H BYTES [LOCATION-TYPE], release H, reserve A BYTES, map A BYTES H, access A BYTES, unmap A
 * BYTES, retain H A (of the mapping at A), object H BYTES, bind OBJECT H OFFSET BYTES, bindat OBJECT A
 * OFFSET BYTES, unbind OBJECT OFFSET BYTES, the same of endpoints (bindto ID H OFFSET BYTES, bindatto ID A
 * OFFSET BYTES, unbindfrom ID OFFSET BYTES, end ID), at A FROM OFFSET (A := address of FROM + OFFSET), export H,
 * import H, fill BYTES, info, grow MOST (as PyTorch's expandable segments do). */
#include "obey.h"

static CUmemGenericAllocationHandle handles[65536];
static CUdeviceptr addresses[65536];
static int exported = -1;
#define H(word) handles[number(words[word])]
#define A(word) addresses[number(words[word])]

static CUresult create(CUmemGenericAllocationHandle *handle, size_t bytes, int type) {
    CUmemAllocationProp props = {.type = CU_MEM_ALLOCATION_TYPE_PINNED,
                                 .requestedHandleTypes = CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR,
                                 .location = {.type = type}};
    return cuMemCreate(handle, bytes, &props, 0);
}

static CUresult allow(CUdeviceptr at, size_t bytes) {
    CUmemAccessDesc access = {{.type = CU_MEM_LOCATION_TYPE_DEVICE}, CU_MEM_ACCESS_FLAGS_PROT_READWRITE};
    return cuMemSetAccess(at, bytes, &access, 1);
}

/* One reservation as large as the card; segments of 20 MiB are made and mapped one after the other
 * until there is no more, their handles kept or released at once. Prints how many. */
static void grow(int keep) {
    static CUdeviceptr base;
    size_t segment = 20 << 20;
    CUresult result = base ? 0 : cuMemAddressReserve(&base, segment * 400, 0, 0, 0);
    int n = 0;
    for (; !result; n++) {
        result = create(&handles[n], segment, CU_MEM_LOCATION_TYPE_DEVICE);
        if (result) break;
        result = cuMemMap(base + n * segment, segment, 0, handles[n], 0);
        if (!result) result = allow(base + n * segment, segment);
        if (!result && !keep) result = cuMemRelease(handles[n]);
    }
    addresses[0] = base;
    printf("%d %d", n, result);
}

static void obey(int count, char **words) {
    CUresult result = CUDA_ERROR_UNKNOWN;
    const char *word = words[0];
    if (!strcmp(word, "grow")) {
        grow((int)number(words[1]));
        return;
    }
    if (!strcmp(word, "info")) {
        size_t free_bytes = 0, total = 0;
        cuMemGetInfo_v2(&free_bytes, &total);
        printf("%zu", total - free_bytes);
        return;
    }
    if (!strcmp(word, "create")) result = create(&H(1), number(words[2]), count > 3 ? (int)number(words[3]) : 1);
    if (!strcmp(word, "release")) result = cuMemRelease(H(1));
    if (!strcmp(word, "reserve")) result = cuMemAddressReserve(&A(1), number(words[2]), 0, 0, 0);
    if (!strcmp(word, "at")) A(1) = A(2) + number(words[3]), result = 0;
    if (!strcmp(word, "map")) result = cuMemMap(A(1), number(words[2]), 0, H(3), 0);
    if (!strcmp(word, "access")) result = allow(A(1), number(words[2]));
    if (!strcmp(word, "unmap")) result = cuMemUnmap(A(1), number(words[2]));
    if (!strcmp(word, "retain")) result = cuMemRetainAllocationHandle(&H(1), (void *)A(2));
    if (!strcmp(word, "object")) {
        CUmulticastObjectProp props = {.numDevices = 1, .size = number(words[2])};
        result = cuMulticastCreate(&H(1), &props);
    }
    if (!strcmp(word, "bind")) {
        result = cuMulticastBindMem(H(1), number(words[3]), H(2), 0, number(words[4]), 0);
    }
    if (!strcmp(word, "bind2")) {
        result = cuMulticastBindMem_v2(H(1), 0, number(words[3]), H(2), 0, number(words[4]), 0);
    }
    if (!strcmp(word, "bindat")) {
        result = cuMulticastBindAddr(H(1), number(words[3]), A(2), number(words[4]), 0);
    }
    if (!strcmp(word, "bindat2")) {
        result = cuMulticastBindAddr_v2(H(1), 0, number(words[3]), A(2), number(words[4]), 0);
    }
    if (!strcmp(word, "unbind")) result = cuMulticastUnbind(H(1), 0, number(words[2]), number(words[3]));
    if (!strcmp(word, "bindto")) {
        result = cuLogicalEndpointBindMem(number(words[1]), 0, number(words[3]), H(2), 0, number(words[4]), 0);
    }
    if (!strcmp(word, "bindatto")) {
        result = cuLogicalEndpointBindAddr(number(words[1]), 0, number(words[3]), (void *)A(2), number(words[4]), 0);
    }
    if (!strcmp(word, "unbindfrom")) {
        result = cuLogicalEndpointUnbind(number(words[1]), 0, number(words[2]), number(words[3]));
    }
    if (!strcmp(word, "end")) result = cuLogicalEndpointDestroy(number(words[1]));
    if (!strcmp(word, "export")) {
        result = cuMemExportToShareableHandle(&exported, H(1), CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR, 0);
        printf("%d %d", result, exported);
        return;
    }
    if (!strcmp(word, "import")) {
        result = cuMemImportFromShareableHandle(&H(1), (void *)(uintptr_t)exported,
                                                CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR);
    }
    printf("%d", result);
}
