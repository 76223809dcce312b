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
typedef struct CUevent_st *CUevent;
typedef struct CUgraph_st *CUgraph;
typedef struct CUgraphNode_st *CUgraphNode;
typedef struct CUgraphExec_st *CUgraphExec;

enum {
    CUDA_SUCCESS = 0,
    CUDA_ERROR_INVALID_VALUE = 1,
    CUDA_ERROR_OUT_OF_MEMORY = 2,
    CUDA_ERROR_NOT_INITIALIZED = 3,
    CUDA_ERROR_NOT_FOUND = 500,
    CU_MEM_ALLOCATION_TYPE_MANAGED = 2,
    CU_MEM_LOCATION_TYPE_NONE = 0,
    CU_MEM_LOCATION_TYPE_DEVICE = 1,
    CU_MEM_LOCATION_TYPE_DEVICE_LOCALITY_DOMAIN = 6, /* a part of a card */
    CU_MEMPOOL_ATTR_RELEASE_THRESHOLD = 4,
    CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT = 5,
    CU_MEMPOOL_ATTR_USED_MEM_CURRENT = 7,
    CU_MEMPOOL_ATTR_LOCATION_ID = 11,
    CU_MEMPOOL_ATTR_LOCATION_TYPE = 12,
    CU_GRAPH_MEM_ATTR_RESERVED_MEM_CURRENT = 2,
    CU_GRAPH_NODE_TYPE_GRAPH = 4,
    CU_GRAPH_NODE_TYPE_MEM_ALLOC = 10,
    CUDA_GRAPH_INSTANTIATE_FLAG_UPLOAD = 2,
    CU_STREAM_CAPTURE_MODE_RELAXED = 2,
    CU_STREAM_CAPTURE_STATUS_NONE = 0,
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
    int allocType, handle_types;
    CUmemLocation location;
} CUmemPoolProps;

/* An allocation node of a graph, whole, since the driver fills it. */
typedef struct {
    union {
        CUmemPoolProps poolProps;
        char whole[88];
    };
    const void *access;
    size_t access_count, bytesize;
    CUdeviceptr dptr;
} CUDA_MEM_ALLOC_NODE_PARAMS;

/* The start of it. */
typedef struct {
    cuuint64_t flags;
    CUstream hUploadStream;
} CUDA_GRAPH_INSTANTIATE_PARAMS;

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
