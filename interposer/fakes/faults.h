/* Faults on demand: <root>/etc/fakegpu/faults, read anew at each call while it is there. A line each,
 * # begins a comment:
 *
 *   error NAME RESULT [after=N] [times=M]   NAME answers RESULT from its N-th call on (0), M times
 *                                           (for ever), counted in each process from when the file
 *                                           was written
 *   slow NAME MILLISECONDS                  NAME takes so long
 *   lost UUID                               the card has fallen off the bus
 *   xid UUID NUMBER                         an event of NVML, delivered once to each that waits
 *   version NUMBER                          of cuDriverGetVersion: 12080 is 12.8
 *
 * A program that starts without that file has no faults: nothing is looked up then. */
#ifndef FAKES_FAULTS_H
#define FAKES_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "cards.h"

/* What NAME is to answer instead, 0 if it is to do its work; sleeps where it is to be slow. */
int fault_of(const char *name);

bool fault_lost(const struct card *card);

/* The next XID event that this process has not been told: its card, or NULL. */
const struct card *fault_xid(unsigned *number);

/* The driver's version that is claimed, or `own`. */
int fault_version(int own);

#define FAULT(type)                                  \
    do {                                             \
        int fault_result = fault_of(__func__);       \
        if (fault_result) return (type)fault_result; \
    } while (0)

#endif
