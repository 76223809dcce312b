/* Prints the driver's types that the interposer speaks: with -DREAL as NVIDIA's headers have them,
 * otherwise as its own header does. */
#include <stddef.h>
#include <stdio.h>

#ifdef REAL
#define __CUDA_API_VERSION_INTERNAL
#include <cuda.h>
#include <nvml.h>
#define NVML_MEMORY_V2 nvmlMemory_v2
#else
#include "driver_types.h"
#endif

#define VALUE(name) printf("%s %lld\n", #name, (long long)(name))
#define SIZE(type) printf("sizeof %s %zu\n", #type, sizeof(type))
#define PLACE(type, member) printf("%s.%s %zu\n", #type, #member, offsetof(type, member))

int main(void) {
    VALUE(CUDA_SUCCESS);
    VALUE(CUDA_ERROR_OUT_OF_MEMORY);
    VALUE(CUDA_ERROR_NOT_INITIALIZED);
    VALUE(CUDA_ERROR_NOT_FOUND);
    VALUE(CU_MEM_LOCATION_TYPE_DEVICE);
    SIZE(CUresult);
    SIZE(CUdevice);
    SIZE(CUdeviceptr);
    SIZE(CUdeviceptr_v1);
    SIZE(CUmemGenericAllocationHandle);
    SIZE(CUuuid);
    PLACE(CUmemAllocationProp, location.type);
    PLACE(CUmemAllocationProp, location.id);
    PLACE(CUmemPoolProps, location.type);
    PLACE(CUmemPoolProps, location.id);
    VALUE(CUDA_ERROR_INVALID_VALUE);
    VALUE(CU_MEM_ALLOCATION_TYPE_MANAGED);
    VALUE(CU_MEM_LOCATION_TYPE_NONE);
    VALUE(CU_MEM_LOCATION_TYPE_DEVICE_LOCALITY_DOMAIN);
    VALUE(CU_MEMPOOL_ATTR_RELEASE_THRESHOLD);
    VALUE(CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT);
    VALUE(CU_MEMPOOL_ATTR_USED_MEM_CURRENT);
    VALUE(CU_MEMPOOL_ATTR_LOCATION_ID);
    VALUE(CU_MEMPOOL_ATTR_LOCATION_TYPE);
    VALUE(CU_GRAPH_MEM_ATTR_RESERVED_MEM_CURRENT);
    VALUE(CU_GRAPH_NODE_TYPE_GRAPH);
    VALUE(CU_GRAPH_NODE_TYPE_MEM_ALLOC);
    VALUE(CUDA_GRAPH_INSTANTIATE_FLAG_UPLOAD);
    VALUE(CU_STREAM_CAPTURE_MODE_RELAXED);
    VALUE(CU_STREAM_CAPTURE_STATUS_NONE);
    PLACE(CUmemPoolProps, allocType);
    SIZE(CUDA_MEM_ALLOC_NODE_PARAMS);
    PLACE(CUDA_MEM_ALLOC_NODE_PARAMS, poolProps.location.type);
    PLACE(CUDA_MEM_ALLOC_NODE_PARAMS, poolProps.location.id);
    PLACE(CUDA_MEM_ALLOC_NODE_PARAMS, bytesize);
    PLACE(CUDA_MEM_ALLOC_NODE_PARAMS, dptr);
    PLACE(CUDA_GRAPH_INSTANTIATE_PARAMS, flags);
    PLACE(CUDA_GRAPH_INSTANTIATE_PARAMS, hUploadStream);
    VALUE(NVML_SUCCESS);
    VALUE(NVML_ERROR_UNINITIALIZED);
    VALUE(NVML_ERROR_FUNCTION_NOT_FOUND);
    VALUE(NVML_MEMORY_V2);
    SIZE(nvmlMemory_t);
    PLACE(nvmlMemory_t, free);
    PLACE(nvmlMemory_t, used);
    SIZE(nvmlMemory_v2_t);
    PLACE(nvmlMemory_v2_t, total);
    PLACE(nvmlMemory_v2_t, reserved);
    PLACE(nvmlMemory_v2_t, free);
    PLACE(nvmlMemory_v2_t, used);
    return 0;
}
