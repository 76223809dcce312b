/* The limits of one slice: what a container may take of each of its cards.
 *
 * Written by the node agent as root, mounted read-only into the container, mapped by every process
 * of it. All numbers are little-endian.
 *
 * - The file is written whole before the container starts.
 * - To resize a running container the agent stores `memory_bytes` (or `cores_percent`) in place, on
 *   the same inode, as one aligned store, and then adds one to `generation`. Processes read the
 *   limit at every allocation. Shrunk below what is used, nothing is taken back and nothing more is
 *   granted.
 * - All else, the order of the cards above all, stays as it is for as long as the container runs:
 *   the region counts by a card's place in `cards`.
 * - A file that is missing, short, of another magic or version, or that counts more cards than fit,
 *   grants nothing. A card that has no entry grants nothing. */
#ifndef TRANCHE_LIMITS_H
#define TRANCHE_LIMITS_H

#include <stddef.h>
#include <stdint.h>

#define TRANCHE_LIMITS_MAGIC 0x4d4c5254u /* "TRLM" */
#define TRANCHE_LIMITS_VERSION 1u
#define TRANCHE_MAX_CARDS 32u

struct tranche_limits_card {
    uint8_t uuid[16];       /* the bytes of GPU-xxxxxxxx-xxxx-…, in the order of the text */
    uint64_t memory_bytes;  /* read and written as one word */
    uint32_t cores_percent; /* 0: no share is promised and none is enforced */
    uint32_t reserved;      /* zero */
};

struct tranche_limits {
    uint32_t magic;
    uint16_t version;
    uint16_t card_count; /* at most TRANCHE_MAX_CARDS */
    uint32_t size;       /* of this struct, so also of the file */
    uint32_t flags;      /* zero; one that the library does not know grants nothing */
    uint64_t generation; /* counts changes */
    uint8_t reserved[40];
    struct tranche_limits_card cards[TRANCHE_MAX_CARDS];
};

#define TRANCHE_LIMITS_SIZE 1088u

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the files are little-endian");
_Static_assert(offsetof(struct tranche_limits_card, uuid) == 0, "layout");
_Static_assert(offsetof(struct tranche_limits_card, memory_bytes) == 16, "layout");
_Static_assert(offsetof(struct tranche_limits_card, cores_percent) == 24, "layout");
_Static_assert(offsetof(struct tranche_limits_card, reserved) == 28, "layout");
_Static_assert(sizeof(struct tranche_limits_card) == 32, "layout");
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
