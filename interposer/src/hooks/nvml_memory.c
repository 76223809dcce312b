/* Whatever of NVML tells how large a card is, or how much of it is taken: the slice.
 *
 * The driver is asked first, always, so that its errors are the program's. A version of a struct
 * that the library does not know is refused as a driver does that is too old for it: what the
 * driver would write there, nobody here could correct. */
#include "nvml.h"

struct shown {
    uint64_t total, used;
};

static uint64_t least(uint64_t one, uint64_t other) {
    return one < other ? one : other;
}

static struct shown show(const struct nvml *nvml, nvmlDevice_t device, uint64_t driver_total) {
    const struct slice *slice = slice_get();
    uint32_t places = 0;
    if (slice) nvml_places(nvml, slice, device, &places);
    if (!places) return (struct shown){driver_total, driver_total};
    struct shown shown = {0};
    for (unsigned card = 0; card < TRANCHE_MAX_CARDS; card++) {
        if (!(places >> card & 1)) continue;
        uint64_t limit = ledger_limit(&slice->ledger, card);
        shown.total += limit;
        shown.used += least(ledger_used(&slice->ledger, card), limit);
    }
    return shown;
}

/* The same for a part of the card that may be smaller than the slice. */
static struct shown show_part(const struct nvml *nvml, nvmlDevice_t device, uint64_t driver_total) {
    struct shown shown = show(nvml, device, driver_total);
    shown.total = least(shown.total, driver_total);
    shown.used = least(shown.used, shown.total);
    return shown;
}

EXPORT nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t device, nvmlMemory_t *memory) {
    const struct nvml *nvml = driver_nvml();
    nvmlReturn_t result = OWN(nvml, nvmlDeviceGetMemoryInfo, device, memory);
    if (result != NVML_SUCCESS) return result;
    struct shown shown = show(nvml, device, memory->total);
    *memory = (nvmlMemory_t){shown.total, shown.total - shown.used, shown.used};
    return result;
}

EXPORT nvmlReturn_t nvmlDeviceGetMemoryInfo_v2(nvmlDevice_t device, nvmlMemory_v2_t *memory) {
    const struct nvml *nvml = driver_nvml();
    if (memory && memory->version != NVML_MEMORY_V2) return NVML_ERROR_ARGUMENT_VERSION_MISMATCH;
    nvmlReturn_t result = OWN(nvml, nvmlDeviceGetMemoryInfo_v2, device, memory);
    if (result != NVML_SUCCESS) return result;
    struct shown shown = show(nvml, device, memory->total);
    memory->total = shown.total;
    memory->reserved = 0;
    memory->free = shown.total - shown.used;
    memory->used = shown.used;
    return result;
}

/* What of BAR1 is mapped, and for whom, nobody counts: all that there is for a slice is free, unless
 * nothing of the slice is. */
EXPORT nvmlReturn_t nvmlDeviceGetBAR1MemoryInfo(nvmlDevice_t device, nvmlBAR1Memory_t *bar1) {
    const struct nvml *nvml = driver_nvml();
    nvmlReturn_t result = OWN(nvml, nvmlDeviceGetBAR1MemoryInfo, device, bar1);
    if (result != NVML_SUCCESS) return result;
    struct shown shown = show_part(nvml, device, bar1->bar1Total);
    uint64_t used = shown.used == shown.total ? shown.total : 0;
    *bar1 = (nvmlBAR1Memory_t){shown.total, shown.total - used, used};
    return result;
}

/* All of a card's memory is protected, or none (NVIDIA, "Confidential Computing Deployment Guide"). */
EXPORT nvmlReturn_t nvmlDeviceGetConfComputeProtectedMemoryUsage(nvmlDevice_t device,
                                                                 nvmlMemory_t *memory) {
    const struct nvml *nvml = driver_nvml();
    nvmlReturn_t result =
        OWN(nvml, nvmlDeviceGetConfComputeProtectedMemoryUsage, device, memory);
    if (result != NVML_SUCCESS) return result;
    struct shown shown = show_part(nvml, device, memory->total);
    *memory = (nvmlMemory_t){shown.total, shown.total - shown.used, shown.used};
    return result;
}

EXPORT nvmlReturn_t nvmlDeviceGetConfComputeMemSizeInfo(nvmlDevice_t device,
                                                        nvmlConfComputeMemSizeInfo_t *sizes) {
    const struct nvml *nvml = driver_nvml();
    nvmlReturn_t result = OWN(nvml, nvmlDeviceGetConfComputeMemSizeInfo, device, sizes);
    if (result != NVML_SUCCESS) return result;
    uint64_t most = show(nvml, device, UINT64_MAX).total >> 10;
    sizes->protectedMemSizeKib = least(sizes->protectedMemSizeKib, most);
    sizes->unprotectedMemSizeKib = least(sizes->unprotectedMemSizeKib, most);
    return result;
}

/* What a cgroup may take and has taken, whichever is asked for: never more than the slice. */
EXPORT nvmlReturn_t nvmlDeviceGetMemoryLimits_v1(nvmlDevice_t device,
                                                 nvmlGetMemoryLimits_v1_t *limits) {
    const struct nvml *nvml = driver_nvml();
    nvmlReturn_t result = OWN(nvml, nvmlDeviceGetMemoryLimits_v1, device, limits);
    if (result != NVML_SUCCESS) return result;
    struct shown shown = show_part(nvml, device, limits->hardLimit);
    limits->hardLimit = shown.total;
    limits->softLimit = least(limits->softLimit, shown.total);
    limits->currentUsed = shown.used;
    return result;
}

EXPORT nvmlReturn_t nvmlDeviceGetAttributes_v2(nvmlDevice_t device, nvmlDeviceAttributes_t *about) {
    const struct nvml *nvml = driver_nvml();
    nvmlReturn_t result = OWN(nvml, nvmlDeviceGetAttributes_v2, device, about);
    if (result != NVML_SUCCESS) return result;
    about->memorySizeMB = show_part(nvml, device, about->memorySizeMB << 20).total >> 20;
    return result;
}
