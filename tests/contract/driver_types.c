/* Prints the driver's types that the interposer speaks: with -DREAL as NVIDIA's headers have them,
 * otherwise as its own header does. */
#include <stddef.h>
#include <stdio.h>

#ifdef REAL
#define __CUDA_API_VERSION_INTERNAL
#include <cuda.h>
#include <nvml.h>
#define NVML_MEMORY_V2 nvmlMemory_v2
#define NVML_PROCESS_DETAIL_LIST_V1 nvmlProcessDetailList_v1
#define NVML_PROCESSES_UTILIZATION_V1 nvmlProcessesUtilizationInfo_v1
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
    VALUE(CUDA_ERROR_NOT_READY);
    VALUE(CU_STREAM_CAPTURE_STATUS_NONE);
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
    SIZE(CUmemLocation);
    PLACE(CUmemLocation, id);
    PLACE(CUmemAllocationProp, location.type);
    PLACE(CUmemAllocationProp, location.id);
    PLACE(CUmemPoolProps, location.type);
    PLACE(CUmemPoolProps, location.id);
    VALUE(CU_MEM_ALLOCATION_TYPE_MANAGED);
    VALUE(CU_MEM_LOCATION_TYPE_NONE);
    VALUE(CU_MEMPOOL_ATTR_RELEASE_THRESHOLD);
    VALUE(CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT);
    VALUE(CU_MEMPOOL_ATTR_USED_MEM_CURRENT);
    VALUE(CU_MEMPOOL_ATTR_LOCATION_ID);
    VALUE(CU_MEMPOOL_ATTR_LOCATION_TYPE);
    VALUE(CU_GRAPH_MEM_ATTR_RESERVED_MEM_CURRENT);
    VALUE(CU_GRAPH_NODE_TYPE_GRAPH);
    VALUE(CU_GRAPH_NODE_TYPE_MEM_ALLOC);
    VALUE(CUDA_GRAPH_INSTANTIATE_FLAG_UPLOAD);
    VALUE(CU_LIMIT_PRINTF_FIFO_SIZE);
    VALUE(CU_LIMIT_MALLOC_HEAP_SIZE);
    VALUE(CU_STREAM_CAPTURE_MODE_RELAXED);
    PLACE(CUmemPoolProps, allocType);
    SIZE(CUDA_MEM_ALLOC_NODE_PARAMS);
    PLACE(CUDA_MEM_ALLOC_NODE_PARAMS, poolProps.location.type);
    PLACE(CUDA_MEM_ALLOC_NODE_PARAMS, poolProps.location.id);
    PLACE(CUDA_MEM_ALLOC_NODE_PARAMS, bytesize);
    PLACE(CUDA_MEM_ALLOC_NODE_PARAMS, dptr);
    PLACE(CUDA_GRAPH_INSTANTIATE_PARAMS, flags);
    PLACE(CUDA_GRAPH_INSTANTIATE_PARAMS, hUploadStream);
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
    VALUE(NVML_ERROR_INVALID_ARGUMENT);
    VALUE(NVML_ERROR_NO_PERMISSION);
    VALUE(NVML_ERROR_NOT_FOUND);
    VALUE(NVML_ERROR_INSUFFICIENT_SIZE);
    VALUE(NVML_ERROR_MEMORY);
    VALUE(NVML_ERROR_ARGUMENT_VERSION_MISMATCH);
    VALUE(NVML_PROCESS_MODE_COMPUTE);
    VALUE(NVML_PROCESS_MODE_ALL);
    VALUE(NVML_PROCESS_DETAIL_LIST_V1);
    VALUE(NVML_PROCESSES_UTILIZATION_V1);
    SIZE(nvmlBAR1Memory_t);
    PLACE(nvmlBAR1Memory_t, bar1Free);
    PLACE(nvmlBAR1Memory_t, bar1Used);
    SIZE(nvmlConfComputeMemSizeInfo_t);
    PLACE(nvmlConfComputeMemSizeInfo_t, unprotectedMemSizeKib);
    SIZE(nvmlGetMemoryLimits_v1_t);
    PLACE(nvmlGetMemoryLimits_v1_t, softLimit);
    PLACE(nvmlGetMemoryLimits_v1_t, hardLimit);
    PLACE(nvmlGetMemoryLimits_v1_t, currentUsed);
    SIZE(nvmlDeviceAttributes_t);
    PLACE(nvmlDeviceAttributes_t, memorySizeMB);
    SIZE(nvmlProcessInfo_v1_t);
    PLACE(nvmlProcessInfo_v1_t, usedGpuMemory);
    SIZE(nvmlProcessInfo_v2_t);
    PLACE(nvmlProcessInfo_v2_t, computeInstanceId);
    SIZE(nvmlProcessDetail_v1_t);
    PLACE(nvmlProcessDetail_v1_t, usedGpuCcProtectedMemory);
    SIZE(nvmlProcessDetailList_v1_t);
    PLACE(nvmlProcessDetailList_v1_t, procArray);
    SIZE(nvmlProcessUtilizationSample_t);
    PLACE(nvmlProcessUtilizationSample_t, pid);
    SIZE(nvmlProcessUtilizationInfo_v1_t);
    PLACE(nvmlProcessUtilizationInfo_v1_t, pid);
    SIZE(nvmlProcessesUtilizationInfo_v1_t);
    PLACE(nvmlProcessesUtilizationInfo_v1_t, lastSeenTimeStamp);
    PLACE(nvmlProcessesUtilizationInfo_v1_t, procUtilArray);
    SIZE(nvmlEncoderSessionInfo_t);
    PLACE(nvmlEncoderSessionInfo_t, pid);
    SIZE(nvmlFBCSessionInfo_t);
    PLACE(nvmlFBCSessionInfo_t, pid);
    PLACE(nvmlAccountingStats_v2_t, pid);
    SIZE(nvmlMemory_v2_t);
    PLACE(nvmlMemory_v2_t, total);
    PLACE(nvmlMemory_v2_t, reserved);
    PLACE(nvmlMemory_v2_t, free);
    PLACE(nvmlMemory_v2_t, used);
    return 0;
}
