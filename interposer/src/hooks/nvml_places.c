/* From a handle of NVML to the slice's cards, by the uuid that the driver has for it. */
#include <string.h>

#include "nvml.h"

static int hex(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* GPU-xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx, or MIG- before the same. */
static bool parse_uuid(const char *text, uint8_t uuid[16]) {
    if (strncmp(text, "GPU-", 4) != 0 && strncmp(text, "MIG-", 4) != 0) return false;
    text += 4;
    for (int i = 0; i < 16; i++) {
        if (*text == '-') text++;
        int high = hex(text[0]);
        int low = high < 0 ? -1 : hex(text[1]);
        if (low < 0) return false;
        uuid[i] = (uint8_t)(high << 4 | low);
        text += 2;
    }
    return *text == 0;
}

static nvmlReturn_t own_place(const struct nvml *nvml, const struct slice *slice,
                              nvmlDevice_t device, uint32_t *places) {
    char text[96];
    uint8_t uuid[16];
    nvmlReturn_t result = OWN(nvml, nvmlDeviceGetUUID, device, text, sizeof text);
    if (result != NVML_SUCCESS) return result;
    int card = parse_uuid(text, uuid) ? slice_card_by_uuid(slice, uuid) : SLICE_NO_CARD;
    if (card >= 0) *places |= 1u << card;
    return NVML_SUCCESS;
}

nvmlReturn_t nvml_places(const struct nvml *nvml, const struct slice *slice, nvmlDevice_t device,
                         uint32_t *places) {
    *places = 0;
    unsigned instances = 0;
    nvmlReturn_t result = own_place(nvml, slice, device, places);
    if (result != NVML_SUCCESS || *places ||
        OWN(nvml, nvmlDeviceGetMaxMigDeviceCount, device, &instances) != NVML_SUCCESS) {
        return result;
    }
    for (unsigned i = 0; i < instances && i < NVML_MOST_HANDLES; i++) {
        nvmlDevice_t instance;
        if (OWN(nvml, nvmlDeviceGetMigDeviceHandleByIndex, device, i, &instance) == NVML_SUCCESS) {
            own_place(nvml, slice, instance, places);
        }
    }
    return result;
}
