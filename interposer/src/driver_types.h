/* The little of cuda.h and nvml.h that the library speaks: numbers and the fields it reads. Its own,
 * so that one build serves programs of every CUDA version. Held equal to the headers by
 * tests/contract. */
#ifndef TRANCHE_DRIVER_TYPES_H
#define TRANCHE_DRIVER_TYPES_H

#include <stddef.h>
#include <stdint.h>

typedef int CUresult;
typedef int CUdevice;
typedef unsigned CUdeviceptr_v1;
typedef unsigned long long CUdeviceptr;
typedef unsigned long long cuuint64_t;
typedef unsigned long long CUmemGenericAllocationHandle;
typedef struct CUctx_st *CUcontext;
typedef struct CUstream_st *CUstream;
typedef struct CUmemPoolHandle_st *CUmemoryPool;
typedef struct CUfunc_st *CUfunction;
typedef struct CUevent_st *CUevent;
typedef struct CUgraph_st *CUgraph;
typedef struct CUgraphNode_st *CUgraphNode;
typedef struct CUgraphExec_st *CUgraphExec;
typedef struct CUgraphEdgeData_st CUgraphEdgeData;

enum {
    CUDA_SUCCESS = 0,
    CUDA_ERROR_OUT_OF_MEMORY = 2,
    CUDA_ERROR_NOT_INITIALIZED = 3,
    CUDA_ERROR_NOT_FOUND = 500,
    CUDA_ERROR_NOT_READY = 600,
    CU_STREAM_CAPTURE_STATUS_NONE = 0,
    CU_MEM_LOCATION_TYPE_DEVICE = 1,
};

typedef struct {
    char bytes[16];
} CUuuid;

typedef struct {
    int type; /* CU_MEM_LOCATION_TYPE_DEVICE: on the card `id` */
    int id;
} CUmemLocation;

/* The start of CUmemAllocationProp; the rest is the driver's. */
typedef struct {
    int type, requested_handle_types;
    CUmemLocation location;
} CUmemAllocationProp;

/* The start of CUmemPoolProps. */
typedef struct {
    int type, handle_types;
    CUmemLocation location;
} CUmemPoolProps;

/* The start of CUlaunchConfig. */
typedef struct {
    unsigned gridDimX, gridDimY, gridDimZ, blockDimX, blockDimY, blockDimZ, sharedMemBytes;
    CUstream hStream;
} CUlaunchConfig;

typedef struct {
    CUfunction function;
    unsigned gridDimX, gridDimY, gridDimZ, blockDimX, blockDimY, blockDimZ, sharedMemBytes;
    CUstream hStream;
    void **kernelParams;
} CUDA_LAUNCH_PARAMS;

typedef int nvmlReturn_t;
typedef struct nvmlDevice_st *nvmlDevice_t;

enum { NVML_SUCCESS = 0, NVML_ERROR_UNINITIALIZED = 1, NVML_ERROR_FUNCTION_NOT_FOUND = 13 };

typedef struct {
    unsigned long long total, free, used;
} nvmlMemory_t;

typedef struct {
    unsigned version;
    unsigned long long total, reserved, free, used;
} nvmlMemory_v2_t;

#define NVML_MEMORY_V2 (sizeof(nvmlMemory_v2_t) | 2u << 24)

#endif
