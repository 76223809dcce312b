#include "holding.h"

CUresult holding_reserve(const struct cuda *cuda, CUdevice device, uint64_t bytes,
                         struct slice **slice, struct record **record) {
    struct grant grant;
    CUresult result = grant_reserve(cuda, device, bytes, &grant);
    if (result != CUDA_SUCCESS) return result;
    *slice = grant.slice;
    *record = record_new(&grant.slice->records);
    if (!*record) {
        grant_give_back(&grant);
        return CUDA_ERROR_OUT_OF_MEMORY;
    }
    (*record)->card = grant.card;
    (*record)->bytes = bytes;
    RECORD_SET(*record, device, device);
    return CUDA_SUCCESS;
}

void holding_give_back(struct slice *slice, struct record *record) {
    if (record->bytes) ledger_release(&slice->ledger, record->card, record->bytes);
    record_free(&slice->records, record);
}

static struct table *table_of(struct slice *slice, uint32_t kind) {
    switch (kind) {
        case RECORD_MAPPING: return &slice->mappings;
        case RECORD_BINDING: return &slice->bindings;
        case RECORD_ARRAY: return &slice->arrays;
        case RECORD_GREEN:
        case RECORD_CONTEXT: return &slice->contexts;
        default: return &slice->handles;
    }
}

bool holding_keep(struct slice *slice, struct record *record, enum record_kind kind, uint64_t key) {
    RECORD_SET(record, key, key);
    record->wanted = record->held = 1;
    RECORD_SET(record, kind, kind);
    return table_put(table_of(slice, kind), key, (uintptr_t)record);
}

struct record *holding_find(struct slice *slice, enum record_kind kind, uint64_t key) {
    uint64_t value;
    bool known = slice && table_get(table_of(slice, kind), key, &value);
    return known ? (struct record *)(uintptr_t)value : NULL;
}

void holding_hold(struct record *record) {
    __atomic_fetch_add(&record->wanted, 1, __ATOMIC_ACQ_REL);
    __atomic_fetch_add(&record->held, 1, __ATOMIC_ACQ_REL);
}

void holding_hold_loosely(struct record *record) {
    __atomic_fetch_add(&record->held, 1, __ATOMIC_ACQ_REL);
}

/* Another's record by the same key (its thing is gone, and the driver has used the key again) stays. */
static void take_out(struct slice *slice, struct record *record) {
    struct table *table = table_of(slice, record->kind);
    uint64_t value;
    if (!table_take(table, record->key, &value) || value == (uintptr_t)record) return;
    uint64_t others = value;
    table_take(table, record->key, &value);
    table_put(table, record->key, others);
}

bool holding_let_go(struct slice *slice, struct record *record) {
    uint32_t wanted = __atomic_load_n(&record->wanted, __ATOMIC_ACQUIRE);
    do {
        if (wanted == 0) return false;
    } while (!__atomic_compare_exchange_n(&record->wanted, &wanted, wanted - 1, false, __ATOMIC_ACQ_REL,
                                          __ATOMIC_ACQUIRE));
    if (wanted > 1) return true;
    take_out(slice, record);
    if (record->target && !record->loose) holding_let_go(slice, record->target);
    return true;
}

void holding_hold_again(struct slice *slice, struct record *record) {
    if (__atomic_fetch_add(&record->wanted, 1, __ATOMIC_ACQ_REL) != 0) return;
    table_put(table_of(slice, record->kind), record->key, (uintptr_t)record);
    if (record->target && !record->loose) holding_hold_again(slice, record->target);
}

/* What a multicast object or a sparse array was backed by is not held by it any more. */
static void drop_bindings(struct slice *slice, const struct record *owner) {
    struct record *binding;
    for (uint32_t number = 0; (binding = record_numbered(&slice->records, number)); number++) {
        if (RECORD_GET(binding, kind) != RECORD_BINDING || RECORD_GET(binding, owner) != owner) continue;
        if (holding_let_go(slice, binding)) holding_gone(slice, binding);
    }
}

void holding_gone(struct slice *slice, struct record *record) {
    if (__atomic_sub_fetch(&record->held, 1, __ATOMIC_ACQ_REL) != 0) return;
    if (record->target) holding_gone(slice, record->target);
    if (record->backed) drop_bindings(slice, record);
    holding_give_back(slice, record);
}

bool holding_let_go_into(struct record **all, struct slice *slice, struct record *record) {
    if (!holding_let_go(slice, record)) return false;
    record->next = *all;
    *all = record;
    return true;
}

CUresult holding_all_gone(struct record *all, struct slice *slice, CUresult result) {
    for (struct record *next; all; all = next) {
        next = all->next;
        if (result == CUDA_SUCCESS) {
            holding_gone(slice, all);
        } else {
            holding_hold_again(slice, all);
        }
    }
    return result;
}
