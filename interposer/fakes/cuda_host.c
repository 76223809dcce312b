/* Memory of the host. */
#include <stdlib.h>

#include "driver.h"

EXPORT CUresult cuMemAllocHost_v2(void **at, size_t bytes) {
    *at = calloc(1, bytes);
    return *at ? CUDA_SUCCESS : CUDA_ERROR_OUT_OF_MEMORY;
}

EXPORT CUresult cuMemHostAlloc(void **at, size_t bytes, unsigned flags) {
    (void)flags;
    return cuMemAllocHost_v2(at, bytes);
}

EXPORT CUresult cuMemFreeHost(void *at) {
    free(at);
    return CUDA_SUCCESS;
}
