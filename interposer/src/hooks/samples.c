#include "samples.h"

#include "../core/pacer.h"
#include "capture.h"
#include "grant.h"

/* What a slot of the slice is for. Only who has moved it to SAMPLE_TAKEN touches the rest of it. */
enum { SAMPLE_FREE, SAMPLE_TAKEN, SAMPLE_PENDING };

enum { PER_CONTEXT = 8 };

static bool move(struct sample *sample, uint32_t from, uint32_t to) {
    return __atomic_compare_exchange_n(&sample->state, &from, to, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED);
}

static void leave(struct sample *sample, uint32_t state) {
    __atomic_store_n(&sample->state, state, __ATOMIC_RELEASE);
}

/* Events end with their context, and touching one that has ended may crash. A context's handle may be
 * another's later; its number is never (cuCtxGetId). Drivers before 12.0 have only the handle. 0: none. */
static uint64_t context_here(const struct cuda *cuda) {
    CUcontext context = NULL;
    unsigned long long id;
    if (FORWARD(cuda, cuCtxGetCurrent, &context) != CUDA_SUCCESS || !context) return 0;
    if (FORWARD(cuda, cuCtxGetId, context, &id) == CUDA_SUCCESS) return id | 1ull << 63;
    return (uintptr_t)context;
}

static uint64_t context_of(const struct sample *sample) {
    return __atomic_load_n(&sample->context, __ATOMIC_RELAXED);
}

static bool make_events(const struct cuda *cuda, struct sample *sample, uint64_t context) {
    if (FORWARD(cuda, cuEventCreate, &sample->before, 0) != CUDA_SUCCESS) return false;
    if (FORWARD(cuda, cuEventCreate, &sample->after, 0) != CUDA_SUCCESS) {
        FORWARD(cuda, cuEventDestroy_v2, sample->before);
        return false;
    }
    __atomic_store_n(&sample->context, context, __ATOMIC_RELAXED);
    return true;
}

/* A free slot with events of this context, or one that is made to have some. A context has a few; if
 * more contexts come than there are slots for, the earlier ones are taken for dead. */
static struct sample *take(const struct cuda *cuda, struct slice *slice, uint64_t context) {
    unsigned has = 0;
    for (unsigned i = 0; i < SLICE_SAMPLES; i++) {
        struct sample *sample = &slice->samples[i];
        if (context_of(sample) != context) continue;
        has++;
        if (!move(sample, SAMPLE_FREE, SAMPLE_TAKEN)) continue;
        if (context_of(sample) == context) return sample;
        leave(sample, SAMPLE_FREE);
    }
    if (has >= PER_CONTEXT) return NULL;
    unsigned start = __atomic_fetch_add(&slice->samples_next, 1, __ATOMIC_RELAXED);
    struct sample *sample = &slice->samples[start % SLICE_SAMPLES];
    if (!move(sample, SAMPLE_FREE, SAMPLE_TAKEN) && !move(sample, SAMPLE_PENDING, SAMPLE_TAKEN)) return NULL;
    if (make_events(cuda, sample, context)) return sample;
    __atomic_store_n(&sample->context, 0, __ATOMIC_RELAXED);
    leave(sample, SAMPLE_FREE);
    return NULL;
}

static CUresult record(const struct cuda *cuda, CUevent event, CUstream stream, bool own) {
    return own ? FORWARD(cuda, cuEventRecord_ptsz, event, stream) : FORWARD(cuda, cuEventRecord, event, stream);
}

struct sample *samples_begin(const struct cuda *cuda, struct slice *slice, CUstream stream, bool own) {
    if (capture_anywhere(slice)) return NULL;
    uint64_t context = context_here(cuda);
    struct sample *sample = context ? take(cuda, slice, context) : NULL;
    if (sample && record(cuda, sample->before, stream, own) != CUDA_SUCCESS) {
        leave(sample, SAMPLE_FREE);
        return NULL;
    }
    return sample;
}

void samples_end(const struct cuda *cuda, struct sample *sample, CUstream stream, bool own, unsigned card,
                 struct price *price, uint64_t charged) {
    bool recorded = record(cuda, sample->after, stream, own) == CUDA_SUCCESS;
    sample->card = card;
    sample->key = __atomic_load_n(&price->key, __ATOMIC_RELAXED);
    sample->price = price;
    sample->charged = charged;
    leave(sample, recorded ? SAMPLE_PENDING : SAMPLE_FREE);
}

void samples_drop(struct sample *sample) {
    leave(sample, SAMPLE_FREE);
}

/* Whether another process of the slice may work too. Slots of the dead count: a doubt costs little. */
static bool has_siblings(const struct ledger *ledger) {
    const struct tranche_region *region = ledger->region;
    uint32_t slots = __atomic_load_n(&region->slots_high, __ATOMIC_RELAXED);
    for (unsigned slot = 0; slot < slots && slot < TRANCHE_MAX_SLOTS; slot++) {
        if (slot != ledger->slot && __atomic_load_n(&region->slots[slot].owner, __ATOMIC_RELAXED)) return true;
    }
    return false;
}

static void learn(struct slice *slice, const struct sample *sample, float milliseconds, uint64_t now) {
    const struct tranche_limits_card *limits = &slice->ledger.limits->cards[sample->card];
    struct pacer pacer = {&slice->ledger.region->cards[sample->card], limits};
    if (__atomic_load_n(&sample->price->key, __ATOMIC_RELAXED) != sample->key) return; /* forgotten */
    unsigned part = price_part(__atomic_load_n(&limits->cores_percent, __ATOMIC_RELAXED),
                               has_siblings(&slice->ledger),
                               __atomic_load_n(&limits->neighbours, __ATOMIC_RELAXED));
    uint64_t took = milliseconds > 0 ? (uint64_t)((double)milliseconds * 1e6) : 0;
    pacer_correct(&pacer, price_learn(sample->price, took, sample->charged, part), now);
}

void samples_look(const struct cuda *cuda, struct slice *slice, uint64_t now) {
    uint64_t context = 0;
    for (unsigned i = 0; i < SLICE_SAMPLES && !capture_anywhere(slice); i++) {
        struct sample *sample = &slice->samples[i];
        if (__atomic_load_n(&sample->state, __ATOMIC_RELAXED) != SAMPLE_PENDING) continue;
        if (!context) context = context_here(cuda);
        if (!context) return;
        if (context_of(sample) != context || !move(sample, SAMPLE_PENDING, SAMPLE_TAKEN)) continue;
        if (context_of(sample) != context) {
            leave(sample, SAMPLE_PENDING);
            continue;
        }
        float milliseconds;
        CUresult result = FORWARD(cuda, cuEventQuery, sample->after);
        if (result != CUDA_ERROR_NOT_READY) backlog_ended(&slice->backlogs[sample->card], sample->place);
        if (result == CUDA_SUCCESS &&
            FORWARD(cuda, cuEventElapsedTime, &milliseconds, sample->before, sample->after) == CUDA_SUCCESS) {
            learn(slice, sample, milliseconds, now);
        }
        leave(sample, result == CUDA_ERROR_NOT_READY ? SAMPLE_PENDING : SAMPLE_FREE);
    }
}
