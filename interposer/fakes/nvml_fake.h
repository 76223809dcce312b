/* What the files of the fake NVML share. */
#ifndef FAKES_NVML_FAKE_H
#define FAKES_NVML_FAKE_H

/* As driver.h: no macro renames a function. */
#define NVML_NO_UNVERSIONED_FUNC_DEFS
#include <nvml.h>

#include "cards.h"
#include "oracle.h"

#define EXPORT __attribute__((visibility("default")))

/* A handle is the card's description. NULL for one that we never gave out. */
const struct card *nvml_card(nvmlDevice_t device);
int nvml_initialised(void);

#endif
