/* NVML's view of use: memory, processes, events. */
#include <time.h>

#include "nvml_fake.h"

EXPORT nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t device, nvmlMemory_t *memory) {
    const struct card *card = nvml_card(device);
    if (!card || !memory) return NVML_ERROR_INVALID_ARGUMENT;
    uint64_t used = oracle_used(card);
    *memory = (nvmlMemory_t){.total = card->bytes, .free = card->bytes - used, .used = used};
    return NVML_SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceGetMemoryInfo_v2(nvmlDevice_t device, nvmlMemory_v2_t *memory) {
    const struct card *card = nvml_card(device);
    if (!card || !memory) return NVML_ERROR_INVALID_ARGUMENT;
    if (memory->version != nvmlMemory_v2) return NVML_ERROR_ARGUMENT_VERSION_MISMATCH;
    uint64_t used = oracle_used(card);
    memory->total = card->bytes;
    memory->reserved = 0;
    memory->free = card->bytes - used;
    memory->used = used;
    return NVML_SUCCESS;
}

enum { MOST_PROCESSES = 1024 };

static nvmlReturn_t processes(nvmlDevice_t device, unsigned *count, nvmlProcessInfo_t *out) {
    const struct card *card = nvml_card(device);
    if (!card || !count) return NVML_ERROR_INVALID_ARGUMENT;
    int pids[MOST_PROCESSES];
    uint64_t bytes[MOST_PROCESSES];
    unsigned room = out ? *count : 0;
    *count = oracle_processes(card, MOST_PROCESSES, pids, bytes);
    if (*count > room) return NVML_ERROR_INSUFFICIENT_SIZE;
    for (unsigned i = 0; i < *count; i++) {
        out[i] = (nvmlProcessInfo_t){.pid = (unsigned)pids[i], .usedGpuMemory = bytes[i],
                                     .gpuInstanceId = ~0u, .computeInstanceId = ~0u};
    }
    return NVML_SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceGetComputeRunningProcesses_v3(nvmlDevice_t device, unsigned *count,
                                                            nvmlProcessInfo_t *out) {
    return processes(device, count, out);
}

static nvmlReturn_t none(nvmlDevice_t device, unsigned *count) {
    if (!nvml_card(device) || !count) return NVML_ERROR_INVALID_ARGUMENT;
    *count = 0;
    return NVML_SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceGetGraphicsRunningProcesses_v3(nvmlDevice_t device, unsigned *count,
                                                             nvmlProcessInfo_t *out) {
    (void)out;
    return none(device, count);
}

EXPORT nvmlReturn_t nvmlDeviceGetMPSComputeRunningProcesses_v3(nvmlDevice_t device, unsigned *count,
                                                               nvmlProcessInfo_t *out) {
    (void)out;
    return none(device, count);
}

EXPORT nvmlReturn_t nvmlEventSetCreate(nvmlEventSet_t *set) {
    static char any;
    *set = (nvmlEventSet_t)(void *)&any;
    return NVML_SUCCESS;
}

EXPORT nvmlReturn_t nvmlEventSetFree(nvmlEventSet_t set) {
    (void)set;
    return NVML_SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceGetSupportedEventTypes(nvmlDevice_t device, unsigned long long *types) {
    if (!nvml_card(device)) return NVML_ERROR_INVALID_ARGUMENT;
    *types = nvmlEventTypeXidCriticalError | nvmlEventTypeDoubleBitEccError |
             nvmlEventTypeSingleBitEccError;
    return NVML_SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceRegisterEvents(nvmlDevice_t device, unsigned long long types,
                                             nvmlEventSet_t set) {
    (void)types, (void)set;
    return nvml_card(device) ? NVML_SUCCESS : NVML_ERROR_INVALID_ARGUMENT;
}

/* Nothing ever happens to these cards. */
EXPORT nvmlReturn_t nvmlEventSetWait_v2(nvmlEventSet_t set, nvmlEventData_t *data, unsigned milliseconds) {
    (void)set, (void)data;
    struct timespec time = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000};
    nanosleep(&time, NULL);
    return NVML_ERROR_TIMEOUT;
}

EXPORT nvmlReturn_t nvmlEventSetWait(nvmlEventSet_t set, nvmlEventData_t *data, unsigned milliseconds) {
    return nvmlEventSetWait_v2(set, data, milliseconds);
}
