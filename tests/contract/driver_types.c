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
    VALUE(CUDA_ERROR_NOT_READY);
    VALUE(CU_STREAM_CAPTURE_STATUS_NONE);
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
    PLACE(CUlaunchConfig, gridDimX);
    PLACE(CUlaunchConfig, gridDimY);
    PLACE(CUlaunchConfig, gridDimZ);
    PLACE(CUlaunchConfig, blockDimX);
    PLACE(CUlaunchConfig, blockDimY);
    PLACE(CUlaunchConfig, blockDimZ);
    PLACE(CUlaunchConfig, sharedMemBytes);
    PLACE(CUlaunchConfig, hStream);
    SIZE(CUDA_LAUNCH_PARAMS);
    PLACE(CUDA_LAUNCH_PARAMS, function);
    PLACE(CUDA_LAUNCH_PARAMS, gridDimX);
    PLACE(CUDA_LAUNCH_PARAMS, hStream);
    PLACE(CUDA_LAUNCH_PARAMS, kernelParams);
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
