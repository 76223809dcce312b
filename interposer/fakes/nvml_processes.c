/* Who is on a card, whosever process it is; in each of the struct's versions. */
#include <stddef.h>

#include "clock.h"
#include "nvml_fake.h"

enum { MOST_PROCESSES = 1024 };

/* As the driver does: success where all fit, otherwise how many there are. */
static nvmlReturn_t fill(nvmlReturn_t result, unsigned *count, void *out, size_t each, unsigned n,
                         const int *pids, const uint64_t *bytes, const struct card *card) {
    if (result != NVML_SUCCESS) return result;
    unsigned room = out ? *count : 0;
    *count = n;
    if (n > room) return NVML_ERROR_INSUFFICIENT_SIZE;
    for (unsigned i = 0; i < n; i++) {
        nvmlProcessInfo_t *info = (void *)((char *)out + i * each);
        info->pid = (unsigned)pids[i];
        info->usedGpuMemory = bytes[i];
        if (each < sizeof *info) continue; /* the first version ends here */
        info->gpuInstanceId = card->parent ? (unsigned)card->gi : ~0u;
        info->computeInstanceId = card->parent ? (unsigned)card->ci : ~0u;
    }
    return result;
}

static nvmlReturn_t processes(nvmlDevice_t device, unsigned *count, void *out, size_t each) {
    REACH(card, device);
    if (!count) return NVML_ERROR_INVALID_ARGUMENT;
    int pids[MOST_PROCESSES];
    uint64_t bytes[MOST_PROCESSES];
    unsigned n = oracle_processes(card, MOST_PROCESSES, pids, bytes);
    return fill(NVML_SUCCESS, count, out, each, n, pids, bytes, card);
}

EXPORT nvmlReturn_t nvmlDeviceGetComputeRunningProcesses(nvmlDevice_t device, unsigned *count,
                                                         nvmlProcessInfo_v1_t *out) {
    return processes(device, count, out, sizeof *out);
}

EXPORT nvmlReturn_t nvmlDeviceGetComputeRunningProcesses_v2(nvmlDevice_t device, unsigned *count,
                                                            nvmlProcessInfo_v2_t *out) {
    return processes(device, count, out, sizeof *out);
}

EXPORT nvmlReturn_t nvmlDeviceGetComputeRunningProcesses_v3(nvmlDevice_t device, unsigned *count,
                                                            nvmlProcessInfo_t *out) {
    return processes(device, count, out, sizeof *out);
}

EXPORT nvmlReturn_t nvmlDeviceGetRunningProcessDetailList(nvmlDevice_t device,
                                                          nvmlProcessDetailList_t *list) {
    REACH(card, device);
    if (!list || list->version != nvmlProcessDetailList_v1) return NVML_ERROR_ARGUMENT_VERSION_MISMATCH;
    int pids[MOST_PROCESSES];
    uint64_t bytes[MOST_PROCESSES];
    unsigned n = oracle_processes(card, MOST_PROCESSES, pids, bytes);
    unsigned room = list->procArray ? list->numProcArrayEntries : 0;
    list->numProcArrayEntries = n;
    if (n > room) return NVML_ERROR_INSUFFICIENT_SIZE;
    for (unsigned i = 0; i < n; i++) {
        list->procArray[i] = (nvmlProcessDetail_v1_t){.pid = (unsigned)pids[i], .usedGpuMemory = bytes[i],
                                                      .gpuInstanceId = ~0u, .computeInstanceId = ~0u};
    }
    return NVML_SUCCESS;
}

struct use {
    int pid;
    unsigned percent;
};

/* In simulated time, of who has worked since: whole percents of it, as the driver has them. */
static unsigned measured(const struct card *card, uint64_t since, uint64_t now, struct use *uses) {
    unsigned n = 0;
    for (unsigned process = 0; process < TIMELINE_PROCESSES && now > since; process++) {
        unsigned percent = (unsigned)(100 * clock_worked(card->place, process, since, now) / (now - since));
        int pid = percent ? clock_pid(process) : 0;
        if (pid) uses[n++] = (struct use){pid, percent};
    }
    return n;
}

/* Without it, all that are on the card have alike of it, half at most. */
static unsigned imagined(const struct card *card, struct use *uses) {
    int pids[MOST_PROCESSES];
    uint64_t bytes[MOST_PROCESSES];
    unsigned n = oracle_processes(card, MOST_PROCESSES, pids, bytes);
    for (unsigned i = 0; i < n; i++) uses[i] = (struct use){pids[i], n > 2 ? 100 / n : 50};
    return n;
}

EXPORT nvmlReturn_t nvmlDeviceGetProcessUtilization(nvmlDevice_t device,
                                                    nvmlProcessUtilizationSample_t *out,
                                                    unsigned *count, unsigned long long since) {
    enum { US = 1000, KEPT = 1000000000 };
    REACH(card, device);
    struct use uses[MOST_PROCESSES];
    bool simulated = clock_is_simulated();
    uint64_t now = fakegpu_now(), from = since ? since * US : now - KEPT;
    unsigned n = simulated ? measured(card, from, now, uses) : imagined(card, uses);
    unsigned room = out ? *count : 0;
    *count = n;
    if (n == 0) return NVML_ERROR_NOT_FOUND;
    if (n > room) return NVML_ERROR_INSUFFICIENT_SIZE;
    for (unsigned i = 0; i < n; i++) {
        out[i] = (nvmlProcessUtilizationSample_t){
            .pid = (unsigned)uses[i].pid, .timeStamp = simulated ? now / US : since + 1, .smUtil = uses[i].percent};
    }
    return NVML_SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceGetAccountingPids(nvmlDevice_t device, unsigned *count, unsigned *out) {
    REACH(card, device);
    int pids[MOST_PROCESSES];
    uint64_t bytes[MOST_PROCESSES];
    unsigned n = oracle_processes(card, MOST_PROCESSES, pids, bytes), room = out ? *count : 0;
    *count = n;
    if (n > room) return NVML_ERROR_INSUFFICIENT_SIZE;
    for (unsigned i = 0; i < n; i++) out[i] = (unsigned)pids[i];
    return NVML_SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceGetAccountingStats(nvmlDevice_t device, unsigned pid,
                                                 nvmlAccountingStats_t *stats) {
    REACH(card, device);
    (void)card, (void)pid;
    *stats = (nvmlAccountingStats_t){.gpuUtilization = 50, .isRunning = 1};
    return NVML_SUCCESS;
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
