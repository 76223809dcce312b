/* A program that launches kernels in simulated time. KERNEL is a function's name and blocks:
 * k_5us:108. Times are ms since the clock began.
 *
 *   from START                             of the next run
 *   run THREADS async|sync UNTIL KERNEL…   in a loop; prints how many were launched
 *   idle UNTIL EVERY KERNEL                one launch every so many ms; prints how many
 *   worked FROM TO CARD                    ns that the card worked for this process
 *   launch KERNEL                          prints the result, and ns that the call took
 *   fail COUNT KERNEL                      launches it with too much shared memory: the same of all
 *   fail-known COUNT KERNEL                the same, after two launches that succeed
 *   captured COUNT KERNEL                  the same of a capture of so many and its two ends
 *   captured COUNT KERNEL KERNEL           while the second is launched beside, as often
 *   abandon v1|v2 KERNEL                   a capture whose stream is destroyed; the results
 *   graph UNTIL COUNT KERNEL               launches a graph of so many in a loop
 *   odd                                    every other way to launch: their results */
#include "obey.h"

#include <pthread.h>
#include <stdint.h>

#define MS 1000000ull
#define BEGIN 1000000000000ull

extern uint64_t fakegpu_now(void), fakegpu_worked(int place, uint64_t from, uint64_t to);
extern void fakegpu_join(void), fakegpu_leave(void), fakegpu_wait(uint64_t ns);

struct kernel {
    CUfunction function;
    unsigned blocks;
};

static struct kernel kernels[MOST_WORDS];
static int kernel_count, is_sync;
static uint64_t from, until;
static unsigned long long launched;
static CUcontext context;
static CUstream stream, beside;

static struct kernel find(char *word) {
    struct kernel found = {.blocks = 1};
    char *colon = strchr(word, ':');
    if (colon) found.blocks = (unsigned)number(colon + 1), *colon = 0;
    cuModuleGetFunction(&found.function, NULL, word);
    return found;
}

static CUresult launch(struct kernel kernel, CUstream into) {
    return cuLaunchKernel(kernel.function, kernel.blocks, 1, 1, 32, 1, 1, 0, into, NULL, NULL);
}

static void *work(void *unused) {
    cuCtxSetCurrent(context);
    fakegpu_join();
    if (from > fakegpu_now()) fakegpu_wait(from - fakegpu_now());
    for (int next = 0; fakegpu_now() < until; next = (next + 1) % kernel_count) {
        if (launch(kernels[next], NULL)) break;
        __atomic_fetch_add(&launched, 1, __ATOMIC_RELAXED);
        if (is_sync && next == kernel_count - 1) cuCtxSynchronize();
    }
    fakegpu_leave();
    return unused;
}

static void run(int count, char **words) {
    pthread_t threads[16];
    int thread_count = (int)number(words[1]);
    is_sync = !strcmp(words[2], "sync");
    until = BEGIN + number(words[3]) * MS;
    kernel_count = 0;
    for (int i = 4; i < count; i++) kernels[kernel_count++] = find(words[i]);
    cuCtxGetCurrent(&context);
    launched = 0;
    for (int i = 0; i < thread_count; i++) pthread_create(&threads[i], NULL, work, NULL);
    for (int i = 0; i < thread_count; i++) pthread_join(threads[i], NULL);
    printf("%llu", launched);
}

static void idle(uint64_t end, uint64_t every, struct kernel kernel) {
    int count = 0;
    fakegpu_join();
    for (; fakegpu_now() < end && !launch(kernel, NULL); count++) fakegpu_wait(every);
    fakegpu_leave();
    printf("%d", count);
}

static void fail(int count, struct kernel kernel) {
    uint64_t start = fakegpu_now();
    int failed = 0;
    for (int i = 0; i < count; i++) {
        failed += cuLaunchKernel(kernel.function, kernel.blocks, 1, 1, 32, 1, 1, 1 << 20, NULL, NULL, NULL) ==
                  CUDA_ERROR_INVALID_VALUE;
    }
    printf("%d %llu", failed, (unsigned long long)(fakegpu_now() - start));
}

