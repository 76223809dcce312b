/* Calls functions with nothing but zeros and one number: nothing LIBRARY PLACE NAME... gives a 1 as the
 * argument at PLACE, or none of it where that is 12. Each in a process of its own that has
 * taken some memory before; prints the name and the answer, or the signal that ended the process. */
#define __CUDA_API_VERSION_INTERNAL
#include <cuda.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

typedef long word;
typedef int any(word, word, word, word, word, word, word, word, word, word, word, word);

static void call(void *library, int place, const char *name) {
    word w[13] = {[0 ... 12] = 0};
    w[place] = 1;
    CUcontext context;
    CUdeviceptr at;
    int (*nvml_init)(void) = (int (*)(void))dlsym(library, "nvmlInit_v2");
    if (nvml_init) nvml_init();
    cuInit(0), cuDevicePrimaryCtxRetain(&context, 0), cuCtxSetCurrent(context);
    if (cuMemAlloc_v2(&at, 1 << 20)) _exit(2);
    any *function = (any *)dlsym(library, name);
    if (!function) _exit(3);
    printf("%s %d\n", name, function(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8], w[9], w[10], w[11]));
    fflush(stdout);
    _exit(0);
}

int main(int argc, char **argv) {
    void *library = dlopen(argv[1], RTLD_NOW);
    for (int i = 3; i < argc; i++) {
        int status = 0;
        pid_t child = fork();
        if (child == 0) call(library, atoi(argv[2]), argv[i]);
        waitpid(child, &status, 0);
        if (status) printf("%s ended %d\n", argv[i], WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status));
        fflush(stdout);
    }
    return 0;
}
