/* What the driver has measured of processes, whosever they are: only the container's own are left of it.
 * The driver fills a list of ours, so that the program's never holds a neighbour. */
#include <string.h>
#include <sys/mman.h>

#include "../core/holders.h"
#include "nvml.h"

/* So many more may come between the two questions to the driver. */
enum { SLACK = 64 };

struct question {
    nvmlReturn_t (*ask)(const struct question *question, void *list, unsigned *count);
    const struct nvml *nvml;
    nvmlDevice_t device;
    unsigned long long since;
    size_t each, pid_at; /* bytes of an entry; where its pid lies */
};

static unsigned keep_own(const struct question *question, char *list, unsigned count) {
    const struct slice *slice = slice_get();
    size_t each = question->each;
    unsigned kept = 0;
    if (slice) ledger_reclaim(&slice->ledger);
    for (unsigned i = 0; slice && i < count; i++) {
        unsigned pid;
        memcpy(&pid, list + i * each + question->pid_at, sizeof pid);
        if (holders_have(&slice->ledger, pid)) memmove(list + kept++ * each, list + i * each, each);
    }
    return kept;
}

/* Fills what there is room for; `count` becomes the number that there are. */
static nvmlReturn_t answer(const struct question *question, void *out, unsigned *count) {
    unsigned all = 0, room = out ? *count : 0;
    nvmlReturn_t result = question->ask(question, NULL, &all);
    if (result != NVML_SUCCESS && result != NVML_ERROR_INSUFFICIENT_SIZE) return result;
    all += SLACK;
    size_t size = all * question->each;
    char *list = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (list == MAP_FAILED) return NVML_ERROR_MEMORY;
    result = question->ask(question, list, &all);
    if (result == NVML_SUCCESS) {
        *count = keep_own(question, list, all);
        if (*count > room) result = NVML_ERROR_INSUFFICIENT_SIZE;
        if (out) memcpy(out, list, (*count < room ? *count : room) * question->each);
    }
    munmap(list, size);
    return result;
}

/* Nothing of one's own is no success, for the two that tell of use. */
static nvmlReturn_t answer_use(const struct question *question, void *out, unsigned *count) {
    nvmlReturn_t result = answer(question, out, count);
    return result == NVML_SUCCESS && *count == 0 ? NVML_ERROR_NOT_FOUND : result;
}

/* To the question for the number alone, these two answer with success. */
static nvmlReturn_t answer_sessions(const struct question *question, void *out, unsigned *count) {
    bool only_number = *count == 0;
    nvmlReturn_t result = answer(question, out, count);
    return result == NVML_ERROR_INSUFFICIENT_SIZE && only_number ? NVML_SUCCESS : result;
}

static nvmlReturn_t ask_use(const struct question *about, void *list, unsigned *count) {
    return OWN(about->nvml, nvmlDeviceGetProcessUtilization, about->device, list, count, about->since);
}

EXPORT nvmlReturn_t nvmlDeviceGetProcessUtilization(nvmlDevice_t device,
                                                    nvmlProcessUtilizationSample_t *out,
                                                    unsigned *count, unsigned long long since) {
    struct question question = {ask_use, driver_nvml(), device, since, sizeof *out,
                                offsetof(nvmlProcessUtilizationSample_t, pid)};
    return count ? answer_use(&question, out, count) : ask_use(&question, out, count);
}

static nvmlReturn_t ask_all_use(const struct question *about, void *list, unsigned *count) {
    nvmlProcessesUtilizationInfo_v1_t info = {NVML_PROCESSES_UTILIZATION_V1, *count, about->since, list};
    nvmlReturn_t result =
        OWN(about->nvml, nvmlDeviceGetProcessesUtilizationInfo, about->device, &info);
    *count = info.processSamplesCount;
    return result;
}

EXPORT nvmlReturn_t nvmlDeviceGetProcessesUtilizationInfo(nvmlDevice_t device,
                                                          nvmlProcessesUtilizationInfo_v1_t *info) {
    const struct nvml *nvml = driver_nvml();
    if (!info) return OWN(nvml, nvmlDeviceGetProcessesUtilizationInfo, device, info);
    if (info->version != NVML_PROCESSES_UTILIZATION_V1) return NVML_ERROR_ARGUMENT_VERSION_MISMATCH;
    struct question question = {ask_all_use, nvml, device, info->lastSeenTimeStamp,
                                sizeof *info->procUtilArray,
                                offsetof(nvmlProcessUtilizationInfo_v1_t, pid)};
    return answer_use(&question, info->procUtilArray, &info->processSamplesCount);
}

/* A list of the driver's whose entries have their process at `pid_at`. */
#define LISTS(name, entry, pid_at, answer)                                                      \
    static nvmlReturn_t ask_##name(const struct question *about, void *list, unsigned *count) { \
        return OWN(about->nvml, name, about->device, count, list);                              \
    }                                                                                           \
    EXPORT nvmlReturn_t name(nvmlDevice_t device, unsigned *count, entry *out) {                \
        struct question question = {ask_##name, driver_nvml(), device, 0, sizeof *out, pid_at}; \
        return count ? answer(&question, out, count) : ask_##name(&question, out, count);       \
    }

LISTS(nvmlDeviceGetEncoderSessions, nvmlEncoderSessionInfo_t, offsetof(nvmlEncoderSessionInfo_t, pid), answer_sessions)
LISTS(nvmlDeviceGetFBCSessions, nvmlFBCSessionInfo_t, offsetof(nvmlFBCSessionInfo_t, pid), answer_sessions)
LISTS(nvmlDeviceGetAccountingPids, unsigned, 0, answer)

static bool is_own(unsigned pid) {
    const struct slice *slice = slice_get();
    if (slice) ledger_reclaim(&slice->ledger);
    return slice && holders_have(&slice->ledger, pid);
}

/* A stranger has no account: the driver is not asked, since it would write what it has. */
EXPORT nvmlReturn_t nvmlDeviceGetAccountingStats(nvmlDevice_t device, unsigned pid, void *out) {
    const struct nvml *nvml = driver_nvml();
    if (nvml && nvml->nvmlDeviceGetAccountingStats && out && !is_own(pid)) return NVML_ERROR_NOT_FOUND;
    return OWN(nvml, nvmlDeviceGetAccountingStats, device, pid, out);
}

EXPORT nvmlReturn_t nvmlDeviceGetAccountingStats_v2(nvmlDevice_t device, nvmlAccountingStats_v2_t *out) {
    const struct nvml *nvml = driver_nvml();
    if (nvml && nvml->nvmlDeviceGetAccountingStats_v2 && out && !is_own(out->pid)) return NVML_ERROR_NOT_FOUND;
    return OWN(nvml, nvmlDeviceGetAccountingStats_v2, device, out);
}
