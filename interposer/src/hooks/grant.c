#include "grant.h"

#include "../say.h"

/* A table's value: the card's place in the low bits, the bytes above. */
enum { CARD_BITS = 5 };
_Static_assert(TRANCHE_MAX_CARDS <= 1u << CARD_BITS, "a card's place fits");

uint64_t grant_rounded(uint64_t bytes) {
    return bytes > UINT64_MAX - GRANULE ? UINT64_MAX : (bytes + GRANULE - 1) & ~(GRANULE - 1);
}

CUresult grant_current_device(const struct cuda *cuda, CUdevice *device) {
    return FORWARD(cuda, cuCtxGetDevice, device);
}

bool grant_location(const CUmemLocation *location, CUdevice *device) {
    if (location->type == CU_MEM_LOCATION_TYPE_DEVICE) {
        *device = location->id;
        return true;
    }
    *device = location->id & 0xff;
    return location->type == CU_MEM_LOCATION_TYPE_DEVICE_LOCALITY_DOMAIN;
}

static int look_up_card(const struct slice *slice, const struct cuda *cuda, CUdevice device) {
    CUuuid uuid;
    /* The second version tells MIG instances apart. */
    CUresult result = cuda->cuDeviceGetUuid_v2 ? cuda->cuDeviceGetUuid_v2(&uuid, device)
                                               : FORWARD(cuda, cuDeviceGetUuid, &uuid, device);
    if (result != CUDA_SUCCESS) return SLICE_NO_CARD;
    return slice_card_by_uuid(slice, (const uint8_t *)uuid.bytes);
}

int grant_card(struct slice *slice, const struct cuda *cuda, CUdevice device) {
    if (device < 0 || device >= SLICE_ORDINALS) return look_up_card(slice, cuda, device);
    int card = __atomic_load_n(&slice->cards[device], __ATOMIC_RELAXED);
    if (card == SLICE_CARD_UNKNOWN) {
        card = look_up_card(slice, cuda, device);
        __atomic_store_n(&slice->cards[device], card, __ATOMIC_RELAXED);
    }
    return card;
}

CUresult grant_reserve(const struct cuda *cuda, CUdevice device, uint64_t bytes, struct grant *grant) {
    struct slice *slice = slice_get();
    if (!slice) return CUDA_ERROR_OUT_OF_MEMORY;
    int card = grant_card(slice, cuda, device);
    if (card < 0) {
        say_once(SAY_CARD_NOT_GRANTED);
        return CUDA_ERROR_OUT_OF_MEMORY;
    }
    *grant = (struct grant){.slice = slice, .card = (unsigned)card, .bytes = bytes};
    switch (ledger_reserve(&slice->ledger, grant->card, bytes)) {
        case LEDGER_GRANTED:
            return CUDA_SUCCESS;
        case LEDGER_SLOT_LOST:
            say_once(SAY_SLOT_LOST);
            return CUDA_ERROR_OUT_OF_MEMORY;
        case LEDGER_FULL:
            break;
    }
    return CUDA_ERROR_OUT_OF_MEMORY;
}

void grant_give_back(const struct grant *grant) {
    ledger_release(&grant->slice->ledger, grant->card, grant->bytes);
}

static uint64_t value_of(const struct grant *grant) {
    return grant->bytes << CARD_BITS | grant->card;
}

/* What is still kept for an address that the driver has just given out went with its context, and was
 * not looked for yet. */
bool grant_keep(const struct grant *grant, uint64_t key) {
    uint64_t old;
    if (!table_swap(&grant->slice->pointers, key, value_of(grant), &old)) return false;
    if (old) ledger_release(&grant->slice->ledger, old & ((1u << CARD_BITS) - 1), old >> CARD_BITS);
    return true;
}

void grant_put_back(const struct grant *grant, uint64_t key) {
    /* The address has been given out anew: what was there is gone. */
    if (!table_put_back(&grant->slice->pointers, key, value_of(grant))) grant_give_back(grant);
}

CUresult grant_settle(const struct cuda *cuda, struct grant *grant, CUresult result, CUdeviceptr at) {
    if (result == CUDA_SUCCESS) {
        if (grant_keep(grant, at)) return CUDA_SUCCESS;
        FORWARD(cuda, cuMemFree_v2, at); /* or it could never be given back */
        result = CUDA_ERROR_OUT_OF_MEMORY;
    }
    grant_give_back(grant);
    return result;
}

bool grant_take_out(struct grant *grant, enum grant_kind kind, uint64_t key) {
    struct slice *slice = slice_attached();
    uint64_t value;
    if (!slice || !table_take(&slice->pointers, key, &value)) return false;
    *grant = (struct grant){.slice = slice,
                            .kind = kind,
                            .card = (unsigned)(value & ((1u << CARD_BITS) - 1)),
                            .bytes = value >> CARD_BITS};
    return true;
}

CUresult grant_freed(const struct grant *grant, bool charged, CUresult result, uint64_t key) {
    if (!charged) return result;
    if (result == CUDA_SUCCESS) {
        grant_give_back(grant);
    } else {
        grant_put_back(grant, key);
    }
    return result;
}
