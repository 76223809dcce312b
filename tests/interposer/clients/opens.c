/* What dlopen gives: opens MODE FILE... Loads one file after the other; calls `fills` of one that has
 * it, and prints what it answers, or in which file the driver's cuMemAlloc_v2 was found. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
    int mode = RTLD_NOW | (!strcmp(argv[1], "deep") || !strcmp(argv[1], "space") ? RTLD_DEEPBIND : 0);
    for (int i = 2; i < argc; i++) {
        void *handle = strcmp(argv[1], "space") ? dlopen(argv[i], mode) : dlmopen(LM_ID_BASE, argv[i], mode);
        if (!handle) return printf("refused: %s\n", dlerror()), 0;
        int (*fills)(void) = (int (*)(void))dlsym(handle, "fills");
        if (fills) {
            printf("%d\n", fills());
            continue;
        }
        Dl_info info = {0};
        void *at = dlsym(handle, "cuMemAlloc_v2");
        if (at) dladdr(at, &info);
        const char *slash = info.dli_fname ? strrchr(info.dli_fname, '/') : NULL;
        printf("%s\n", slash ? slash + 1 : "-");
    }
    return 0;
}
