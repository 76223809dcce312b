/* Charges that last as long as somebody holds what was charged for: physical memory by its handles
 * and mappings, contexts by those attached to them, arrays by their handle.
 *
 * The order of every hook: reserve or hold, ask the driver, keep; or let go, tell the driver, and
 * only then count as gone. So the charge lasts from before the memory is taken until after it is
 * free, whatever other threads do. */
#ifndef TRANCHE_HOOKS_HOLDING_H
#define TRANCHE_HOOKS_HOLDING_H

#include "grant.h"

/* Reserves bytes of a card, and a record to remember them by. */
CUresult holding_reserve(const struct cuda *cuda, CUdevice device, uint64_t bytes,
                         struct slice **slice, struct record **record);

/* Gives both back: the driver has refused. */
void holding_give_back(struct slice *slice, struct record *record);

/* After the driver's success: remembers the record by its key, held once. False if there is no memory
 * to do so; the caller then undoes what the driver did, and gives back. */
bool holding_keep(struct slice *slice, struct record *record, enum record_kind kind, uint64_t key);

/* The record of a key, or NULL where nothing is known of it. */
struct record *holding_find(struct slice *slice, enum record_kind kind, uint64_t key);

/* One more holder; before the driver is asked where that is possible. */
void holding_hold(struct record *record);

/* The same, by a holder that may outlast the driver's; the key does not stay for it. */
void holding_hold_loosely(struct record *record);

/* One holder less, before the driver is told; false if there was none. The last takes the key out: a
 * moment later it may be another's. */
bool holding_let_go(struct slice *slice, struct record *record);

/* The driver refused: as before. */
void holding_hold_again(struct slice *slice, struct record *record);

/* The driver did it. With the last one that was let go of, the charge goes back. */
void holding_gone(struct slice *slice, struct record *record);

/* The same for many of which the driver is told at once: lets go of one, which joins a list; and, by the
 * driver's answer, which is returned, all of the list are gone or held as before. */
bool holding_let_go_into(struct record **all, struct slice *slice, struct record *record);
CUresult holding_all_gone(struct record *all, struct slice *slice, CUresult result);

#endif
