/* MIG: instances of a card, found through it. */
#include "nvml_fake.h"

EXPORT nvmlReturn_t nvmlDeviceGetMigDeviceHandleByIndex(nvmlDevice_t device, unsigned index,
                                                        nvmlDevice_t *instance) {
    REACH(card, device);
    if (!card->instances) return NVML_ERROR_NOT_SUPPORTED;
    for (int i = 0; i < cards()->usable_count; i++) {
        if (cards()->usable[i]->parent != card || index--) continue;
        *instance = (nvmlDevice_t)cards()->usable[i];
        return NVML_SUCCESS;
    }
    return NVML_ERROR_NOT_FOUND;
}

EXPORT nvmlReturn_t nvmlDeviceGetDeviceHandleFromMigDeviceHandle(nvmlDevice_t device,
                                                                 nvmlDevice_t *parent) {
    REACH(card, device);
    if (!card->parent) return NVML_ERROR_INVALID_ARGUMENT;
    *parent = (nvmlDevice_t)card->parent;
    return NVML_SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceGetGpuInstanceId(nvmlDevice_t device, unsigned *id) {
    REACH(card, device);
    if (!card->parent) return NVML_ERROR_NOT_SUPPORTED;
    *id = (unsigned)card->gi;
    return NVML_SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceGetComputeInstanceId(nvmlDevice_t device, unsigned *id) {
    REACH(card, device);
    if (!card->parent) return NVML_ERROR_NOT_SUPPORTED;
    *id = (unsigned)card->ci;
    return NVML_SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceGetAttributes_v2(nvmlDevice_t device, nvmlDeviceAttributes_t *about) {
    REACH(card, device);
    if (!card->parent) return NVML_ERROR_NOT_SUPPORTED;
    *about = (nvmlDeviceAttributes_t){.multiprocessorCount = (unsigned)card->sms,
                                      .memorySizeMB = card->bytes >> 20};
    return NVML_SUCCESS;
}
