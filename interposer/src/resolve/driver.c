#define _GNU_SOURCE
#include "driver.h"

#include <dlfcn.h>
#include <link.h>

#include "../say.h"
#include "known.h"
#include "loader.h"

struct row {
    const char *name;
    size_t offset; /* of the driver's own in its struct */
    void *hook;    /* NULL: none */
};

#define HOOK(name, parameters) {#name, offsetof(struct cuda, name), (void *)name},
#define CALL(name, parameters) {#name, offsetof(struct cuda, name), NULL},
static const struct row CUDA_ROWS[] = {
#include "cuda.def"
};
#undef HOOK
#undef CALL

#define HOOK(name, parameters) {#name, offsetof(struct nvml, name), (void *)name},
#define CALL(name, parameters) {#name, offsetof(struct nvml, name), NULL},
static const struct row NVML_ROWS[] = {
#include "nvml.def"
};
#undef HOOK
#undef CALL

static struct cuda cuda;
static struct nvml nvml;

struct library {
    const char *soname;
    const struct row *rows;
    size_t count;
    void *functions;
    void *handle;
    bool ready;
};

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))
static struct library CUDA = {"libcuda.so.1", CUDA_ROWS, COUNT(CUDA_ROWS), &cuda, NULL, false};
static struct library NVML = {"libnvidia-ml.so.1", NVML_ROWS, COUNT(NVML_ROWS), &nvml, NULL, false};

static void **own(const struct library *library, const struct row *row) {
    return (void **)((char *)library->functions + row->offset);
}

/* Looks all functions up in the library, if the program has loaded it. The handle is kept, so that
 * the program's own dlclose cannot pull the library from under us. Threads that come at once store
 * the same. */
static bool resolve(struct library *library) {
    if (__atomic_load_n(&library->ready, __ATOMIC_ACQUIRE)) return true;
    const struct loader *real = loader();
    if (!real->dlopen || !real->dlsym) return false;
    void *handle = real->dlopen(library->soname, RTLD_LAZY | RTLD_NOLOAD);
    if (!handle) return false;
    for (size_t i = 0; i < library->count; i++) {
        void *found = real->dlsym(handle, library->rows[i].name);
        __atomic_store_n(own(library, &library->rows[i]), found, __ATOMIC_RELAXED);
    }
    __atomic_store_n(&library->handle, handle, __ATOMIC_RELAXED);
    __atomic_store_n(&library->ready, true, __ATOMIC_RELEASE);
    return true;
}

const struct cuda *driver_cuda_known;

const struct cuda *driver_cuda_resolved(void) {
    if (!resolve(&CUDA)) return NULL;
    __atomic_store_n(&driver_cuda_known, &cuda, __ATOMIC_RELEASE);
    return &cuda;
}

const struct nvml *driver_nvml(void) {
    return resolve(&NVML) ? &nvml : NULL;
}

static bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}

bool driver_is_name(const char *name) {
    if (name[0] == 'c') return name[1] == 'u' && is_upper(name[2]);
    return name[0] == 'n' && name[1] == 'v' && name[2] == 'm' && name[3] == 'l' && is_upper(name[4]);
}

static struct library *library_of(const char *name) {
    return name[0] == 'c' ? &CUDA : &NVML;
}

void *driver_handle(const char *name) {
    struct library *library = library_of(name);
    return resolve(library) ? __atomic_load_n(&library->handle, __ATOMIC_RELAXED) : NULL;
}

static bool is_the_drivers(const struct library *library, const void *address) {
    const struct loader *real = loader();
    Dl_info info;
    struct link_map *map = NULL;
    return real->dladdr1 && real->dladdr1(address, &info, (void **)&map, RTLD_DL_LINKMAP) &&
           map == library->handle; /* glibc's handle is the link map */
}

void *driver_route(const char *name, void *address) {
    struct library *library = library_of(name);
    bool loaded = resolve(library);
    for (size_t i = 0; address && i < library->count; i++) {
        const struct row *row = &library->rows[i];
        if (!row->hook) continue;
        if (address == row->hook) return loaded && *own(library, row) ? address : NULL;
        if (loaded && address == *own(library, row)) return row->hook;
    }
    if (loaded && address && !known(name) && is_the_drivers(library, address)) say_unknown(name);
    return address;
}
