/* Memory shared between processes. Only the process that made it has it of the card; a handle says
 * where it is from, and whoever opens it is given an address. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "physical.h"

struct token {
    char magic[8];
    uint64_t pid, at, bytes; /* at: the address, or the handle there */
    uint8_t card[16];
};
_Static_assert(sizeof(struct token) <= CU_IPC_HANDLE_SIZE, "fits");

static struct token token_for(const char *magic, CUdevice device, uint64_t at, uint64_t bytes) {
    struct token token = {.pid = (uint64_t)getpid(), .at = at, .bytes = bytes};
    memcpy(token.magic, magic, sizeof token.magic);
    memcpy(token.card, driver_card(device)->uuid, sizeof token.card);
    return token;
}

static CUdevice device_of(const struct token *token) {
    for (CUdevice device = 0; driver_card(device); device++) {
        if (!memcmp(driver_card(device)->uuid, token->card, sizeof token->card)) return device;
    }
    return -1;
}

/* --- cuIpc… -------------------------------------------------------------------------------------- */
struct opened {
    struct token token;
    CUdeviceptr at;
    int count;
    struct opened *next;
};

static struct opened *all_opened;

EXPORT CUresult cuIpcGetMemHandle(CUipcMemHandle *handle, CUdeviceptr at) {
    CUdeviceptr base;
    size_t bytes;
    CUdevice device;
    if (!memory_find(at, &base, &bytes, &device) || base != at) return CUDA_ERROR_INVALID_VALUE;
    struct token token = token_for("fakeIPC", device, at, bytes);
    memset(handle, 0, sizeof *handle);
    memcpy(handle, &token, sizeof token);
    return CUDA_SUCCESS;
}

EXPORT CUresult cuIpcOpenMemHandle_v2(CUdeviceptr *at, CUipcMemHandle handle, unsigned flags) {
    (void)flags;
    struct token token;
    memcpy(&token, &handle, sizeof token);
    if (!driver_current(NULL)) return CUDA_ERROR_INVALID_CONTEXT;
    if (memcmp(token.magic, "fakeIPC", 8) || device_of(&token) < 0) return CUDA_ERROR_INVALID_HANDLE;
    /* A process cannot open its own (CUDA C Programming Guide, interprocess communication). */
    if (token.pid == (uint64_t)getpid()) return CUDA_ERROR_INVALID_CONTEXT;
    physical_lock();
    struct opened *found = all_opened;
    while (found && memcmp(&found->token, &token, sizeof token)) found = found->next;
    if (!found && (found = calloc(1, sizeof *found))) {
        *found = (struct opened){token, addresses_reserve(token.bytes), 0, all_opened};
        all_opened = found;
    }
    if (found) {
        found->count++;
        *at = found->at;
    }
    physical_unlock();
    return found ? CUDA_SUCCESS : CUDA_ERROR_OUT_OF_MEMORY;
}

EXPORT CUresult cuIpcOpenMemHandle(CUdeviceptr *at, CUipcMemHandle handle, unsigned flags) {
    return cuIpcOpenMemHandle_v2(at, handle, flags);
}

EXPORT CUresult cuIpcCloseMemHandle(CUdeviceptr at) {
    physical_lock();
    struct opened **link = &all_opened;
    while (*link && (*link)->at != at) link = &(*link)->next;
    struct opened *found = *link;
    if (found && --found->count == 0) {
        *link = found->next;
        free(found);
    }
    physical_unlock();
    return found ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

/* --- cuMemExportToShareableHandle: a file that holds the token ------------------------------------ */
EXPORT CUresult cuMemExportToShareableHandle(void *out, CUmemGenericAllocationHandle handle,
                                             CUmemAllocationHandleType type, unsigned long long flags) {
    if (type != CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR || flags) return CUDA_ERROR_NOT_SUPPORTED;
    physical_lock();
    struct physical *physical = physical_of(handle);
    struct token token = {0};
    if (physical) token = token_for("fakeVMM", physical->device, handle, physical->bytes);
    physical_unlock();
    int file = physical ? memfd_create("fake shared memory", MFD_CLOEXEC) : -1;
    if (file < 0 || write(file, &token, sizeof token) != sizeof token) return CUDA_ERROR_INVALID_VALUE;
    *(int *)out = file;
    return CUDA_SUCCESS;
}

/* The process's own memory: the same handle, held once more. */
EXPORT CUresult cuMemImportFromShareableHandle(CUmemGenericAllocationHandle *handle, void *from,
                                               CUmemAllocationHandleType type) {
    struct token token;
    if (type != CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR) return CUDA_ERROR_NOT_SUPPORTED;
    if (pread((int)(uintptr_t)from, &token, sizeof token, 0) != sizeof token ||
        memcmp(token.magic, "fakeVMM", 8)) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    physical_lock();
    struct physical *physical = token.pid == (uint64_t)getpid() ? physical_of(token.at) : NULL;
    if (physical) {
        physical->handles++;
        physical->references++;
    } else {
        physical = physical_made(device_of(&token), token.bytes, 0);
    }
    physical_unlock();
    *handle = (CUmemGenericAllocationHandle)(uintptr_t)physical;
    return physical ? CUDA_SUCCESS : CUDA_ERROR_OUT_OF_MEMORY;
}

/* --- memory of another API ----------------------------------------------------------------------- */
struct CUextMemory_st {
    uint64_t bytes;
};

struct buffer {
    CUdeviceptr at;
    struct buffer *next;
};

static struct buffer *buffers;

EXPORT CUresult cuImportExternalMemory(CUexternalMemory *memory, const CUDA_EXTERNAL_MEMORY_HANDLE_DESC *from) {
    if (!driver_current(NULL)) return CUDA_ERROR_INVALID_CONTEXT;
    struct CUextMemory_st *made = malloc(sizeof *made);
    if (!made) return CUDA_ERROR_OUT_OF_MEMORY;
    made->bytes = from->size;
    *memory = made;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuExternalMemoryGetMappedBuffer(CUdeviceptr *at, CUexternalMemory memory,
                                                const CUDA_EXTERNAL_MEMORY_BUFFER_DESC *part) {
    if (!memory || part->offset + part->size > memory->bytes) return CUDA_ERROR_INVALID_VALUE;
    struct buffer *made = malloc(sizeof *made);
    if (!made) return CUDA_ERROR_OUT_OF_MEMORY;
    *at = addresses_reserve(part->size);
    physical_lock();
    *made = (struct buffer){*at, buffers};
    buffers = made;
    physical_unlock();
    return CUDA_SUCCESS;
}

int imported_unmap(CUdeviceptr at) {
    if (!__atomic_load_n(&buffers, __ATOMIC_RELAXED)) return 0;
    physical_lock();
    struct buffer **link = &buffers;
    while (*link && (*link)->at != at) link = &(*link)->next;
    struct buffer *found = *link;
    if (found) *link = found->next;
    physical_unlock();
    free(found);
    return found != NULL;
}

EXPORT CUresult cuDestroyExternalMemory(CUexternalMemory memory) {
    free(memory);
    return memory ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
}
