/* So many calls of one kind: instructions_client launch|pair|info ROUNDS LIVE. */
#include <dlfcn.h>
#include <stdlib.h>

typedef unsigned long long P;

int main(int argc, char **argv) {
    void *driver = dlopen("libcuda.so.1", RTLD_NOW), *context;
    if (argc != 4 || !driver) return 2;
    int (*ask)(const char *, void **, int, P, int *) = dlsym(driver, "cuGetProcAddress_v2");
    int (*init)(unsigned), (*retain)(void **, int), (*current)(void *);
    int (*alloc)(P *, size_t), (*release)(P), (*info)(size_t *, size_t *);
    int (*launch)(void *, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void *,
                  void **, void **);
    ask("cuInit", (void **)&init, 12080, 0, NULL);
    ask("cuDevicePrimaryCtxRetain", (void **)&retain, 12080, 0, NULL);
    ask("cuCtxSetCurrent", (void **)&current, 12080, 0, NULL);
    ask("cuMemAlloc", (void **)&alloc, 12080, 0, NULL);
    ask("cuMemFree", (void **)&release, 12080, 0, NULL);
    ask("cuMemGetInfo", (void **)&info, 12080, 0, NULL);
    ask("cuLaunchKernel", (void **)&launch, 12080, 0, NULL);
    P at;
    size_t free_bytes, total;
    if (init(0) || retain(&context, 0) || current(context)) return 3;
    for (long live = atol(argv[3]); live; live--) {
        if (alloc(&at, 4096)) return 4;
    }
    for (long round = atol(argv[2]); round; round--) {
        int result = 0;
        if (argv[1][0] == 'l') result = launch((void *)1, 1, 1, 1, 32, 1, 1, 0, 0, 0, 0);
        if (argv[1][0] == 'p') result = alloc(&at, 4096) || release(at);
        if (argv[1][0] == 'i') result = info(&free_bytes, &total);
        if (result) return 5;
    }
    return 0;
}
