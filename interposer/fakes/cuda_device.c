/* Cards. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "driver.h"

#define VERSION 13000

static const struct card *chosen[MOST_CARDS];
static int chosen_count;
static int initialised;

int driver_initialised(void) {
    return __atomic_load_n(&initialised, __ATOMIC_ACQUIRE);
}

const struct card *driver_card(CUdevice device) {
    return device >= 0 && device < chosen_count ? chosen[device] : NULL;
}

int driver_card_count(void) {
    return chosen_count;
}

/* CUDA_VISIBLE_DEVICES: numbers or the beginnings of uuids; the first that is neither ends it. */
static void choose(void) {
    const struct cards *all = cards();
    const char *wanted = getenv("CUDA_VISIBLE_DEVICES");
    chosen_count = 0;
    if (!wanted) {
        for (int i = 0; i < all->usable_count; i++) chosen[chosen_count++] = all->usable[i];
        return;
    }
    char text[1024], *rest = text;
    snprintf(text, sizeof text, "%s", wanted);
    for (char *word; (word = strsep(&rest, ",")) && chosen_count < MOST_CARDS;) {
        const struct card *found = NULL;
        char *end;
        long number = strtol(word, &end, 10);
        for (int i = 0; i < all->usable_count; i++) {
            bool is_number = *word && !*end && number == i;
            bool is_uuid = strlen(word) >= 5 &&
                           strncasecmp(word, all->usable[i]->uuid_text, strlen(word)) == 0;
            if (is_number || is_uuid) found = all->usable[i];
        }
        if (!found) return;
        chosen[chosen_count++] = found;
    }
}

static void forget_in_child(void) {
    initialised = 0;
    contexts_forget();
}

EXPORT CUresult cuInit(unsigned flags) {
    FAULT(CUresult);
    static pthread_mutex_t once = PTHREAD_MUTEX_INITIALIZER;
    static int registered;
    if (flags) return CUDA_ERROR_INVALID_VALUE;
    pthread_mutex_lock(&once);
    if (!registered) pthread_atfork(NULL, NULL, forget_in_child);
    registered = 1;
    if (!driver_initialised()) {
        choose();
        __atomic_store_n(&initialised, chosen_count > 0, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&once);
    return chosen_count ? CUDA_SUCCESS : CUDA_ERROR_NO_DEVICE;
}

EXPORT CUresult cuDriverGetVersion(int *version) {
    if (!version) return CUDA_ERROR_INVALID_VALUE;
    *version = fault_version(VERSION);
    return CUDA_SUCCESS;
}

EXPORT CUresult cuDeviceGetCount(int *count) {
    if (!driver_initialised()) return CUDA_ERROR_NOT_INITIALIZED;
    *count = chosen_count;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuDeviceGet(CUdevice *device, int ordinal) {
    if (!driver_initialised()) return CUDA_ERROR_NOT_INITIALIZED;
    if (!driver_card(ordinal)) return CUDA_ERROR_INVALID_DEVICE;
    *device = ordinal;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuDeviceGetName(char *name, int length, CUdevice device) {
    if (!driver_card(device) || length <= 0) return CUDA_ERROR_INVALID_DEVICE;
    snprintf(name, (size_t)length, "%s", driver_card(device)->name);
    return CUDA_SUCCESS;
}

EXPORT CUresult cuDeviceGetUuid_v2(CUuuid *uuid, CUdevice device) {
    if (!driver_card(device)) return CUDA_ERROR_INVALID_DEVICE;
    memcpy(uuid->bytes, driver_card(device)->uuid, 16);
    return CUDA_SUCCESS;
}

EXPORT CUresult cuDeviceGetUuid(CUuuid *uuid, CUdevice device) {
    return cuDeviceGetUuid_v2(uuid, device);
}

EXPORT CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice device) {
    if (!driver_card(device)) return CUDA_ERROR_INVALID_DEVICE;
    *bytes = driver_card(device)->bytes;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuDeviceTotalMem(unsigned *bytes, CUdevice device) {
    if (!driver_card(device)) return CUDA_ERROR_INVALID_DEVICE;
    uint64_t has = driver_card(device)->bytes;
    *bytes = has > UINT32_MAX ? UINT32_MAX : (unsigned)has;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuDeviceGetPCIBusId(char *text, int length, CUdevice device) {
    if (!driver_card(device) || length <= 0) return CUDA_ERROR_INVALID_DEVICE;
    snprintf(text, (size_t)length, "%s", driver_card(device)->pci);
    return CUDA_SUCCESS;
}

EXPORT CUresult cuDeviceGetByPCIBusId(CUdevice *device, const char *text) {
    for (*device = 0; *device < chosen_count; ++*device) {
        if (!strcasecmp(chosen[*device]->pci, text)) return CUDA_SUCCESS;
    }
    return CUDA_ERROR_INVALID_DEVICE;
}

EXPORT CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute attribute, CUdevice device) {
    const struct card *card = driver_card(device);
    if (!card) return CUDA_ERROR_INVALID_DEVICE;
    unsigned domain = 0, bus = 0, slot = 0;
    sscanf(card->pci, "%x:%x:%x", &domain, &bus, &slot);
    switch ((int)attribute) {
        case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
        case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X:
        case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y: *value = 1024; break;
        case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z: *value = 64; break;
        case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X: *value = 2147483647; break;
        case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y:
        case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z: *value = 65535; break;
        case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK: *value = 49152; break;
        case CU_DEVICE_ATTRIBUTE_WARP_SIZE: *value = 32; break;
        case CU_DEVICE_ATTRIBUTE_CLOCK_RATE: *value = 1410000; break;
        case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT: *value = card->sms; break;
        case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR: *value = 2048; break;
        case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR: *value = card->cc_major; break;
        case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR: *value = card->cc_minor; break;
        case CU_DEVICE_ATTRIBUTE_PCI_DOMAIN_ID: *value = (int)domain; break;
        case CU_DEVICE_ATTRIBUTE_PCI_BUS_ID: *value = (int)bus; break;
        case CU_DEVICE_ATTRIBUTE_PCI_DEVICE_ID: *value = (int)slot; break;
        case CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING:
        case CU_DEVICE_ATTRIBUTE_MANAGED_MEMORY:
        case CU_DEVICE_ATTRIBUTE_CONCURRENT_KERNELS:
        case CU_DEVICE_ATTRIBUTE_VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED:
        case CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED: *value = 1; break;
        default: *value = 0;
    }
    return CUDA_SUCCESS;
}
