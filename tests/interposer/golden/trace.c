/* Preloaded into a program that uses a real cudart: writes what that asks cuGetProcAddress for, one
 * request a line (name, version, flags), to file descriptor 3. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static int (*first)(const char *, void **, int, unsigned long long);
static int (*second)(const char *, void **, int, unsigned long long, int *);

static void *real_dlsym(void *handle, const char *name) {
    static void *(*real)(void *, const char *);
    if (!real) real = (void *(*)(void *, const char *))dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.2.5");
    return real(handle, name);
}

static int ask_first(const char *name, void **at, int version, unsigned long long flags);
static int ask_second(const char *name, void **at, int version, unsigned long long flags, int *status);

/* Whoever is told of cuGetProcAddress goes on asking by that: version 2 since CUDA 12.0. */
static void keep_watching(const char *name, void **at, int version) {
    if (!at || !*at || strcmp(name, "cuGetProcAddress") != 0) return;
    if (version >= 12000) {
        second = *at, *at = (void *)ask_second;
    } else {
        first = *at, *at = (void *)ask_first;
    }
}

static int ask_first(const char *name, void **at, int version, unsigned long long flags) {
    dprintf(3, "%s %d %llu\n", name, version, flags);
    int result = first(name, at, version, flags);
    keep_watching(name, at, version);
    return result;
}

static int ask_second(const char *name, void **at, int version, unsigned long long flags, int *status) {
    dprintf(3, "%s %d %llu\n", name, version, flags);
    int result = second(name, at, version, flags, status);
    keep_watching(name, at, version);
    return result;
}

void *dlsym(void *handle, const char *name) {
    void *found = real_dlsym(handle, name);
    if (found && !strcmp(name, "cuGetProcAddress")) return first = found, (void *)ask_first;
    if (found && !strcmp(name, "cuGetProcAddress_v2")) return second = found, (void *)ask_second;
    return found;
}
