/* The limits of one slice: what a container may take of each of its cards.
 *
 * Written by the node agent as root, mounted read-only into the container, mapped by every process
 * of it. All numbers are little-endian.
 *
 * - The file is written whole before the container starts.
 * - What may change while the container runs (see the fields) the agent stores in place, on the same
 *   inode, each as one aligned store, and then adds one to `generation`. Processes read the limits at
 *   every decision. Shrunk below what is used, nothing is taken back and nothing more is granted.
 * - All else, the order of the cards above all, stays as it is for as long as the container runs:
 *   the region counts by a card's place in `cards`.
 * - A file that is missing, short, of another magic or version, or that counts more cards than fit,
 *   grants nothing. A card that has no entry grants nothing. */
#ifndef TRANCHE_LIMITS_H
#define TRANCHE_LIMITS_H

#include <stddef.h>
#include <stdint.h>

#define TRANCHE_LIMITS_MAGIC 0x4d4c5254u /* "TRLM" */
#define TRANCHE_LIMITS_VERSION 2u
#define TRANCHE_MAX_CARDS 32u

/* When a share of the cores is held to. The words of HAMi's users: force, default, disable. */
#define TRANCHE_CORES_FIXED 0u   /* always */
#define TRANCHE_CORES_BALANCE 1u /* while `neighbours` is above 0 */
#define TRANCHE_CORES_NONE 2u    /* never */

#define TRANCHE_SURCHARGE_WHOLE 1024u
#define TRANCHE_SURCHARGE_MOST (31 * TRANCHE_SURCHARGE_WHOLE)

/* Fields marked (live) may change while the container runs. */
struct tranche_limits_card {
    uint8_t uuid[16];           /* the bytes of GPU-xxxxxxxx-xxxx-..., in the order of the text */
    uint64_t memory_bytes;      /* (live) */
    uint32_t cores_percent;     /* (live) share of the card's time; 0: none is promised, none enforced */
    uint32_t cores_policy;      /* (live) TRANCHE_CORES_...; another number means fixed */
    uint64_t unaccounted_bytes; /* (live) what the driver says that the container's processes have of
                                   the card beyond what they count: counts as used */
    uint64_t context_bytes;     /* (live) what a context of this card takes; 0: not known. One gives
                                   back what it was charged, whatever this says by then */
    uint64_t held_until;        /* (live) CLOCK_MONOTONIC in ns: no kernel is launched before, since a
                                   slice of a higher priority works. A lease, so that nothing is held
                                   for ever by an agent that died */
    uint32_t neighbours;        /* (live) other slices on the card */
    uint32_t surcharge;         /* (live) of TRANCHE_SURCHARGE_WHOLE: GPU time that the slice is seen to
                                   take beyond what its launches are priced at. Counts while
                                   `neighbours` is above 0: alone, prices are exact */
};

struct tranche_limits {
    uint32_t magic;
    uint16_t version;
    uint16_t card_count; /* at most TRANCHE_MAX_CARDS */
    uint32_t size;       /* of this struct, so also of the file */
    uint32_t flags;      /* zero; one that the library does not know grants nothing */
    uint64_t generation; /* counts changes; whoever waits for one waits on its lower half (futex) */
    uint8_t reserved[40];
    struct tranche_limits_card cards[TRANCHE_MAX_CARDS];
};

#define TRANCHE_LIMITS_SIZE 2112u

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the files are little-endian");
_Static_assert(offsetof(struct tranche_limits_card, uuid) == 0, "layout");
_Static_assert(offsetof(struct tranche_limits_card, memory_bytes) == 16, "layout");
_Static_assert(offsetof(struct tranche_limits_card, cores_percent) == 24, "layout");
_Static_assert(offsetof(struct tranche_limits_card, cores_policy) == 28, "layout");
_Static_assert(offsetof(struct tranche_limits_card, unaccounted_bytes) == 32, "layout");
_Static_assert(offsetof(struct tranche_limits_card, context_bytes) == 40, "layout");
_Static_assert(offsetof(struct tranche_limits_card, held_until) == 48, "layout");
_Static_assert(offsetof(struct tranche_limits_card, neighbours) == 56, "layout");
_Static_assert(offsetof(struct tranche_limits_card, surcharge) == 60, "layout");
_Static_assert(sizeof(struct tranche_limits_card) == 64, "layout");
_Static_assert(offsetof(struct tranche_limits, magic) == 0, "layout");
_Static_assert(offsetof(struct tranche_limits, version) == 4, "layout");
_Static_assert(offsetof(struct tranche_limits, card_count) == 6, "layout");
_Static_assert(offsetof(struct tranche_limits, size) == 8, "layout");
_Static_assert(offsetof(struct tranche_limits, flags) == 12, "layout");
_Static_assert(offsetof(struct tranche_limits, generation) == 16, "layout");
_Static_assert(offsetof(struct tranche_limits, reserved) == 24, "layout");
_Static_assert(offsetof(struct tranche_limits, cards) == 64, "layout");
_Static_assert(sizeof(struct tranche_limits) == TRANCHE_LIMITS_SIZE, "layout");

#endif
