/* The region of one slice: what the processes of its container use, counted by themselves.
 *
 * The node agent makes the file anew at every start of the container: TRANCHE_REGION_SIZE zero
 * bytes, writable for every user of the container. No header is wanted of it: the first process
 * that comes stores `stamp`, one compare-and-swap, so there is no half-initialised region. The file
 * is in the container's hands: the agent reads it as hostile input, and a process that finds
 * nonsense may refuse memory but never crash.
 *
 * The protocol. Each process that uses a card owns one slot. `used[card][slot]` is what the process
 * in that slot has taken of the card, in bytes, and it is the only truth: no total is kept, so none
 * can be wrong. A slot's words are written by its owner and, once the owner is dead, by the one who
 * took the slot over.
 *
 *   claim    raise `slots_high` above the slot; compare-and-swap `owner` from 0 to one's own id;
 *            store `pid_namespace` and `exec_mark`. All before the first reservation.
 *   reserve  add n to used[card][slot]; add up used[card][0 .. slots_high). Within the limit:
 *            granted. Over it: take n back. Only what was granted goes to the driver.
 *   commit   nothing to do.
 *   roll back, release   take n off used[card][slot], after the driver has said that the memory is
 *            not or no longer taken.
 *
 *   Never over: of all that is granted at some moment, look at the one that was added last. Its sum
 *   came after that addition, so it held all the others, and it was within the limit. All accesses
 *   are sequentially consistent.
 *   Killed anywhere: what the process had added stays in its slot, at most one reservation per
 *   thread too much and never a byte too little, until the slot is taken over.
 *   Two that are refused only because both were trying: whoever finds the limit passed tries again
 *   after a moment, now with 1 added to its slot's `trying` until it has decided. It takes a
 *   refusal for one after a few such attempts, and, while another one's `trying` is above 0, only
 *   after many. Where memory of the dead has then become free, it begins again, once.
 *
 *   reclaim  by whoever lacks room: for a slot whose owner is dead, compare-and-swap `owner` from
 *            that id to one's own with TRANCHE_OWNER_RECLAIMING; clear the slot's other words;
 *            store 0 to `owner`. Of two only one wins; if it dies over this, it is itself an owner
 *            that is dead. Slots are never moved.
 *
 * Who is dead. `owner` is the process's id, its start time and the number of its claim, in one word. So
 * a process that got the same id later is another owner, and so is one that called exec: whoever
 * judged what the slot was before can take over nothing of what it has become since. A process judges only owners of its own pid namespace: no
 * such process, another start time, or a zombie without threads means dead; the same process with
 * another `exec_mark` has called exec, by which its memory went too. Of whatever namespace, once a
 * process that the agent has seen on a card is gone, it stores the owner's word to `obituary`, one
 * aligned store; a process takes that for proof. Where owner's start time is 0 (no /proc) only the
 * id counts. */
#ifndef TRANCHE_REGION_H
#define TRANCHE_REGION_H

#include "limits.h"

#define TRANCHE_REGION_STAMP 0x000000024e475254ull /* "TRGN", then the version, 2 */
#define TRANCHE_MAX_SLOTS 1024u

/* owner = flag | `claims` at the claim << 43 | start time << 22 | pid; the start time is in clock ticks
 * since boot (field 22 of /proc/pid/stat). Of both numbers the low bits: two that share an id and
 * those 21 bits started hours apart by the tick, and the first is then taken for alive. */
#define TRANCHE_OWNER_PID_BITS 22u
#define TRANCHE_OWNER_START_BITS 21u
#define TRANCHE_OWNER_CLAIM_BITS 20u
#define TRANCHE_OWNER_RECLAIMING 0x8000000000000000ull

struct tranche_region_card {
    uint64_t refused;     /* times that memory was refused for the limit */
    uint64_t paced_until; /* the token bucket: CLOCK_MONOTONIC in ns up to which the share is spent */
    uint64_t gpu_ns;      /* GPU time charged since the start */
    uint64_t active_at;   /* CLOCK_MONOTONIC in ns of a late launch, to within 10 ms or so */
    uint64_t priced_ns;   /* gpu_ns without any surcharge */
    uint64_t reserved[3];
};

struct tranche_region_slot {
    uint64_t owner;         /* 0: free */
    uint64_t pid_namespace; /* inode of /proc/self/ns/pid; 0: not known */
    uint64_t exec_mark;     /* field 28 of /proc/pid/stat, the stack's start; 0: not known */
    uint64_t obituary;      /* the owner's word, stored by the agent, once that process is dead */
    uint32_t trying;        /* threads that try again */
    uint32_t reserved0;
    uint64_t reserved[3];
};

struct tranche_region {
    uint64_t stamp;      /* TRANCHE_REGION_STAMP, or 0 before the first process */
    uint32_t slots_high; /* no slot from here on was ever owned; at most TRANCHE_MAX_SLOTS */
    uint32_t claims;     /* slots claimed so far */
    uint64_t reserved[6];
    struct tranche_region_card cards[TRANCHE_MAX_CARDS];
    uint8_t reserved1[1984]; /* the slots begin on a page */
    struct tranche_region_slot slots[TRANCHE_MAX_SLOTS];
    uint64_t used[TRANCHE_MAX_CARDS][TRANCHE_MAX_SLOTS]; /* bytes */
};

#define TRANCHE_REGION_SIZE 331776u /* 81 pages of 4 KiB; sparse, most are never touched */

_Static_assert(offsetof(struct tranche_region_card, refused) == 0, "layout");
_Static_assert(offsetof(struct tranche_region_card, paced_until) == 8, "layout");
_Static_assert(offsetof(struct tranche_region_card, gpu_ns) == 16, "layout");
_Static_assert(offsetof(struct tranche_region_card, active_at) == 24, "layout");
_Static_assert(offsetof(struct tranche_region_card, priced_ns) == 32, "layout");
_Static_assert(sizeof(struct tranche_region_card) == 64, "layout");
_Static_assert(offsetof(struct tranche_region_slot, owner) == 0, "layout");
_Static_assert(offsetof(struct tranche_region_slot, pid_namespace) == 8, "layout");
_Static_assert(offsetof(struct tranche_region_slot, exec_mark) == 16, "layout");
_Static_assert(offsetof(struct tranche_region_slot, obituary) == 24, "layout");
_Static_assert(offsetof(struct tranche_region_slot, trying) == 32, "layout");
_Static_assert(sizeof(struct tranche_region_slot) == 64, "layout");
_Static_assert(offsetof(struct tranche_region, stamp) == 0, "layout");
_Static_assert(offsetof(struct tranche_region, slots_high) == 8, "layout");
_Static_assert(offsetof(struct tranche_region, claims) == 12, "layout");
_Static_assert(offsetof(struct tranche_region, cards) == 64, "layout");
_Static_assert(offsetof(struct tranche_region, slots) == 4096, "layout");
_Static_assert(offsetof(struct tranche_region, used) == 69632, "layout");
_Static_assert(sizeof(struct tranche_region) == TRANCHE_REGION_SIZE, "layout");

#endif