static void capture(int count, struct kernel kernel, const struct kernel *other, CUgraph *graph) {
    uint64_t start = fakegpu_now();
    CUresult results[3] = {cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_GLOBAL)};
    for (int i = 0; i < count && !results[1]; i++) {
        results[1] = launch(kernel, stream);
        if (other && !results[1]) results[1] = launch(*other, beside);
    }
    results[2] = cuStreamEndCapture(stream, graph);
    printf("%d %d %d %llu", results[0], results[1], results[2], (unsigned long long)(fakegpu_now() - start));
}

static void abandon(const char *how, struct kernel kernel) {
    CUstream lost;
    cuStreamCreate(&lost, 0);
    CUresult begun = cuStreamBeginCapture_v2(lost, CU_STREAM_CAPTURE_MODE_GLOBAL);
    CUresult launched_there = launch(kernel, lost);
    CUresult destroyed = !strcmp(how, "v1") ? cuStreamDestroy(lost) : cuStreamDestroy_v2(lost);
    printf("%d %d %d", begun, launched_there, destroyed);
}

static void graphs(uint64_t end, CUgraph graph) {
    CUgraphExec exec;
    cuGraphInstantiateWithFlags(&exec, graph, 0);
    fakegpu_join();
    while (fakegpu_now() < end && !cuGraphLaunch(exec, stream)) {
    }
    fakegpu_leave();
}

static void odd(void) {
    struct kernel k = find((char[]){"k_10us"});
    CUlaunchConfig config = {.gridDimX = 1, .gridDimY = 1, .gridDimZ = 1, .hStream = stream};
    CUDA_LAUNCH_PARAMS parameters = {k.function, 1, 1, 1, 1, 1, 1, 0, stream, NULL};
    printf("%d %d %d %d %d %d ", cuLaunch(k.function), cuLaunchGrid(k.function, 2, 2),
           cuLaunchGridAsync(k.function, 2, 2, stream), cuLaunchKernelEx(&config, k.function, NULL, NULL),
           cuLaunchKernelEx_ptsz(&config, k.function, NULL, NULL),
           cuLaunchKernel_ptsz(k.function, 1, 1, 1, 1, 1, 1, 0, stream, NULL, NULL));
    printf("%d %d %d", cuLaunchCooperativeKernel(k.function, 1, 1, 1, 1, 1, 1, 0, stream, NULL),
           cuLaunchCooperativeKernel_ptsz(k.function, 1, 1, 1, 1, 1, 1, 0, stream, NULL),
           cuLaunchCooperativeKernelMultiDevice(&parameters, 1, 0));
}

static void obey(int count, char **words) {
    if (!stream) cuStreamCreate(&stream, 0), cuStreamCreate(&beside, 0);
    CUgraph graph;
    if (!strcmp(words[0], "from")) from = BEGIN + number(words[1]) * MS, printf("0");
    if (!strcmp(words[0], "run")) run(count, words);
    if (!strcmp(words[0], "idle")) idle(BEGIN + number(words[1]) * MS, number(words[2]) * MS, find(words[3]));
    if (!strcmp(words[0], "worked")) {
        uint64_t from = BEGIN + number(words[1]) * MS, to = BEGIN + number(words[2]) * MS;
        printf("%llu", (unsigned long long)fakegpu_worked((int)number(words[3]), from, to));
    }
    if (!strcmp(words[0], "launch")) {
        uint64_t start = fakegpu_now();
        CUresult result = launch(find(words[1]), NULL);
        printf("%d %llu", result, (unsigned long long)(fakegpu_now() - start));
    }
    if (!strcmp(words[0], "fail-known")) {
        struct kernel kernel = find(words[2]);
        for (int i = 0; i < 2; i++) launch(kernel, NULL), cuCtxSynchronize();
        fail((int)number(words[1]), kernel);
    }
    if (!strcmp(words[0], "fail")) fail((int)number(words[1]), find(words[2]));
    if (!strcmp(words[0], "captured")) {
        struct kernel other = {0};
        if (count > 3) other = find(words[3]);
        capture((int)number(words[1]), find(words[2]), count > 3 ? &other : NULL, &graph);
    }
    if (!strcmp(words[0], "abandon")) abandon(words[1], find(words[2]));
    if (!strcmp(words[0], "graph")) {
        capture((int)number(words[2]), find(words[3]), NULL, &graph);
        graphs(BEGIN + number(words[1]) * MS, graph);
    }
    if (!strcmp(words[0], "odd")) odd();
}
