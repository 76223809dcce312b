/* What the driver has measured of processes, whosever they are: only the container's own are left of
 * it. The driver fills a list of ours, so that the program's never holds a neighbour. */
#include <string.h>
#include <sys/mman.h>

#include "../core/holders.h"
#include "nvml.h"

/* So many more may come between the two questions to the driver. */
enum { SLACK = 64 };

struct samples {
    unsigned count;
    size_t each; /* bytes of an entry */
    char *all;
};

static bool has_some(nvmlReturn_t result) {
    return result == NVML_SUCCESS || result == NVML_ERROR_INSUFFICIENT_SIZE;
}

static size_t size(const struct samples *samples, unsigned count) {
    return (count + SLACK) * samples->each;
}

static bool make_room(struct samples *samples, unsigned count) {
    void *made = mmap(NULL, size(samples, count), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                      -1, 0);
    samples->count = count + SLACK;
    samples->all = made;
    return made != MAP_FAILED;
}

static unsigned pid_of(const char *entry, size_t pid_at) {
    unsigned pid;
    memcpy(&pid, entry + pid_at, sizeof pid);
    return pid;
}

/* Gives the program its own processes' entries, by the driver's rule for too little room, and our list
 * back to the kernel. `asked`: the number that the list was made for. */
static nvmlReturn_t give(struct samples *samples, unsigned asked, size_t pid_at, nvmlReturn_t result,
                         void *out, unsigned *count) {
    const struct slice *slice = slice_get();
    unsigned kept = 0, room = out ? *count : 0;
    if (slice) ledger_reclaim(&slice->ledger);
    for (unsigned i = 0; result == NVML_SUCCESS && slice && i < samples->count; i++) {
        const char *entry = samples->all + i * samples->each;
        if (!holders_have(&slice->ledger, pid_of(entry, pid_at))) continue;
        if (kept < room) memcpy((char *)out + kept * samples->each, entry, samples->each);
        kept++;
    }
    munmap(samples->all, size(samples, asked));
    if (result != NVML_SUCCESS) return result;
    *count = kept;
    return kept <= room ? NVML_SUCCESS : NVML_ERROR_INSUFFICIENT_SIZE;
}

EXPORT nvmlReturn_t nvmlDeviceGetProcessUtilization(nvmlDevice_t device,
                                                    nvmlProcessUtilizationSample_t *out,
                                                    unsigned *count, unsigned long long since) {
    const struct nvml *nvml = driver_nvml();
    struct samples samples = {.each = sizeof *out};
    unsigned asked = 0;
    if (!count) return OWN(nvml, nvmlDeviceGetProcessUtilization, device, out, count, since);
    nvmlReturn_t result = OWN(nvml, nvmlDeviceGetProcessUtilization, device, NULL, &asked, since);
    if (!has_some(result)) return result;
    if (!make_room(&samples, asked)) return NVML_ERROR_MEMORY;
    result = OWN(nvml, nvmlDeviceGetProcessUtilization, device, (void *)samples.all, &samples.count,
                 since);
    return give(&samples, asked, offsetof(nvmlProcessUtilizationSample_t, pid), result, out, count);
}

EXPORT nvmlReturn_t nvmlDeviceGetProcessesUtilizationInfo(nvmlDevice_t device,
                                                          nvmlProcessesUtilizationInfo_v1_t *info) {
    const struct nvml *nvml = driver_nvml();
    struct samples samples = {.each = sizeof *info->procUtilArray};
    if (!info) return OWN(nvml, nvmlDeviceGetProcessesUtilizationInfo, device, info);
    if (info->version != NVML_PROCESSES_UTILIZATION_V1) return NVML_ERROR_ARGUMENT_VERSION_MISMATCH;
    nvmlProcessesUtilizationInfo_v1_t asked = {info->version, 0, info->lastSeenTimeStamp, NULL};
    nvmlReturn_t result = OWN(nvml, nvmlDeviceGetProcessesUtilizationInfo, device, &asked);
    if (!has_some(result)) return result;
    unsigned number = asked.processSamplesCount;
    if (!make_room(&samples, number)) return NVML_ERROR_MEMORY;
    asked = (nvmlProcessesUtilizationInfo_v1_t){info->version, samples.count, info->lastSeenTimeStamp,
                                                (void *)samples.all};
    result = OWN(nvml, nvmlDeviceGetProcessesUtilizationInfo, device, &asked);
    samples.count = asked.processSamplesCount;
    return give(&samples, number, offsetof(nvmlProcessUtilizationInfo_v1_t, pid), result,
                info->procUtilArray, &info->processSamplesCount);
}

EXPORT nvmlReturn_t nvmlDeviceGetAccountingPids(nvmlDevice_t device, unsigned *count, unsigned *out) {
    const struct nvml *nvml = driver_nvml();
    struct samples samples = {.each = sizeof *out};
    unsigned asked = 0;
    if (!count) return OWN(nvml, nvmlDeviceGetAccountingPids, device, count, out);
    nvmlReturn_t result = OWN(nvml, nvmlDeviceGetAccountingPids, device, &asked, NULL);
    if (!has_some(result)) return result;
    if (!make_room(&samples, asked)) return NVML_ERROR_MEMORY;
    result = OWN(nvml, nvmlDeviceGetAccountingPids, device, &samples.count, (void *)samples.all);
    return give(&samples, asked, 0, result, out, count);
}

/* Of a stranger the driver's answer is that of a process that it does not know. */
static bool is_own(unsigned pid) {
    const struct slice *slice = slice_get();
    return slice && holders_have(&slice->ledger, pid);
}

EXPORT nvmlReturn_t nvmlDeviceGetAccountingStats(nvmlDevice_t device, unsigned pid, void *stats) {
    const struct nvml *nvml = driver_nvml();
    if (!is_own(pid)) return NVML_ERROR_NOT_FOUND;
    return OWN(nvml, nvmlDeviceGetAccountingStats, device, pid, stats);
}

EXPORT nvmlReturn_t nvmlDeviceGetAccountingStats_v2(nvmlDevice_t device,
                                                    nvmlAccountingStats_v2_t *stats) {
    const struct nvml *nvml = driver_nvml();
    if (stats && !is_own(stats->pid)) return NVML_ERROR_NOT_FOUND;
    return OWN(nvml, nvmlDeviceGetAccountingStats_v2, device, stats);
}
