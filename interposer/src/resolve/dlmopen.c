/* dlmopen: what is loaded into a namespace of its own finds no library that was preloaded, so a driver
 * there would be out of the slice's reach. Asked for by its name it is opened in the program's own
 * namespace instead. A library that brings it along is not loaded. (One that only later opens it
 * from within its namespace escapes: its libc is another one, too.) */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>

#include "../say.h"
#include "driver.h"
#include "loader.h"

static bool is_driver(const char *path) {
    const char *slash = strrchr(path, '/');
    const char *file = slash ? slash + 1 : path;
    return strncmp(file, "libcuda.so", 10) == 0 || strncmp(file, "libnvidia-ml.so", 15) == 0;
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

EXPORT void *dlmopen(Lmid_t space, const char *path, int mode) {
    const struct loader *real = loader();
    if (!real->dlmopen) return NULL;
    if (space == LM_ID_BASE || !path) return real->dlmopen(space, path, mode);
    if (is_driver(path)) return real->dlopen(path, mode);
    void *handle = real->dlmopen(space, path, mode);
    if (!handle || !holds_driver(handle)) return handle;
    real->dlclose(handle);
    say_once(SAY_NAMESPACE);
    /* So that dlerror() has words for it: no file is called so. */
    return real->dlopen("the driver may not be in a namespace of its own", RTLD_LAZY);
}
