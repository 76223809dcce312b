/* What NVML shows to a program of a slice, and what every hook of NVML asks first: which of the slice's
 * cards does this handle stand for?
 *
 * Where there are no sound limits or no region, nobody knows which cards are the container's. Then
 * all are shown, as CUDA shows them, with nothing free and nobody on them: a program that found no
 * card at all would go on without one and not say why, while one that finds a full card stops, with
 * the library's line on stderr above its own. */
#ifndef TRANCHE_HOOKS_NVML_H
#define TRANCHE_HOOKS_NVML_H

#include "../resolve/driver.h"
#include "../slice.h"

/* Calls the driver's own `name`, or says as NVML does that there is none. */
#define OWN(nvml, name, ...)                      \
    (!(nvml)         ? NVML_ERROR_UNINITIALIZED   \
     : !(nvml)->name ? NVML_ERROR_FUNCTION_NOT_FOUND \
                     : (nvml)->name(__VA_ARGS__))

/* More than any node has cards. */
enum { NVML_MOST_HANDLES = 128 };

/* The cards of the limits that a handle stands for, a bit for each place: one for a card or a MIG
 * instance, several for a card of whose instances several are granted, none for another's. Fails as
 * the driver does where it does not tell whose handle it is. */
nvmlReturn_t nvml_places(const struct nvml *nvml, const struct slice *slice, nvmlDevice_t device,
                         uint32_t *places);

#endif
