/* dlsym and dlvsym in front of libc's.
 *
 * For every name that is none of the driver's, libc's own is reached by a jump: it looks at its
 * return address to know who asks with RTLD_NEXT, and must see the program's, not ours. The
 * optimiser makes the jump (-O2); a test with another library in front of libc holds it to that. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>

#include "driver.h"
#include "loader.h"

/* What RTLD_NEXT means for the object that holds `caller`: the first object after it that has the
 * name. */
static void *next(const void *caller, const char *name) {
    const struct loader *real = loader();
    Dl_info info;
    struct link_map *map = NULL;
    if (!real->dladdr1 || !real->dladdr1(caller, &info, (void **)&map, RTLD_DL_LINKMAP) || !map) {
        return NULL;
    }
    for (map = map->l_next; map; map = map->l_next) {
        void *handle = map->l_name[0] ? real->dlopen(map->l_name, RTLD_LAZY | RTLD_NOLOAD) : NULL;
        if (!handle) continue;
        void *found = real->dlsym(handle, name);
        struct link_map *owner = NULL;
        /* A handle also finds what the object's dependencies have. */
        if (found) real->dladdr1(found, &info, (void **)&owner, RTLD_DL_LINKMAP);
        real->dlclose(handle);
        if (found && owner == map) return found;
    }
    return NULL;
}


/* The driver's function routed; or, where it is not there, nothing and the loader's own words for that
 * (dlerror): programs print them without a look. */
static void *routed(const char *name, void *found) {
    const struct loader *real = loader();
    void *answer = found ? driver_route(name, found) : NULL;
    if (answer || !found) return answer;
    void *handle = driver_handle(name);
    void *without = handle ? handle : real->dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
    return without ? real->dlsym(without, name) : NULL;
}

EXPORT __attribute__((noinline)) void *dlsym(void *restrict handle, const char *restrict name) {
    const struct loader *real = loader();
    if (!real->dlsym) return NULL;
    if (!driver_is_name(name)) return real->dlsym(handle, name);
    void *found = handle == RTLD_NEXT ? next(__builtin_return_address(0), name) : NULL;
    return routed(name, found ? found : real->dlsym(handle, name));
}

EXPORT __attribute__((noinline)) void *dlvsym(void *restrict handle, const char *restrict name,
                                              const char *restrict version) {
    const struct loader *real = loader();
    if (!real->dlvsym) return NULL;
    if (!driver_is_name(name)) return real->dlvsym(handle, name, version);
    return routed(name, real->dlvsym(handle, name, version));
}

