/* One process of a crowd, until it is killed: stress SEED MOST_KIB THREADS. Its threads allocate and
 * free at random; now and then one forks a child that uses the card anew, or the process calls exec
 * on itself with another seed. Writes to stderr what the driver says that it must not. */
#define __CUDA_API_VERSION_INTERNAL
#include <cuda.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HELD = 24 };
static unsigned seed;
static int most_kib;
static char **arguments;

static void check(CUresult result) {
    if (result && result != CUDA_ERROR_OUT_OF_MEMORY) fprintf(stderr, "odd answer %d\n", result);
}

static void use(unsigned *random, CUdeviceptr *held, int rounds) {
    while (rounds--) {
        CUdeviceptr *at = &held[rand_r(random) % HELD];
        if (*at) {
            check(cuMemFree_v2(*at));
            *at = 0;
        } else if (cuMemAlloc_v2(at, (size_t)(1 + rand_r(random) % most_kib) << 10)) {
            *at = 0;
        }
    }
}

static void start(void) {
    CUcontext context;
    check(cuInit(0));
    check(cuDevicePrimaryCtxRetain(&context, 0));
    check(cuCtxSetCurrent(context));
}

/* Ends with its parent; alone it would stay when that is killed. */
static void child(unsigned random, pid_t parent) {
    CUdeviceptr held[HELD] = {0};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent) {
        start();
        use(&random, held, (int)(random % 2000));
    }
    _exit(0);
}

static void *work(void *name) {
    unsigned random = seed * 7919u + (unsigned)(size_t)name;
    CUdeviceptr held[HELD] = {0};
    start();
    for (;;) {
        use(&random, held, 500);
        unsigned chance = (unsigned)rand_r(&random) % 1000;
        if (chance < 30) {
            pid_t parent = getpid(), made = fork();
            if (made == 0) child(random, parent);
            if (made > 0) waitpid(made, NULL, 0);
        } else if (chance == 999) {
            static char word[16];
            snprintf(word, sizeof word, "%u", random % 1000000);
            execl("/proc/self/exe", arguments[0], word, arguments[2], arguments[3], (char *)NULL);
        }
    }
    return NULL;
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    arguments = argv;
    seed = (unsigned)atoi(argv[1]), most_kib = atoi(argv[2]);
    int threads = atoi(argv[3]);
    pthread_t ids[64];
    start();
    for (int i = 0; i < threads; i++) pthread_create(&ids[i], NULL, work, (void *)(size_t)i);
    for (int i = 0; i < threads; i++) pthread_join(ids[i], NULL);
    return 0;
}
