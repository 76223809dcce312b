/* The driver's own functions, and the way from one of them to our hook of it. */
#ifndef TRANCHE_RESOLVE_DRIVER_H
#define TRANCHE_RESOLVE_DRIVER_H

#include <stdbool.h>

#include "../driver_types.h"

#define EXPORT __attribute__((visibility("default")))

/* What the tables say of a function, in the two words that code is made from: a hook or not. */
#define ROUTES HOOK
#define COUNTS HOOK
#define HIDES HOOK
#define PACES HOOK
#define CALLS CALL

struct cuda {
#define HOOK(name, parameters) CUresult(*name) parameters;
#define CALL(name, parameters) CUresult(*name) parameters;
#include "cuda.def"
#undef HOOK
#undef CALL
};

struct nvml {
#define HOOK(name, parameters) nvmlReturn_t(*name) parameters;
#define CALL(name, parameters) nvmlReturn_t(*name) parameters;
#include "nvml.def"
#undef HOOK
#undef CALL
};

#define CALL(name, parameters)
#define HOOK(name, parameters) EXPORT CUresult name parameters;
#include "cuda.def"
#undef HOOK
#define HOOK(name, parameters) EXPORT nvmlReturn_t name parameters;
#include "nvml.def"
#undef HOOK
#undef CALL

/* NULL while the process has not loaded the library. A member is NULL where it has none such. */
const struct cuda *driver_cuda_resolved(void);
const struct nvml *driver_nvml(void);

extern const struct cuda *driver_cuda_known;

static inline const struct cuda *driver_cuda_if_known(void) {
    return __atomic_load_n(&driver_cuda_known, __ATOMIC_ACQUIRE);
}

static inline const struct cuda *driver_cuda(void) {
    const struct cuda *known = driver_cuda_if_known();
    return __builtin_expect(known != NULL, 1) ? known : driver_cuda_resolved();
}

/* Whether a name is one of the two libraries' own: cuMemAlloc, not cublasCreate. */
bool driver_is_name(const char *name);

/* Where `name` would be looked up if the library were not there: the driver, where it is loaded; NULL
 * where it is not. */
void *driver_handle(const char *name);

/* What a program gets that asked for `name` and would have got `address`: our hook of exactly that
 * function, or the address itself. A hook of ours that stands for nothing (the driver is not
 * loaded, or too old to have it) becomes NULL. */
void *driver_route(const char *name, void *address);

#endif
