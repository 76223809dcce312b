/* Who uses a card: the slice's own processes, with what they count. The driver's list would name the
 * neighbours; it is asked only whether it would answer at all. As a slice's processes are all known
 * for using CUDA, the lists of graphics and MPS are empty. */
#include "../core/holders.h"
#include "nvml.h"

/* NVML's number for what it does not have. */
#define NOT_AVAILABLE UINT64_MAX
#define NO_INSTANCE UINT32_MAX

struct list {
    const struct slice *slice; /* NULL: nobody is on the card */
    uint32_t places;
    unsigned slot;
    unsigned gpu_instance, compute_instance;
};

static struct list list_of(const struct nvml *nvml, nvmlDevice_t device) {
    struct list list = {.slice = slice_get(), .gpu_instance = NO_INSTANCE, .compute_instance = NO_INSTANCE};
    unsigned is_instance = 0;
    if (list.slice) nvml_places(nvml, list.slice, device, &list.places);
    if (list.places) ledger_reclaim(&list.slice->ledger);
    if (OWN(nvml, nvmlDeviceIsMigDeviceHandle, device, &is_instance) == NVML_SUCCESS && is_instance) {
        OWN(nvml, nvmlDeviceGetGpuInstanceId, device, &list.gpu_instance);
        OWN(nvml, nvmlDeviceGetComputeInstanceId, device, &list.compute_instance);
    }
    return list;
}

static bool next(struct list *list, struct holder *out) {
    return list->places && holders_next(&list->slice->ledger, list->places, &list->slot, out);
}

/* The driver's answer to whoever has no room: success where it has nobody on the card. */
static bool would_answer(nvmlReturn_t result) {
    return result == NVML_SUCCESS || result == NVML_ERROR_INSUFFICIENT_SIZE;
}

static nvmlReturn_t filled(unsigned *count, unsigned there_are) {
    bool fit = there_are <= *count;
    *count = there_are;
    return fit ? NVML_SUCCESS : NVML_ERROR_INSUFFICIENT_SIZE;
}

static nvmlReturn_t fill_first(const struct nvml *nvml, nvmlDevice_t device, unsigned *count,
                               nvmlProcessInfo_v1_t *out) {
    struct list list = list_of(nvml, device);
    struct holder holder;
    unsigned n = 0;
    for (; next(&list, &holder); n++) {
        if (n < *count) out[n] = (nvmlProcessInfo_v1_t){holder.pid, holder.bytes};
    }
    return filled(count, n);
}

/* Also what the third version fills. (The headers of CUDA 12.2.0 and 12.2.1 alone gave that a longer
 * struct, which no other driver fills either.) */
static nvmlReturn_t fill_second(const struct nvml *nvml, nvmlDevice_t device, unsigned *count,
                                nvmlProcessInfo_v2_t *out) {
    struct list list = list_of(nvml, device);
    struct holder holder;
    unsigned n = 0;
    for (; next(&list, &holder); n++) {
        if (n >= *count) continue;
        out[n] = (nvmlProcessInfo_v2_t){holder.pid, holder.bytes, list.gpu_instance,
                                        list.compute_instance};
    }
    return filled(count, n);
}

static nvmlReturn_t fill_none(unsigned *count) {
    return filled(count, 0);
}

#define LIST(name, info, fill)                                                             \
    EXPORT nvmlReturn_t name(nvmlDevice_t device, unsigned *count, info *out) {            \
        const struct nvml *nvml = driver_nvml();                                           \
        unsigned none = 0;                                                                 \
        nvmlReturn_t result = OWN(nvml, name, device, count ? &none : NULL, NULL);         \
        if (!would_answer(result)) return result;                                          \
        if (!count || (*count && !out)) return NVML_ERROR_INVALID_ARGUMENT;                \
        return fill;                                                                       \
    }
LIST(nvmlDeviceGetComputeRunningProcesses, nvmlProcessInfo_v1_t, fill_first(nvml, device, count, out))
LIST(nvmlDeviceGetComputeRunningProcesses_v2, nvmlProcessInfo_v2_t, fill_second(nvml, device, count, out))
LIST(nvmlDeviceGetComputeRunningProcesses_v3, nvmlProcessInfo_v2_t, fill_second(nvml, device, count, out))
LIST(nvmlDeviceGetGraphicsRunningProcesses, nvmlProcessInfo_v1_t, fill_none(count))
LIST(nvmlDeviceGetGraphicsRunningProcesses_v2, nvmlProcessInfo_v2_t, fill_none(count))
LIST(nvmlDeviceGetGraphicsRunningProcesses_v3, nvmlProcessInfo_v2_t, fill_none(count))
LIST(nvmlDeviceGetMPSComputeRunningProcesses, nvmlProcessInfo_v1_t, fill_none(count))
LIST(nvmlDeviceGetMPSComputeRunningProcesses_v2, nvmlProcessInfo_v2_t, fill_none(count))
LIST(nvmlDeviceGetMPSComputeRunningProcesses_v3, nvmlProcessInfo_v2_t, fill_none(count))

EXPORT nvmlReturn_t nvmlDeviceGetRunningProcessDetailList(nvmlDevice_t device,
                                                          nvmlProcessDetailList_v1_t *list) {
    const struct nvml *nvml = driver_nvml();
    if (!list) return OWN(nvml, nvmlDeviceGetRunningProcessDetailList, device, list);
    if (list->version != NVML_PROCESS_DETAIL_LIST_V1) return NVML_ERROR_INVALID_ARGUMENT;
    nvmlProcessDetailList_v1_t empty = {.version = list->version, .mode = list->mode};
    nvmlReturn_t result = OWN(nvml, nvmlDeviceGetRunningProcessDetailList, device, &empty);
    if (!would_answer(result)) return result;
    if (list->numProcArrayEntries && !list->procArray) return NVML_ERROR_INVALID_ARGUMENT;
    bool wanted = list->mode == NVML_PROCESS_MODE_COMPUTE || list->mode == NVML_PROCESS_MODE_ALL;
    struct list all = wanted ? list_of(nvml, device) : (struct list){0};
    struct holder holder;
    unsigned n = 0;
    for (; next(&all, &holder); n++) {
        if (n >= list->numProcArrayEntries) continue;
        list->procArray[n] = (nvmlProcessDetail_v1_t){holder.pid, holder.bytes, all.gpu_instance,
                                                      all.compute_instance, NOT_AVAILABLE};
    }
    return filled(&list->numProcArrayEntries, n);
}
