/* What NVML shows of a card: the slice. Cards that are not granted are shown as NVML has them. */
#include <string.h>

#include "../resolve/driver.h"
#include "../slice.h"

#define OWN(nvml, name, ...)                      \
    (!(nvml)         ? NVML_ERROR_UNINITIALIZED   \
     : !(nvml)->name ? NVML_ERROR_FUNCTION_NOT_FOUND \
                     : (nvml)->name(__VA_ARGS__))

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

static bool shown(const struct nvml *nvml, nvmlDevice_t device, uint64_t *total, uint64_t *used) {
    char text[96];
    uint8_t uuid[16];
    if (OWN(nvml, nvmlDeviceGetUUID, device, text, sizeof text) != NVML_SUCCESS) return false;
    const struct slice *slice = parse_uuid(text, uuid) ? slice_get() : NULL;
    int card = slice ? slice_card_by_uuid(slice, uuid) : SLICE_NO_CARD;
    if (card < 0) return false;
    *total = ledger_limit(&slice->ledger, (unsigned)card);
    *used = ledger_used(&slice->ledger, (unsigned)card);
    if (*used > *total) *used = *total;
    return true;
}

EXPORT nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t device, nvmlMemory_t *memory) {
    const struct nvml *nvml = driver_nvml();
    nvmlReturn_t result = OWN(nvml, nvmlDeviceGetMemoryInfo, device, memory);
    uint64_t total, used;
    if (result != NVML_SUCCESS || !shown(nvml, device, &total, &used)) return result;
    *memory = (nvmlMemory_t){.total = total, .free = total - used, .used = used};
    return result;
}

EXPORT nvmlReturn_t nvmlDeviceGetMemoryInfo_v2(nvmlDevice_t device, nvmlMemory_v2_t *memory) {
    const struct nvml *nvml = driver_nvml();
    nvmlReturn_t result = OWN(nvml, nvmlDeviceGetMemoryInfo_v2, device, memory);
    uint64_t total, used;
    /* A later version would be another struct; the driver has then written that. */
    if (result != NVML_SUCCESS || memory->version != NVML_MEMORY_V2) return result;
    if (!shown(nvml, device, &total, &used)) return result;
    memory->total = total;
    memory->reserved = 0;
    memory->free = total - used;
    memory->used = used;
    return result;
}
