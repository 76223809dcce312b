/* What dlmopen gives: spaces FILE [FUNCTION]. Prints whether FILE was loaded into a namespace of its own,
 * whose FUNCTION it has (the file's name), and the loader's words if it was not. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
    void *handle = dlmopen(LM_ID_NEWLM, argv[1], RTLD_NOW);
    if (!handle) return printf("refused: %s\n", dlerror()), 0;
    Lmid_t space = -1;
    dlinfo(handle, RTLD_DI_LMID, &space);
    Dl_info info = {0};
    void *at = argc > 2 ? dlsym(handle, argv[2]) : NULL;
    if (at) dladdr(at, &info);
    const char *slash = info.dli_fname ? strrchr(info.dli_fname, '/') : NULL;
    printf("%s %s\n", space == LM_ID_BASE ? "base" : "own", slash ? slash + 1 : "-");
    return 0;
}
