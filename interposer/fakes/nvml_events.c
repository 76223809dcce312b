/* Events: nothing ever happens to these cards, but what `faults` says. */
#include <time.h>

#include "nvml_fake.h"

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

EXPORT nvmlReturn_t nvmlEventSetWait_v2(nvmlEventSet_t set, nvmlEventData_t *data, unsigned milliseconds) {
    (void)set;
    unsigned number;
    const struct card *card = fault_xid(&number);
    if (card) {
        *data = (nvmlEventData_t){.device = (nvmlDevice_t)card,
                                  .eventType = nvmlEventTypeXidCriticalError,
                                  .eventData = number,
                                  .gpuInstanceId = ~0u,
                                  .computeInstanceId = ~0u};
        return NVML_SUCCESS;
    }
    struct timespec time = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000};
    nanosleep(&time, NULL);
    return NVML_ERROR_TIMEOUT;
}

EXPORT nvmlReturn_t nvmlEventSetWait(nvmlEventSet_t set, nvmlEventData_t *data, unsigned milliseconds) {
    return nvmlEventSetWait_v2(set, data, milliseconds);
}
