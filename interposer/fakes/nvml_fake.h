/* What the files of the fake NVML share. */
#ifndef FAKES_NVML_FAKE_H
#define FAKES_NVML_FAKE_H

/* As driver.h: no macro renames a function. */
#define NVML_NO_UNVERSIONED_FUNC_DEFS
#include <nvml.h>

#include "cards.h"
#include "faults.h"
#include "oracle.h"

#define EXPORT __attribute__((visibility("default")))

/* A handle is the description of a card or an instance. NULL for one that we never gave out. */
const struct card *nvml_card(nvmlDevice_t device);

/* The card of a handle, or NVML's answer where it cannot be reached. */
#define REACH(card, device)                              \
    const struct card *card = nvml_card(device);         \
    if (!card) return NVML_ERROR_INVALID_ARGUMENT;       \
    if (fault_lost(card)) return NVML_ERROR_GPU_IS_LOST; \
    FAULT(nvmlReturn_t)
int nvml_initialised(void);

#endif
