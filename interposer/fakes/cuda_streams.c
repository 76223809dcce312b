/* Streams. */
#include <stdlib.h>

#include "driver.h"

EXPORT CUresult cuStreamCreate(CUstream *stream, unsigned flags) {
    (void)flags;
    CUdevice device;
    if (!driver_current(&device)) return CUDA_ERROR_INVALID_CONTEXT;
    struct CUstream_st *made = malloc(sizeof *made);
    if (!made) return CUDA_ERROR_OUT_OF_MEMORY;
    *made = (struct CUstream_st){.device = device};
    *stream = made;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuStreamDestroy_v2(CUstream stream) {
    free(stream);
    return CUDA_SUCCESS;
}

EXPORT CUresult cuStreamGetDevice(CUstream stream, CUdevice *device) {
    if ((uintptr_t)stream > 2) {
        *device = stream->device;
        return CUDA_SUCCESS;
    }
    return driver_current(device) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_CONTEXT;
}
