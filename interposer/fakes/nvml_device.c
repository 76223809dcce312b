/* NVML's cards: who they are and how they fare. All is well with them, always. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "nvml_fake.h"

static int uses;

const struct card *nvml_card(nvmlDevice_t device) {
    for (int i = 0; i < cards()->visible_count; i++) {
        if (cards()->visible[i] == (const struct card *)device) return cards()->visible[i];
    }
    for (int i = 0; i < cards()->usable_count; i++) {
        if (cards()->usable[i] == (const struct card *)device) return cards()->usable[i];
    }
    return NULL;
}

int nvml_initialised(void) {
    return __atomic_load_n(&uses, __ATOMIC_ACQUIRE) > 0;
}

EXPORT nvmlReturn_t nvmlInit_v2(void) {
    __atomic_fetch_add(&uses, 1, __ATOMIC_ACQ_REL);
    return NVML_SUCCESS;
}

/* In no header: nvidia-smi asks for it. Here there is no such table. */
EXPORT nvmlReturn_t nvmlInternalGetExportTable(const void **table, const void *id) {
    (void)table, (void)id;
    return NVML_ERROR_NOT_FOUND;
}

EXPORT nvmlReturn_t nvmlInit(void) {
    return nvmlInit_v2();
}

EXPORT nvmlReturn_t nvmlInitWithFlags(unsigned flags) {
    (void)flags;
    return nvmlInit_v2();
}

EXPORT nvmlReturn_t nvmlShutdown(void) {
    if (!nvml_initialised()) return NVML_ERROR_UNINITIALIZED;
    __atomic_fetch_sub(&uses, 1, __ATOMIC_ACQ_REL);
    return NVML_SUCCESS;
}

EXPORT const char *nvmlErrorString(nvmlReturn_t result) {
    switch (result) {
        case NVML_SUCCESS: return "Success";
        case NVML_ERROR_UNINITIALIZED: return "Uninitialized";
        case NVML_ERROR_INVALID_ARGUMENT: return "Invalid Argument";
        case NVML_ERROR_NOT_SUPPORTED: return "Not Supported";
        case NVML_ERROR_NOT_FOUND: return "Not Found";
        case NVML_ERROR_INSUFFICIENT_SIZE: return "Insufficient Size";
        case NVML_ERROR_TIMEOUT: return "Timeout";
        case NVML_ERROR_FUNCTION_NOT_FOUND: return "Function Not Found";
        default: return "Unknown Error";
    }
}

static nvmlReturn_t text(char *out, unsigned room, const char *value) {
    if (!out) return NVML_ERROR_INVALID_ARGUMENT;
    if (strlen(value) >= room) return NVML_ERROR_INSUFFICIENT_SIZE;
    strcpy(out, value);
    return NVML_SUCCESS;
}

EXPORT nvmlReturn_t nvmlSystemGetDriverVersion(char *out, unsigned room) {
    return text(out, room, "580.65.06");
}

EXPORT nvmlReturn_t nvmlSystemGetNVMLVersion(char *out, unsigned room) {
    return text(out, room, "13.580.65.06");
}

EXPORT nvmlReturn_t nvmlSystemGetCudaDriverVersion_v2(int *version) {
    *version = 13000;
    return NVML_SUCCESS;
}

EXPORT nvmlReturn_t nvmlSystemGetCudaDriverVersion(int *version) {
    return nvmlSystemGetCudaDriverVersion_v2(version);
}

