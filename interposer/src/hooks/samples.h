/* Launches that are measured: an event before and one after, looked at later. Nothing here waits. */
#ifndef TRANCHE_HOOKS_SAMPLES_H
#define TRANCHE_HOOKS_SAMPLES_H

#include "../core/prices.h"
#include "../resolve/driver.h"
#include "../slice.h"

/* Begins to measure a launch into the stream; NULL where that cannot be done now. `own`: see
 * capture_in_progress(). */
struct sample *samples_begin(const struct cuda *cuda, struct slice *slice, CUstream stream, bool own);

/* After the launch, of a kernel with this price that was charged for by it (0: it had none yet). */
void samples_end(const struct cuda *cuda, struct sample *sample, CUstream stream, bool own, unsigned card,
                 struct price *price, uint64_t charged);

/* It was not launched. */
void samples_drop(struct sample *sample);

/* Learns from those that have come, and corrects what their slices were charged. */
void samples_look(const struct cuda *cuda, struct slice *slice, uint64_t now);

#endif
