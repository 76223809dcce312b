/* Memory shared between programs: alloc BYTES, free, token, open TOKEN, close; create BYTES, release,
 * export, import PID FD, reserve, map, unmap; external BYTES, freebuffer, forget; info. */
#include <fcntl.h>

#include "obey.h"

static CUdeviceptr own, opened, reserved, buffer;
static CUmemGenericAllocationHandle handle;
static CUexternalMemory external;
static size_t size;

static CUresult token(void) {
    CUipcMemHandle ipc;
    CUresult result = cuIpcGetMemHandle(&ipc, own);
    for (size_t i = 0; !result && i < sizeof ipc; i++) printf("%02x", (unsigned char)ipc.reserved[i]);
    return result;
}

static CUresult open_token(const char *text) {
    CUipcMemHandle ipc;
    for (size_t i = 0; i < sizeof ipc; i++) sscanf(text + 2 * i, "%2hhx", (unsigned char *)&ipc.reserved[i]);
    return cuIpcOpenMemHandle_v2(&opened, ipc, CU_IPC_MEM_LAZY_ENABLE_PEER_ACCESS);
}

static CUresult import(const char *pid, const char *fd) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%s/fd/%s", pid, fd);
    int file = open(path, O_RDONLY);
    return cuMemImportFromShareableHandle(&handle, (void *)(uintptr_t)file,
                                          CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR);
}

static CUresult import_external(size_t bytes) {
    CUDA_EXTERNAL_MEMORY_HANDLE_DESC from = {.type = CU_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD, .size = bytes};
    CUDA_EXTERNAL_MEMORY_BUFFER_DESC part = {.size = bytes};
    CUresult result = cuImportExternalMemory(&external, &from);
    return result ? result : cuExternalMemoryGetMappedBuffer(&buffer, external, &part);
}

static void obey(int count, char **words) {
    CUresult result = CUDA_ERROR_UNKNOWN;
    const char *word = words[0];
    if (count > 1 && (!strcmp(word, "alloc") || !strcmp(word, "create") || !strcmp(word, "reserve"))) {
        size = number(words[1]);
    }
    CUmemAllocationProp props = {.type = CU_MEM_ALLOCATION_TYPE_PINNED,
                                 .requestedHandleTypes = CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR,
                                 .location = {.type = CU_MEM_LOCATION_TYPE_DEVICE}};
    if (!strcmp(word, "token")) {
        if ((result = token())) printf("failed %d", result);
        return;
    }
    if (!strcmp(word, "export")) {
        int file = -1;
        result = cuMemExportToShareableHandle(&file, handle, CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR, 0);
        printf("%d", result ? -1 : file);
        return;
    }
    if (!strcmp(word, "info")) {
        size_t free_bytes = 0, total = 0;
        cuMemGetInfo_v2(&free_bytes, &total);
        printf("%zu", total - free_bytes);
        return;
    }
    if (!strcmp(word, "alloc")) result = cuMemAlloc_v2(&own, size);
    if (!strcmp(word, "free")) result = cuMemFree_v2(own);
    if (!strcmp(word, "open")) result = open_token(words[1]);
    if (!strcmp(word, "close")) result = cuIpcCloseMemHandle(opened);
    if (!strcmp(word, "create")) result = cuMemCreate(&handle, size, &props, 0);
    if (!strcmp(word, "release")) result = cuMemRelease(handle);
    if (!strcmp(word, "import")) result = import(words[1], words[2]);
    if (!strcmp(word, "reserve")) result = cuMemAddressReserve(&reserved, size, 0, 0, 0);
    if (!strcmp(word, "map")) result = cuMemMap(reserved, size, 0, handle, 0);
    if (!strcmp(word, "unmap")) result = cuMemUnmap(reserved, size);
    if (!strcmp(word, "external")) result = import_external(number(words[1]));
    if (!strcmp(word, "freebuffer")) result = cuMemFree_v2(buffer);
    if (!strcmp(word, "forget")) result = cuDestroyExternalMemory(external);
    printf("%d", result);
}
