/* libc's own dlsym and its like, found behind ours. */
#ifndef TRANCHE_RESOLVE_LOADER_H
#define TRANCHE_RESOLVE_LOADER_H

struct loader {
    void *(*dlsym)(void *handle, const char *name);
    void *(*dlvsym)(void *handle, const char *name, const char *version);
    void *(*dlopen)(const char *path, int flags);
    void *(*dlmopen)(long space, const char *path, int flags);
    int (*dlclose)(void *handle);
    int (*dladdr1)(const void *address, void *info, void **extra, int flags);
};

/* Members are NULL where libc has none, as in a static program without libdl. */
const struct loader *loader(void);

#endif
