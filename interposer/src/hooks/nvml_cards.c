/* Which cards NVML has: those of the slice, numbered without a gap in NVML's order. */
#include "nvml.h"

struct view {
    unsigned count;
    unsigned index[NVML_MOST_HANDLES]; /* the driver's, of each card that is shown */
};

static nvmlReturn_t count_all(const struct nvml *nvml, unsigned *count) {
    return nvml && !nvml->nvmlDeviceGetCount_v2 ? OWN(nvml, nvmlDeviceGetCount, count)
                                                : OWN(nvml, nvmlDeviceGetCount_v2, count);
}

static nvmlReturn_t by_index(const struct nvml *nvml, unsigned index, nvmlDevice_t *device) {
    return nvml && !nvml->nvmlDeviceGetHandleByIndex_v2
               ? OWN(nvml, nvmlDeviceGetHandleByIndex, index, device)
               : OWN(nvml, nvmlDeviceGetHandleByIndex_v2, index, device);
}

static uint32_t all_places(const struct slice *slice) {
    unsigned count = slice->ledger.limits->card_count;
    return count < TRANCHE_MAX_CARDS ? (1u << count) - 1 : UINT32_MAX;
}

/* Of a card that the driver says nothing of, since it is lost, say, nobody knows whose it is. It is
 * shown, and with it the driver's error, as long as one of ours is missing. */
static nvmlReturn_t look(const struct nvml *nvml, struct view *view) {
    unsigned count = 0;
    nvmlReturn_t result = count_all(nvml, &count);
    if (result != NVML_SUCCESS) return result;
    if (count > NVML_MOST_HANDLES) count = NVML_MOST_HANDLES;
    const struct slice *slice = slice_get();
    uint32_t missing = slice ? all_places(slice) : 0;
    enum { HIDDEN, SHOWN, NOBODY_KNOWS } cards[NVML_MOST_HANDLES];
    for (unsigned i = 0; i < count; i++) {
        nvmlDevice_t device;
        uint32_t places = 0;
        nvmlReturn_t answer = by_index(nvml, i, &device);
        if (slice && answer == NVML_SUCCESS) answer = nvml_places(nvml, slice, device, &places);
        missing &= ~places;
        cards[i] = !slice || places ? SHOWN : answer == NVML_SUCCESS ? HIDDEN : NOBODY_KNOWS;
        if (slice && answer == NVML_ERROR_NO_PERMISSION) cards[i] = HIDDEN;
    }
    view->count = 0;
    for (unsigned i = 0; i < count; i++) {
        if (cards[i] == SHOWN || (cards[i] == NOBODY_KNOWS && missing)) view->index[view->count++] = i;
    }
    return NVML_SUCCESS;
}

static nvmlReturn_t count_shown(const struct nvml *nvml, nvmlReturn_t result, unsigned *count) {
    struct view view;
    if (result == NVML_SUCCESS) result = look(nvml, &view);
    if (result == NVML_SUCCESS) *count = view.count;
    return result;
}

EXPORT nvmlReturn_t nvmlDeviceGetCount_v2(unsigned *count) {
    const struct nvml *nvml = driver_nvml();
    return count_shown(nvml, OWN(nvml, nvmlDeviceGetCount_v2, count), count);
}

EXPORT nvmlReturn_t nvmlDeviceGetCount(unsigned *count) {
    const struct nvml *nvml = driver_nvml();
    return count_shown(nvml, OWN(nvml, nvmlDeviceGetCount, count), count);
}

static nvmlReturn_t handle_of(const struct nvml *nvml, unsigned index, nvmlDevice_t *device) {
    struct view view;
    nvmlReturn_t result = look(nvml, &view);
    if (result != NVML_SUCCESS) return result;
    if (index >= view.count) return NVML_ERROR_INVALID_ARGUMENT;
    return by_index(nvml, view.index[index], device);
}

EXPORT nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned index, nvmlDevice_t *device) {
    return handle_of(driver_nvml(), index, device);
}

EXPORT nvmlReturn_t nvmlDeviceGetHandleByIndex(unsigned index, nvmlDevice_t *device) {
    return handle_of(driver_nvml(), index, device);
}

/* A MIG instance's index is one within its card, where numbers without an instance are usual. */
EXPORT nvmlReturn_t nvmlDeviceGetIndex(nvmlDevice_t device, unsigned *index) {
    const struct nvml *nvml = driver_nvml();
    nvmlReturn_t result = OWN(nvml, nvmlDeviceGetIndex, device, index);
    unsigned is_instance = 0;
    if (result != NVML_SUCCESS) return result;
    if (OWN(nvml, nvmlDeviceIsMigDeviceHandle, device, &is_instance) == NVML_SUCCESS && is_instance) {
        return result;
    }
    struct view view;
    result = look(nvml, &view);
    for (unsigned i = 0; result == NVML_SUCCESS && i < view.count; i++) {
        if (view.index[i] != *index) continue;
        *index = i;
        return result;
    }
    return result == NVML_SUCCESS ? NVML_ERROR_INVALID_ARGUMENT : result;
}

/* Cards that an administrator has excluded from use are nobody's. */
EXPORT nvmlReturn_t nvmlGetExcludedDeviceCount(unsigned *count) {
    nvmlReturn_t result = OWN(driver_nvml(), nvmlGetExcludedDeviceCount, count);
    if (result == NVML_SUCCESS && count) *count = 0;
    return result;
}

EXPORT nvmlReturn_t nvmlGetExcludedDeviceInfoByIndex(unsigned index, void *about) {
    (void)index, (void)about;
    const struct nvml *nvml = driver_nvml();
    if (!nvml) return NVML_ERROR_UNINITIALIZED;
    return nvml->nvmlGetExcludedDeviceInfoByIndex ? NVML_ERROR_INVALID_ARGUMENT
                                                  : NVML_ERROR_FUNCTION_NOT_FOUND;
}