EXPORT nvmlReturn_t nvmlDeviceGetCount_v2(unsigned *count) {
    if (!nvml_initialised()) return NVML_ERROR_UNINITIALIZED;
    *count = (unsigned)cards()->visible_count;
    return NVML_SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceGetCount(unsigned *count) {
    return nvmlDeviceGetCount_v2(count);
}

EXPORT nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned index, nvmlDevice_t *device) {
    if (!nvml_initialised()) return NVML_ERROR_UNINITIALIZED;
    if (index >= (unsigned)cards()->visible_count) return NVML_ERROR_INVALID_ARGUMENT;
    *device = (nvmlDevice_t)cards()->visible[index];
    return NVML_SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceGetHandleByIndex(unsigned index, nvmlDevice_t *device) {
    return nvmlDeviceGetHandleByIndex_v2(index, device);
}

EXPORT nvmlReturn_t nvmlDeviceGetHandleByUUID(const char *uuid, nvmlDevice_t *device) {
    if (!nvml_initialised()) return NVML_ERROR_UNINITIALIZED;
    for (int i = 0; i < cards()->visible_count; i++) {
        *device = (nvmlDevice_t)cards()->visible[i];
        if (strcasecmp(cards()->visible[i]->uuid_text, uuid) == 0) return NVML_SUCCESS;
    }
    for (int i = 0; i < cards()->usable_count; i++) {
        *device = (nvmlDevice_t)cards()->usable[i];
        if (strcasecmp(cards()->usable[i]->uuid_text, uuid) == 0) return NVML_SUCCESS;
    }
    return NVML_ERROR_NOT_FOUND;
}

/* With a domain of four or of eight digits. */
EXPORT nvmlReturn_t nvmlDeviceGetHandleByPciBusId_v2(const char *bus, nvmlDevice_t *device) {
    if (!nvml_initialised()) return NVML_ERROR_UNINITIALIZED;
    unsigned wanted[3], has[3];
    if (sscanf(bus, "%x:%x:%x", &wanted[0], &wanted[1], &wanted[2]) != 3) {
        return NVML_ERROR_INVALID_ARGUMENT;
    }
    for (int i = 0; i < cards()->visible_count; i++) {
        *device = (nvmlDevice_t)cards()->visible[i];
        sscanf(cards()->visible[i]->pci, "%x:%x:%x", &has[0], &has[1], &has[2]);
        if (memcmp(wanted, has, sizeof has) == 0) return NVML_SUCCESS;
    }
    return NVML_ERROR_NOT_FOUND;
}

EXPORT nvmlReturn_t nvmlDeviceGetHandleByPciBusId(const char *bus, nvmlDevice_t *device) {
    return nvmlDeviceGetHandleByPciBusId_v2(bus, device);
}

EXPORT nvmlReturn_t nvmlDeviceGetIndex(nvmlDevice_t device, unsigned *index) {
    for (int i = 0; i < cards()->visible_count; i++) {
        *index = (unsigned)i;
        if (cards()->visible[i] == (const struct card *)device) return NVML_SUCCESS;
    }
    return NVML_ERROR_INVALID_ARGUMENT;
}

EXPORT nvmlReturn_t nvmlDeviceGetName(nvmlDevice_t device, char *out, unsigned room) {
    REACH(card, device);
    return text(out, room, card->name);
}

EXPORT nvmlReturn_t nvmlDeviceGetUUID(nvmlDevice_t device, char *out, unsigned room) {
    REACH(card, device);
    return text(out, room, card->uuid_text);
}

EXPORT nvmlReturn_t nvmlDeviceGetMinorNumber(nvmlDevice_t device, unsigned *minor) {
    REACH(card, device);
    *minor = (unsigned)card->minor;
    return NVML_SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceGetPciInfo_v3(nvmlDevice_t device, nvmlPciInfo_t *pci) {
    REACH(card, device);
    memset(pci, 0, sizeof *pci);
    sscanf(card->pci, "%x:%x:%x", &pci->domain, &pci->bus, &pci->device);
    snprintf(pci->busIdLegacy, sizeof pci->busIdLegacy, "%04X:%02X:%02X.0", pci->domain & 0xffff,
             pci->bus & 0xff, pci->device & 0xff);
    snprintf(pci->busId, sizeof pci->busId, "%08X:%02X:%02X.0", pci->domain, pci->bus & 0xff,
             pci->device & 0xff);
    return NVML_SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceGetPciInfo_v2(nvmlDevice_t device, nvmlPciInfo_t *pci) {
    return nvmlDeviceGetPciInfo_v3(device, pci);
}

EXPORT nvmlReturn_t nvmlDeviceGetPciInfo(nvmlDevice_t device, nvmlPciInfo_t *pci) {
    return nvmlDeviceGetPciInfo_v3(device, pci);
}

EXPORT nvmlReturn_t nvmlDeviceGetCudaComputeCapability(nvmlDevice_t device, int *major, int *minor) {
    REACH(card, device);
    *major = card->cc_major;
    *minor = card->cc_minor;
    return NVML_SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceGetNumaNodeId(nvmlDevice_t device, unsigned *node) {
    REACH(card, device);
    if (card->numa < 0) return NVML_ERROR_NOT_SUPPORTED;
    *node = (unsigned)card->numa;
    return NVML_SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceGetMemoryAffinity(nvmlDevice_t device, unsigned size,
                                                unsigned long *nodes, nvmlAffinityScope_t scope) {
    (void)scope;
    REACH(card, device);
    if (!nodes || !size) return NVML_ERROR_INVALID_ARGUMENT;
    if (card->numa < 0) return NVML_ERROR_NOT_SUPPORTED;
    memset(nodes, 0, size * sizeof *nodes);
    if ((unsigned)card->numa < size * 64) nodes[card->numa / 64] |= 1ul << (card->numa % 64);
    return NVML_SUCCESS;
}

/* Health and load: constants a card at rest would show. */
#define CONSTANT(name, value)                                                                     \
    EXPORT nvmlReturn_t name {                                                                    \
        REACH(card, device);                                                                      \
        (void)card;                                                                               \
        value;                                                                                    \
        return NVML_SUCCESS;                                                                      \
    }
CONSTANT(nvmlDeviceGetTemperature(nvmlDevice_t device, nvmlTemperatureSensors_t sensor, unsigned *out), (void)sensor; *out = 34)
CONSTANT(nvmlDeviceGetPowerUsage(nvmlDevice_t device, unsigned *out), *out = 62000)
CONSTANT(nvmlDeviceGetPowerManagementLimit(nvmlDevice_t device, unsigned *out), *out = 400000)
CONSTANT(nvmlDeviceGetEnforcedPowerLimit(nvmlDevice_t device, unsigned *out), *out = 400000)
CONSTANT(nvmlDeviceGetUtilizationRates(nvmlDevice_t device, nvmlUtilization_t *out), *out = (nvmlUtilization_t){0})
CONSTANT(nvmlDeviceGetPersistenceMode(nvmlDevice_t device, nvmlEnableState_t *out), *out = NVML_FEATURE_ENABLED)
CONSTANT(nvmlDeviceGetComputeMode(nvmlDevice_t device, nvmlComputeMode_t *out), *out = NVML_COMPUTEMODE_DEFAULT)
CONSTANT(nvmlDeviceGetPerformanceState(nvmlDevice_t device, nvmlPstates_t *out), *out = NVML_PSTATE_0)
CONSTANT(nvmlDeviceGetEccMode(nvmlDevice_t device, nvmlEnableState_t *now, nvmlEnableState_t *next), *now = *next = NVML_FEATURE_ENABLED)
CONSTANT(nvmlDeviceGetTotalEccErrors(nvmlDevice_t device, nvmlMemoryErrorType_t kind, nvmlEccCounterType_t counter, unsigned long long *out), (void)kind; (void)counter; *out = 0)
CONSTANT(nvmlDeviceGetMigMode(nvmlDevice_t device, unsigned *now, unsigned *next), *now = *next = card->instances ? NVML_DEVICE_MIG_ENABLE : NVML_DEVICE_MIG_DISABLE)
CONSTANT(nvmlDeviceGetAccountingBufferSize(nvmlDevice_t device, unsigned *out), *out = 4000)
CONSTANT(nvmlDeviceGetMaxMigDeviceCount(nvmlDevice_t device, unsigned *out), *out = card->instances ? 7 : 0)
CONSTANT(nvmlDeviceIsMigDeviceHandle(nvmlDevice_t device, unsigned *out), *out = card->parent != NULL)
