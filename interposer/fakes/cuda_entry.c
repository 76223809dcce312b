/* Errors, cuGetProcAddress. */
#include <stddef.h>
#include <string.h>

#include "driver.h"

struct version {
    const char *base;
    int since;
    void *symbol, *per_thread;
};
extern const struct version VERSIONS[]; /* written by generate.py; the latest of a base first */

static const struct {
    CUresult error;
    const char *name, *words;
} ERRORS[] = {
    {CUDA_SUCCESS, "CUDA_SUCCESS", "no error"},
    {CUDA_ERROR_INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {CUDA_ERROR_OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {CUDA_ERROR_NOT_INITIALIZED, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
    {CUDA_ERROR_NO_DEVICE, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
    {CUDA_ERROR_INVALID_DEVICE, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    {CUDA_ERROR_INVALID_CONTEXT, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    {CUDA_ERROR_NOT_FOUND, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    {CUDA_ERROR_NOT_SUPPORTED, "CUDA_ERROR_NOT_SUPPORTED", "operation not supported"},
};

static CUresult describe(CUresult error, const char **text, size_t field) {
    for (size_t i = 0; i < sizeof ERRORS / sizeof *ERRORS; i++) {
        if (ERRORS[i].error != error) continue;
        *text = *(const char *const *)((const char *)&ERRORS[i] + field);
        return CUDA_SUCCESS;
    }
    *text = NULL;
    return CUDA_ERROR_INVALID_VALUE;
}

EXPORT CUresult cuGetErrorName(CUresult error, const char **text) {
    return describe(error, text, offsetof(__typeof__(ERRORS[0]), name));
}

EXPORT CUresult cuGetErrorString(CUresult error, const char **text) {
    return describe(error, text, offsetof(__typeof__(ERRORS[0]), words));
}

/* Tables of functions that only NVIDIA's own libraries know how to call: there are none here. */
EXPORT CUresult cuGetExportTable(const void **table, const CUuuid *id) {
    (void)id;
    if (table) *table = NULL;
    return CUDA_ERROR_NOT_FOUND;
}

/* As cuda.h tells it: what is not there is no error, but NULL and a status. */
EXPORT CUresult cuGetProcAddress_v2(const char *symbol, void **at, int version, cuuint64_t flags,
                                    CUdriverProcAddressQueryResult *status) {
    if (!symbol || !at) return CUDA_ERROR_INVALID_VALUE;
    CUdriverProcAddressQueryResult found = CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND;
    *at = NULL;
    for (const struct version *row = VERSIONS; row->base && !*at; row++) {
        if (strcmp(row->base, symbol) != 0) continue;
        found = CU_GET_PROC_ADDRESS_VERSION_NOT_SUFFICIENT;
        if (row->since > version) continue;
        bool per_thread = flags & CU_GET_PROC_ADDRESS_PER_THREAD_DEFAULT_STREAM;
        *at = per_thread ? row->per_thread : row->symbol;
        found = CU_GET_PROC_ADDRESS_SUCCESS;
    }
    if (status) *status = found;
    return CUDA_SUCCESS;
}

/* The first version has no status to say it with. */
EXPORT CUresult cuGetProcAddress(const char *symbol, void **at, int version, cuuint64_t flags) {
    CUresult result = cuGetProcAddress_v2(symbol, at, version, flags, NULL);
    return result == CUDA_SUCCESS && !*at ? CUDA_ERROR_NOT_FOUND : result;
}
