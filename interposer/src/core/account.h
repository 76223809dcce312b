/* What is charged for memory that the driver grows and shrinks by itself: a pool's, the graphs' of a
 * card. The charge follows the driver's own number (the truth) and is never below it.
 *
 *   reserve  the most that the driver may grow by, with the ledger. Only then the driver is asked.
 *   settle   whatever the driver has answered: the reservation becomes part of `charged`; then
 *            `charged` is read, then the truth. Is that less, `charged` is swapped to it and the
 *            difference released.
 *
 *   Never below the truth: growth that the truth which was read does not know is either covered by a
 *   reservation that is still in flight, or its settling came after `charged` was read, and then the
 *   swap fails, since every change counts the version up.
 *   Pinned: while someone asks the driver for what it has already, and so without a reservation,
 *   nothing is released. */
#ifndef TRANCHE_CORE_ACCOUNT_H
#define TRANCHE_CORE_ACCOUNT_H

#include "ledger.h"

/* Charged is in whole steps of so much. Drivers part memory in pages of 2 MiB, or of 64 KiB. */
#define ACCOUNT_STEP (64ull << 10)

struct account {
    uint64_t word;      /* version (20 bits), pins (12), steps charged (32) */
    uint64_t in_flight; /* bytes that are reserved and not settled yet */
};

/* The driver's own number of bytes; false where it does not say. */
typedef bool account_truth(const void *of, uint64_t *bytes);

/* `bytes` must be whole steps. */
enum ledger_answer account_reserve(struct account *account, const struct ledger *ledger,
                                   unsigned card, uint64_t bytes);

/* After the driver's answer; with 0 reserved, to follow what it gave back by itself. Where the truth is
 * not to be had, all stays charged. */
void account_settle(struct account *account, const struct ledger *ledger, unsigned card,
                    uint64_t reserved, account_truth *truth, const void *of);

/* False if too many have. */
bool account_pin(struct account *account);
void account_unpin(struct account *account);

uint64_t account_charged(const struct account *account);

#endif
