#include "loader.h"

#include <stddef.h>

#include "elf.h"

static const struct {
    const char *name;
    size_t offset;
} FUNCTIONS[] = {
    {"dlvsym", offsetof(struct loader, dlvsym)},   {"dlopen", offsetof(struct loader, dlopen)},
    {"dlmopen", offsetof(struct loader, dlmopen)}, {"dlclose", offsetof(struct loader, dlclose)}, {"dladdr1", offsetof(struct loader, dladdr1)},
    {"dlsym", offsetof(struct loader, dlsym)}, /* last: its presence says that all are there */
};

const struct loader *loader(void) {
    static struct loader functions;
    /* Threads that come at once store the same, so none has to wait for another. */
    if (__atomic_load_n(&functions.dlsym, __ATOMIC_ACQUIRE)) return &functions;
    for (size_t i = 0; i < sizeof FUNCTIONS / sizeof *FUNCTIONS; i++) {
        void **at = (void **)((char *)&functions + FUNCTIONS[i].offset);
        __atomic_store_n(at, elf_libc_function(FUNCTIONS[i].name), __ATOMIC_RELEASE);
    }
    return &functions;
}
