/* Modules and libraries: what each takes of the card is told by the card's description. */
#include <stdlib.h>

#include "driver.h"

struct CUmod_st {
    CUdeviceptr block;
};

static CUresult load(CUmodule *module, uint32_t context) {
    CUdevice device;
    if (!driver_initialised()) return CUDA_ERROR_NOT_INITIALIZED;
    if (!driver_current(&device)) return CUDA_ERROR_INVALID_CONTEXT;
    struct CUmod_st *made = calloc(1, sizeof *made);
    if (!made) return CUDA_ERROR_OUT_OF_MEMORY;
    uint64_t bytes = driver_card(device)->module_bytes;
    CUresult result = bytes ? memory_take_in(context, device, bytes, &made->block) : CUDA_SUCCESS;
    if (result != CUDA_SUCCESS) return free(made), result;
    *module = made;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuModuleLoad(CUmodule *module, const char *path) {
    (void)path;
    return load(module, driver_context());
}

EXPORT CUresult cuModuleLoadData(CUmodule *module, const void *image) {
    (void)image;
    return load(module, driver_context());
}

EXPORT CUresult cuModuleLoadDataEx(CUmodule *module, const void *image, unsigned count,
                                   CUjit_option *options, void **values) {
    (void)image, (void)count, (void)options, (void)values;
    return load(module, driver_context());
}

EXPORT CUresult cuModuleLoadFatBinary(CUmodule *module, const void *image) {
    (void)image;
    return load(module, driver_context());
}

EXPORT CUresult cuModuleUnload(CUmodule module) {
    if (!module) return CUDA_ERROR_INVALID_HANDLE;
    if (module->block) memory_give_back(module->block);
    free(module);
    return CUDA_SUCCESS;
}

/* A library is no context's. */
EXPORT CUresult cuLibraryLoadData(CUlibrary *library, const void *code, CUjit_option *options, void **values,
                                  unsigned count, CUlibraryOption *more, void **more_values, unsigned more_count) {
    (void)code, (void)options, (void)values, (void)count, (void)more, (void)more_values, (void)more_count;
    return load((CUmodule *)library, 0);
}

EXPORT CUresult cuLibraryLoadFromFile(CUlibrary *library, const char *path, CUjit_option *options, void **values,
                                      unsigned count, CUlibraryOption *more, void **more_values,
                                      unsigned more_count) {
    (void)path, (void)options, (void)values, (void)count, (void)more, (void)more_values, (void)more_count;
    return load((CUmodule *)library, 0);
}

EXPORT CUresult cuLibraryUnload(CUlibrary library) {
    return cuModuleUnload((CUmodule)library);
}
