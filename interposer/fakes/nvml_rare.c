/* What few programs ask: other ways to cards, other tellings of memory and processes. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "nvml_fake.h"

enum { MOST_PROCESSES = 1024 };

/* 13200, and the card's minor number. */
EXPORT nvmlReturn_t nvmlDeviceGetHandleBySerial(const char *serial, nvmlDevice_t *device) {
    if (!nvml_initialised()) return NVML_ERROR_UNINITIALIZED;
    if (!serial || !device) return NVML_ERROR_INVALID_ARGUMENT;
    for (int i = 0; i < cards()->visible_count; i++) {
        *device = (nvmlDevice_t)cards()->visible[i];
        if (atoi(serial) == 13200 + cards()->visible[i]->minor) return NVML_SUCCESS;
    }
    return NVML_ERROR_NOT_FOUND;
}

EXPORT nvmlReturn_t nvmlDeviceGetHandleByUUID(const char *uuid, nvmlDevice_t *device);

EXPORT nvmlReturn_t nvmlDeviceGetHandleByUUIDV(const nvmlUUID_t *uuid, nvmlDevice_t *device) {
    if (!uuid || !device || uuid->type != NVML_UUID_TYPE_ASCII) return NVML_ERROR_INVALID_ARGUMENT;
    return nvmlDeviceGetHandleByUUID(uuid->value.str, device);
}

/* All cards are near each other, and to every processor. */
static nvmlReturn_t near(const struct card *but, unsigned *count, nvmlDevice_t *out) {
    unsigned n = 0;
    if (!count || (*count && !out)) return NVML_ERROR_INVALID_ARGUMENT;
    for (int i = 0; i < cards()->visible_count; i++) {
        if (cards()->visible[i] == but) continue;
        if (n < *count) out[n] = (nvmlDevice_t)cards()->visible[i];
        n++;
    }
    if (!*count || n < *count) *count = n;
    return NVML_SUCCESS;
}

EXPORT nvmlReturn_t nvmlSystemGetTopologyGpuSet(unsigned cpu, unsigned *count, nvmlDevice_t *out) {
    (void)cpu;
    return near(NULL, count, out);
}

EXPORT nvmlReturn_t nvmlDeviceGetTopologyNearestGpus(nvmlDevice_t device, nvmlGpuTopologyLevel_t level,
                                                     unsigned *count, nvmlDevice_t *out) {
    REACH(card, device);
    (void)level;
    return near(card, count, out);
}

EXPORT nvmlReturn_t nvmlUnitGetDevices(nvmlUnit_t unit, unsigned *count, nvmlDevice_t *out) {
    (void)unit;
    if (!count || !out) return NVML_ERROR_INVALID_ARGUMENT;
    if (*count < (unsigned)cards()->visible_count) return NVML_ERROR_INSUFFICIENT_SIZE;
    return near(NULL, count, out);
}

EXPORT nvmlReturn_t nvmlGetExcludedDeviceCount(unsigned *count) {
    if (!count) return NVML_ERROR_INVALID_ARGUMENT;
    *count = 1;
    return NVML_SUCCESS;
}

EXPORT nvmlReturn_t nvmlGetExcludedDeviceInfoByIndex(unsigned index, nvmlExcludedDeviceInfo_t *about) {
    if (index || !about) return NVML_ERROR_INVALID_ARGUMENT;
    strcpy(about->uuid, "GPU-eeeeeeee-0000-0000-0000-000000000000");
    return NVML_SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceGetConfComputeProtectedMemoryUsage(nvmlDevice_t device, nvmlMemory_t *memory) {
    REACH(card, device);
    if (!memory) return NVML_ERROR_INVALID_ARGUMENT;
    uint64_t used = oracle_used(card);
    *memory = (nvmlMemory_t){.total = card->bytes, .free = card->bytes - used, .used = used};
    return NVML_SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceGetConfComputeMemSizeInfo(nvmlDevice_t device, nvmlConfComputeMemSizeInfo_t *sizes) {
    REACH(card, device);
    if (!sizes) return NVML_ERROR_INVALID_ARGUMENT;
    *sizes = (nvmlConfComputeMemSizeInfo_t){.protectedMemSizeKib = card->bytes >> 10};
    return NVML_SUCCESS;
}

/* No cgroup limits anything here. */
EXPORT nvmlReturn_t nvmlDeviceGetMemoryLimits_v1(nvmlDevice_t device, nvmlGetMemoryLimits_v1_t *limits) {
    REACH(card, device);
    if (!limits) return NVML_ERROR_INVALID_ARGUMENT;
    limits->softLimit = 0;
    limits->hardLimit = ~0ull;
    limits->currentUsed = oracle_used(card);
    return NVML_SUCCESS;
}

struct processes {
    int pids[MOST_PROCESSES];
    uint64_t bytes[MOST_PROCESSES];
    unsigned n;
};

/* How many entries are to be filled, or what is the answer. */
static nvmlReturn_t list(const struct card *card, unsigned *count, const void *out, struct processes *found) {
    if (!count) return NVML_ERROR_INVALID_ARGUMENT;
    unsigned room = out ? *count : 0;
    found->n = oracle_processes(card, MOST_PROCESSES, found->pids, found->bytes);
    *count = found->n;
    return found->n > room ? NVML_ERROR_INSUFFICIENT_SIZE : NVML_SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceGetProcessesUtilizationInfo(nvmlDevice_t device, nvmlProcessesUtilizationInfo_t *info) {
    REACH(card, device);
    struct processes found;
    if (!info) return NVML_ERROR_INVALID_ARGUMENT;
    if (info->version != nvmlProcessesUtilizationInfo_v1) return NVML_ERROR_ARGUMENT_VERSION_MISMATCH;
    nvmlReturn_t result = list(card, &info->processSamplesCount, info->procUtilArray, &found);
    for (unsigned i = 0; !result && i < found.n; i++) {
        info->procUtilArray[i] = (nvmlProcessUtilizationInfo_v1_t){.pid = (unsigned)found.pids[i], .smUtil = 50};
    }
    return result;
}

/* One session of each process. To the question for their number the answer is success. */
EXPORT nvmlReturn_t nvmlDeviceGetEncoderSessions(nvmlDevice_t device, unsigned *count, nvmlEncoderSessionInfo_t *out) {
    REACH(card, device);
    struct processes found;
    bool only_number = count && !*count;
    nvmlReturn_t result = list(card, count, out, &found);
    for (unsigned i = 0; !result && i < found.n; i++) {
        out[i] = (nvmlEncoderSessionInfo_t){.sessionId = i, .pid = (unsigned)found.pids[i]};
    }
    return only_number ? NVML_SUCCESS : result;
}

EXPORT nvmlReturn_t nvmlDeviceGetFBCSessions(nvmlDevice_t device, unsigned *count, nvmlFBCSessionInfo_t *out) {
    REACH(card, device);
    struct processes found;
    bool only_number = count && !*count;
    nvmlReturn_t result = list(card, count, out, &found);
    for (unsigned i = 0; !result && i < found.n; i++) {
        out[i] = (nvmlFBCSessionInfo_t){.sessionId = i, .pid = (unsigned)found.pids[i]};
    }
    return only_number ? NVML_SUCCESS : result;
}

EXPORT nvmlReturn_t nvmlDeviceGetAccountingStats_v2(nvmlDevice_t device, nvmlAccountingStats_v2_t *stats) {
    REACH(card, device);
    (void)card;
    if (!stats) return NVML_ERROR_INVALID_ARGUMENT;
    stats->isRunning = 1;
    return NVML_SUCCESS;
}
