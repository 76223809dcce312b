/* NVML's view of memory. */
#include "nvml_fake.h"

EXPORT nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t device, nvmlMemory_t *memory) {
    REACH(card, device);
    if (!memory) return NVML_ERROR_INVALID_ARGUMENT;
    if (card->unified) return NVML_ERROR_NOT_SUPPORTED;
    uint64_t used = oracle_used(card);
    *memory = (nvmlMemory_t){.total = card->bytes, .free = card->bytes - used, .used = used};
    return NVML_SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceGetMemoryInfo_v2(nvmlDevice_t device, nvmlMemory_v2_t *memory) {
    REACH(card, device);
    if (!memory) return NVML_ERROR_INVALID_ARGUMENT;
    if (card->unified) return NVML_ERROR_NOT_SUPPORTED;
    if (memory->version != nvmlMemory_v2) return NVML_ERROR_ARGUMENT_VERSION_MISMATCH;
    uint64_t used = oracle_used(card);
    memory->total = card->bytes;
    memory->reserved = 0;
    memory->free = card->bytes - used;
    memory->used = used;
    return NVML_SUCCESS;
}

/* As large as the memory, of which a fixed part is always mapped. */
EXPORT nvmlReturn_t nvmlDeviceGetBAR1MemoryInfo(nvmlDevice_t device, nvmlBAR1Memory_t *bar1) {
    REACH(card, device);
    uint64_t total = 1ull << 37, used = 3ull << 20;
    while (total / 2 >= card->bytes) total /= 2;
    *bar1 = (nvmlBAR1Memory_t){.bar1Total = total, .bar1Free = total - used, .bar1Used = used};
    return NVML_SUCCESS;
}
