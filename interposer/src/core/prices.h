/* What kernels cost: the average GPU time of each that this process launches, by samples.
 *
 * A kernel is a key: function and shape of the launch, or a graph. Of each, the first launch is
 * sampled; after that, one launch in about PACER_SAMPLE_EVERY of GPU time is, whichever it is. A kernel
 * is so sampled in proportion to the time it takes, no counter is shared between threads, and the cost
 * of sampling is bounded whatever a program launches.
 *
 * A sample is the time between two events around a launch. It is too long where the card worked for
 * others in between: processes are time-sliced, by about 2 ms a turn. So, where there are others:
 *
 *   a kernel shorter than a turn is often not cut. Only samples near the shortest of late are believed,
 *   and what the kernel was seen to take while there was nobody else.
 *
 *   a longer one may be cut always, and always by the same. The mean sample times the least part of it
 *   that is its own (the slice's share, since the others hold theirs; or one turn in as many as there
 *   are slices) cannot be too much, and the shortest sample cannot be too little. The lesser is charged:
 *   exact for many turns while the others take all that is theirs; what they leave idle, long kernels
 *   may use. Of few turns it is too little by less than one. To count the turns would be exact, if it
 *   were known how long they are: counting by another length is further off than this, either way.
 *   What is missing the node agent sees over some seconds, by the driver's word (`surcharge`).
 *
 * Lock-free, and exact only as far as a price must be: what two threads learn at once may be lost. */
#ifndef TRANCHE_CORE_PRICES_H
#define TRANCHE_CORE_PRICES_H

#include <stdbool.h>
#include <stdint.h>

enum {
    PRICES = 4096,
    PRICE_UNKNOWN = UINT32_MAX,
    PRICE_FIRST = 1,       /* launches of a kernel that are sampled, and go before its price is known */
    PRICE_FIRST_FREE = 16, /* the same where the slice runs free */
    PRICE_DEFAULT = 20000, /* ns charged for one that is not known */
    PRICE_PATIENCE = 100000000, /* ns that launches of a kernel wait for its first sample, in all: it
                                   may itself be waiting for the program */
};

/* 64 bytes. Zero but for `price` is a new one. */
struct price {
    uint64_t key;      /* 0: free */
    uint32_t price;    /* ns, above 0; PRICE_UNKNOWN */
    uint32_t launched; /* before the price was known */
    uint64_t charged;  /* ns, for those */
    uint64_t first_at; /* the time of the first of those */
    uint32_t floor[2]; /* ns: the shortest of this lot of samples and of the one before; 0: none */
    uint32_t lot;      /* samples in this lot */
    uint32_t ceiling;  /* ns: the longest that was seen of late while nobody else was there */
    uint32_t mean;     /* ns, of the samples of late */
    uint32_t reserved[3];
};

_Static_assert(sizeof(struct price) == 64, "one line of a processor's cache");

struct prices {
    struct price all[PRICES];
};

/* Numbers that differ little give keys that differ much; never 0. */
static inline uint64_t price_key(const void *what, uint64_t one, uint64_t two, uint64_t three) {
    uint64_t first = (uintptr_t)what ^ (two << 29 | two >> 35), second = one ^ (three << 17 | three >> 47);
    uint64_t key = first * 0x9e3779b97f4a7c15ull ^ second * 0xc2b2ae3d27d4eb4full;
    return (key ^ key >> 32) | 1;
}

static inline struct price *prices_home(struct prices *prices, uint64_t key) {
    return &prices->all[(key >> 20) % PRICES];
}

/* The kernel's price, made if there is none. Never NULL: a table that is full forgets one. */
struct price *prices_find(struct prices *prices, uint64_t key);

/* What a launch at `now` of a kernel without a price is charged; 0: wait for its first sample, and ask
 * again. `first`: so many need not wait. One that has not ended in all the time is charged as much as it
 * has run. */
uint64_t price_unknown(struct price *price, uint64_t now, unsigned first);

/* It was not launched after all, or cannot be measured. */
void price_refund(struct price *price, uint64_t charged);

/* A sample has come of a launch that was charged `charged` by its price, or 0 where it had none:
 * learns, and returns what the bucket was charged too little for all the launches that the sample
 * stands for. `part`: of 256, how much of the sample is the kernel's own at least; 256: nobody else is
 * there. */
int64_t price_learn(struct price *price, uint64_t sample, uint64_t charged, unsigned part);

/* That part, for a slice with `percent` of the card beside `neighbours` others. Siblings, processes of
 * the same slice, need no part: charged too much, they come to launch one after the other, and are cut
 * no more. */
unsigned price_part(unsigned percent, bool siblings, unsigned neighbours);

#endif
