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
    VALUE(CUDA_ERROR_INVALID_VALUE);
    VALUE(CUDA_ERROR_OUT_OF_MEMORY);
    VALUE(CUDA_ERROR_NOT_INITIALIZED);
    VALUE(CUDA_ERROR_NOT_FOUND);
    VALUE(CU_MEM_LOCATION_TYPE_DEVICE);
    VALUE(CU_MEM_LOCATION_TYPE_DEVICE_LOCALITY_DOMAIN);
    VALUE(CU_POINTER_ATTRIBUTE_MEMORY_TYPE);
    VALUE(CUDA_ARRAY3D_LAYERED);
    VALUE(CUDA_ARRAY3D_CUBEMAP);
    VALUE(CUDA_ARRAY3D_SPARSE);
    VALUE(CUDA_ARRAY3D_DEFERRED_MAPPING);
    VALUE(CU_MEM_OPERATION_TYPE_MAP);
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
    SIZE(CUDA_ARRAY_DESCRIPTOR_v1);
    PLACE(CUDA_ARRAY_DESCRIPTOR_v1, NumChannels);
    SIZE(CUDA_ARRAY_DESCRIPTOR_v2);
    PLACE(CUDA_ARRAY_DESCRIPTOR_v2, NumChannels);
    SIZE(CUDA_ARRAY3D_DESCRIPTOR_v1);
    PLACE(CUDA_ARRAY3D_DESCRIPTOR_v1, Flags);
    SIZE(CUDA_ARRAY3D_DESCRIPTOR_v2);
    PLACE(CUDA_ARRAY3D_DESCRIPTOR_v2, Flags);
    SIZE(CUarrayMapInfo);
    PLACE(CUarrayMapInfo, resource);
    PLACE(CUarrayMapInfo, memOperationType);
    PLACE(CUarrayMapInfo, memHandle);
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
