/* dlopen and dlmopen in front of libc's: three ways to load a library so that it would call the driver
 * past the hooks.
 *
 * RTLD_DEEPBIND has a library find its own symbols, and those of what it is linked with, before all
 * that was preloaded: the driver's own functions, and libc's dlsym. So it is taken out of the mode, as
 * others do that stand in front of a library (VirtualGL's issue 39). Who opens a library for CUDA like
 * that: SYCL (oneapi-src/unified-runtime, issue 803 and pull request 816).
 *
 * A second copy of the driver, by a path of its own, would be another library than the one that is
 * routed. The first is given instead, as the loader itself does where it is asked for by its name.
 *
 * dlmopen: what is loaded into a namespace of its own finds no library that was preloaded, so a driver
 * there would be out of the slice's reach. Asked for by its name it is opened in the program's own
 * namespace instead. A library that brings it along is not loaded. (One that only later opens it
 * from within its namespace escapes: its libc is another one, too.) */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>

#include "../say.h"
#include "../sys.h"
#include "driver.h"
#include "loader.h"

static const char *file_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool is_cuda(const char *path) {
    return strncmp(file_of(path), "libcuda.so", 10) == 0;
}

static bool is_driver(const char *path) {
    return is_cuda(path) || strncmp(file_of(path), "libnvidia-ml.so", 15) == 0;
}

/* What is not there is the loader's to refuse, in its own words. */
static const char *first_copy(const char *path) {
    struct stat status;
    if (!path || !strchr(path, '/') || !is_driver(path)) return path;
    if (!driver_handle(is_cuda(path) ? "cu" : "nvml") || sys_stat(path, &status) != 0) return path;
    return is_cuda(path) ? "libcuda.so.1" : "libnvidia-ml.so.1";
}

/* By a jump, like dlsym: libc looks at its return address to know whose search path counts. */
EXPORT __attribute__((noinline)) void *dlopen(const char *path, int mode) {
    const struct loader *real = loader();
    if (!real->dlopen) return NULL;
    return real->dlopen(first_copy(path), mode & ~RTLD_DEEPBIND);
}

/* In glibc, which alone has namespaces, a handle is the object's entry in its namespace's list. */
static bool holds_driver(const void *handle) {
    const struct link_map *object = handle;
    while (object->l_prev) object = object->l_prev;
    for (; object; object = object->l_next) {
        if (is_driver(object->l_name)) return true;
    }
    return false;
}

EXPORT __attribute__((noinline)) void *dlmopen(Lmid_t space, const char *path, int mode) {
    const struct loader *real = loader();
    if (!real->dlmopen) return NULL;
    if (space == LM_ID_BASE) return real->dlmopen(space, first_copy(path), mode & ~RTLD_DEEPBIND);
    if (!path) return real->dlmopen(space, path, mode);
    if (is_driver(path)) return real->dlopen(first_copy(path), mode & ~RTLD_DEEPBIND);
    void *handle = real->dlmopen(space, path, mode);
    if (!handle || !holds_driver(handle)) return handle;
    real->dlclose(handle);
    say_once(SAY_NAMESPACE);
    /* So that dlerror() has words for it: no file is called so. */
    return real->dlopen("the driver may not be in a namespace of its own", RTLD_LAZY);
}
