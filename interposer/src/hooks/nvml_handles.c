/* The other ways to a card's handle: by a name of it, or by where it is. One that is not shown is not
 * found, as one that is not there. */
#include "nvml.h"

static nvmlReturn_t found(const struct nvml *nvml, nvmlReturn_t result, nvmlDevice_t device,
                          nvmlDevice_t *out) {
    const struct slice *slice = result == NVML_SUCCESS ? slice_get() : NULL;
    uint32_t places = 0;
    if (slice) result = nvml_places(nvml, slice, device, &places);
    if (result != NVML_SUCCESS) return result;
    if (slice && !places) return NVML_ERROR_NOT_FOUND;
    *out = device;
    return NVML_SUCCESS;
}

/* NULL for where the answer goes is the driver's to refuse. */
#define FIND(name, ...)                                                             \
    const struct nvml *nvml = driver_nvml();                                        \
    nvmlDevice_t device;                                                            \
    nvmlReturn_t result = OWN(nvml, name, __VA_ARGS__, out ? &device : NULL);       \
    return out ? found(nvml, result, device, out) : result

EXPORT nvmlReturn_t nvmlDeviceGetHandleByUUID(const char *uuid, nvmlDevice_t *out) {
    FIND(nvmlDeviceGetHandleByUUID, uuid);
}

EXPORT nvmlReturn_t nvmlDeviceGetHandleByUUIDV(const void *uuid, nvmlDevice_t *out) {
    FIND(nvmlDeviceGetHandleByUUIDV, uuid);
}

EXPORT nvmlReturn_t nvmlDeviceGetHandleBySerial(const char *serial, nvmlDevice_t *out) {
    FIND(nvmlDeviceGetHandleBySerial, serial);
}

EXPORT nvmlReturn_t nvmlDeviceGetHandleByPciBusId(const char *bus, nvmlDevice_t *out) {
    FIND(nvmlDeviceGetHandleByPciBusId, bus);
}

EXPORT nvmlReturn_t nvmlDeviceGetHandleByPciBusId_v2(const char *bus, nvmlDevice_t *out) {
    FIND(nvmlDeviceGetHandleByPciBusId_v2, bus);
}

EXPORT nvmlReturn_t nvmlDeviceGetMigDeviceHandleByIndex(nvmlDevice_t card, unsigned index,
                                                        nvmlDevice_t *out) {
    FIND(nvmlDeviceGetMigDeviceHandleByIndex, card, index);
}

struct devices {
    unsigned count;
    nvmlDevice_t all[NVML_MOST_HANDLES];
};

static void keep_shown(const struct nvml *nvml, struct devices *devices) {
    const struct slice *slice = slice_get();
    unsigned kept = 0;
    for (unsigned i = 0; slice && i < devices->count; i++) {
        uint32_t places;
        nvml_places(nvml, slice, devices->all[i], &places);
        if (places) devices->all[kept++] = devices->all[i];
    }
    if (slice) devices->count = kept;
}

/* As nvml.h tells it of both functions of topology: to a count of 0 the number of cards is the answer,
 * otherwise so many of them. */
static nvmlReturn_t neighbours(const struct nvml *nvml, nvmlReturn_t result, struct devices *devices,
                               unsigned *count, nvmlDevice_t *out) {
    if (result != NVML_SUCCESS) return result;
    keep_shown(nvml, devices);
    if (*count == 0) {
        *count = devices->count;
        return result;
    }
    if (*count > devices->count) *count = devices->count;
    for (unsigned i = 0; i < *count; i++) out[i] = devices->all[i];
    return result;
}

static nvmlReturn_t counted(nvmlReturn_t result, struct devices *devices) {
    if (devices->count > NVML_MOST_HANDLES) devices->count = NVML_MOST_HANDLES;
    return result;
}

EXPORT nvmlReturn_t nvmlSystemGetTopologyGpuSet(unsigned cpu, unsigned *count, nvmlDevice_t *out) {
    const struct nvml *nvml = driver_nvml();
    struct devices near = {.count = 0};
    if (!count || (*count && !out)) return OWN(nvml, nvmlSystemGetTopologyGpuSet, cpu, count, out);
    nvmlReturn_t result =
        counted(OWN(nvml, nvmlSystemGetTopologyGpuSet, cpu, &near.count, NULL), &near);
    if (result == NVML_SUCCESS && near.count) {
        result = OWN(nvml, nvmlSystemGetTopologyGpuSet, cpu, &near.count, near.all);
    }
    return neighbours(nvml, result, &near, count, out);
}

EXPORT nvmlReturn_t nvmlDeviceGetTopologyNearestGpus(nvmlDevice_t device, int level, unsigned *count,
                                                     nvmlDevice_t *out) {
    const struct nvml *nvml = driver_nvml();
    struct devices near = {.count = 0};
    if (!count || (*count && !out)) {
        return OWN(nvml, nvmlDeviceGetTopologyNearestGpus, device, level, count, out);
    }
    nvmlReturn_t result = counted(
        OWN(nvml, nvmlDeviceGetTopologyNearestGpus, device, level, &near.count, NULL), &near);
    if (result == NVML_SUCCESS && near.count) {
        result = OWN(nvml, nvmlDeviceGetTopologyNearestGpus, device, level, &near.count, near.all);
    }
    return neighbours(nvml, result, &near, count, out);
}

EXPORT nvmlReturn_t nvmlUnitGetDevices(nvmlUnit_t unit, unsigned *count, nvmlDevice_t *out) {
    const struct nvml *nvml = driver_nvml();
    struct devices attached = {.count = NVML_MOST_HANDLES};
    if (!count || !out) return OWN(nvml, nvmlUnitGetDevices, unit, NULL, NULL);
    nvmlReturn_t result = OWN(nvml, nvmlUnitGetDevices, unit, &attached.count, attached.all);
    if (result != NVML_SUCCESS) return result;
    keep_shown(nvml, &attached);
    unsigned room = *count;
    *count = attached.count;
    if (attached.count > room) return NVML_ERROR_INSUFFICIENT_SIZE;
    for (unsigned i = 0; i < attached.count; i++) out[i] = attached.all[i];
    return result;
}
