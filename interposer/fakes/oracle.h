/* The truth about the cards' memory, over all processes and containers: a file mapped by every
 * process that uses the fake driver, at <root>/run/fakegpu/oracle. The interposer knows nothing of
 * it. A driver without that file, or that may not write it, counts for its process alone; NVML needs
 * no more than to read it.
 *
 * Each process has a slot and holds a POSIX record lock on one byte of the file for it: the kernel
 * drops that when the process dies or calls exec, in whatever pid namespace. Sums are changed under
 * a spin lock that is taken over when its holder is dead; what the dead had is given back before a
 * new peak is believed and before memory is refused.
 *
 * Little-endian; read by the tool `oracle` and by tests. A file of ORACLE_SIZE zero bytes is an
 * empty oracle. */
#ifndef FAKES_ORACLE_H
#define FAKES_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

#include "cards.h"

enum { ORACLE_MAGIC = 0x4c43524f /* "ORCL" */, ORACLE_VERSION = 1, ORACLE_SLOTS = 1024 };

struct oracle_card {
    uint8_t uuid[16];
    uint64_t total; /* bytes */
    uint64_t used;
    uint64_t peak; /* the most that ever was used at one moment */
    uint64_t reserved[3];
};

struct oracle_process {
    uint32_t taken; /* 1: used, maybe by a dead one; the lock on its byte tells */
    int32_t pid;    /* as the process itself sees it, in this namespace: */
    uint64_t pid_namespace;
    uint64_t program; /* a number that exec changes */
    uint64_t used[MOST_CARDS];
    uint64_t reserved[29];
};

struct oracle {
    uint32_t magic, version;
    uint32_t holder; /* of the spin lock: slot + 1 */
    uint32_t card_count;
    uint32_t slots_high; /* no slot from here on was ever taken */
    uint32_t reserved0;
    uint64_t reserved[5];
    struct oracle_card cards[MOST_CARDS];
    uint8_t reserved1[1984];
    struct oracle_process processes[ORACLE_SLOTS];
};

#define ORACLE_SIZE 528384u
_Static_assert(sizeof(struct oracle) == ORACLE_SIZE, "layout");

/* Byte of the file that stands for a slot; past the end, where only locks are. */
#define ORACLE_LOCK_BYTE(slot) (ORACLE_SIZE + 1u + (slot))

/* Takes memory of the card; false if it has not so much. */
bool oracle_take(const struct card *card, uint64_t bytes);
void oracle_give_back(const struct card *card, uint64_t bytes);

/* What all processes have of the card. */
uint64_t oracle_used(const struct card *card);

/* Of the living on the card: fills at most `room` ids (as the caller sees them) and sizes, returns
 * how many there are. */
unsigned oracle_processes(const struct card *card, unsigned room, int *pids, uint64_t *bytes);

/* The id of the process that holds a slot's byte, as the caller's pid namespace has it (0 where that
 * does not see it); -1 if none does. The caller's own lock is not seen. */
int oracle_slot_holder(int file, unsigned slot);

#endif
