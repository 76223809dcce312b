/* fill: takes memory of a card piece by piece until it is refused, as any CUDA program might.
 *
 * It knows nothing of Tranche: the driver's public API, found as programs find it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

#define MIB (1ull << 20)

static const char HELP[] =
    "usage: fill [--step MIB] [--mib N] [--device N] [--hold SECONDS|forever] [--progress] [--json]\n"
    "\n"
    "Allocates device memory, one MiB at a time, until the driver refuses.\n"
    "\n"
    "  --step MIB      the size of one allocation (1)\n"
    "  --mib N         stop after N MiB\n"
    "  --device N      which card (0)\n"
    "  --hold SECONDS  keep what was taken so long before ending, or `forever`; SIGTERM ends it\n"
    "  --progress      draw a bar on stderr while allocating\n"
    "  --json          one JSON object on one line of stdout instead of words\n"
    "\n"
    "exit status: 0 refused for want of memory, or --mib reached; 1 the driver failed otherwise;\n"
    "             2 wrong usage; 3 no driver or no card\n";

typedef int CUresult;
typedef unsigned long long CUdeviceptr;
enum { OUT_OF_MEMORY = 2 };

static struct {
    CUresult (*init)(unsigned), (*count)(int *), (*device)(int *, int), (*total)(size_t *, int);
    CUresult (*retain)(void **, int), (*current)(void *), (*alloc)(CUdeviceptr *, size_t);
    CUresult (*error_name)(CUresult, const char **);
} cuda;

static struct {
    unsigned long long step, most;
    long hold; /* seconds; -1: for ever */
    int device;
    bool progress, json;
} wanted = {.step = 1, .most = ~0ull};

static struct {
    unsigned long long total, allocated, refused_at; /* MiB; refused_at 0: was not */
    int cards;
    const char *error;
} seen;

static volatile sig_atomic_t ended;

static void end(int signal) {
    (void)signal;
    ended = 1;
}

static bool load(void) {
    void *library = dlopen("libcuda.so.1", RTLD_NOW);
    if (!library) {
        fprintf(stderr, "fill: no CUDA driver: %s\n", dlerror());
        return false;
    }
    const struct {
        const char *name;
        void *at;
    } functions[] = {
        {"cuInit", &cuda.init}, {"cuDeviceGetCount", &cuda.count}, {"cuDeviceGet", &cuda.device},
        {"cuDeviceTotalMem_v2", &cuda.total}, {"cuDevicePrimaryCtxRetain", &cuda.retain},
        {"cuCtxSetCurrent", &cuda.current}, {"cuMemAlloc_v2", &cuda.alloc},
        {"cuGetErrorName", &cuda.error_name},
    };
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        void *found = dlsym(library, functions[i].name);
        if (!found) {
            fprintf(stderr, "fill: the driver has no %s\n", functions[i].name);
            return false;
        }
        memcpy(functions[i].at, &found, sizeof found);
    }
    return true;
}

/* The driver's own word for an error. */
static const char *name_of(CUresult result) {
    const char *name = NULL;
    return cuda.error_name(result, &name) == 0 && name ? name : "an unknown error";
}

static bool open_card(void) {
    int device;
    void *context;
    size_t bytes = 0;
    CUresult result = cuda.init(0);
    if (result == 0) result = cuda.count(&seen.cards);
    if (result == 0) result = cuda.device(&device, wanted.device);
    if (result == 0) result = cuda.retain(&context, device);
    if (result == 0) result = cuda.current(context);
    if (result == 0) result = cuda.total(&bytes, device);
    seen.total = bytes / MIB;
    if (result == 0) return true;
    seen.error = name_of(result);
    fprintf(stderr, "fill: cannot use card %d: %s\n", wanted.device, seen.error);
    return false;
}

static void draw(bool last) {
    enum { WIDTH = 50 };
    static int drawn = -1;
    unsigned long long of = seen.total ? seen.total : 1;
    int filled = (int)(seen.allocated * WIDTH / of);
    if (filled > WIDTH) filled = WIDTH;
    if (!wanted.progress || (filled == drawn && !last)) return;
    drawn = filled;
    fputs("\r[", stderr);
    for (int i = 0; i < WIDTH; i++) fputs(i < filled ? "#" : ".", stderr);
    fprintf(stderr, "] %llu of %llu MiB%s", seen.allocated, seen.total, last ? "\n" : "");
    fflush(stderr);
}

static CUresult fill(void) {
    CUresult result = 0;
    while (!ended && seen.allocated + wanted.step <= wanted.most) {
        CUdeviceptr at;
        result = cuda.alloc(&at, wanted.step * MIB);
        if (result != 0) {
            seen.refused_at = seen.allocated + wanted.step;
            seen.error = name_of(result);
            break;
        }
        seen.allocated += wanted.step;
        draw(false);
    }
    draw(true);
    return result;
}

static void report(void) {
    if (wanted.json) {
        printf("{\"total_mib\": %llu, \"allocated_mib\": %llu, \"refused_at_mib\": ", seen.total,
               seen.allocated);
        printf(seen.refused_at ? "%llu" : "null", seen.refused_at);
        printf(seen.error ? ", \"error\": \"%s\"" : ", \"error\": null", seen.error);
        printf(", \"cards\": %d}\n", seen.cards);
    } else if (seen.refused_at) {
        printf("refused at MiB %llu of %llu: %s\n", seen.refused_at, seen.total, seen.error);
    } else if (!seen.error) {
        printf("took %llu MiB of %llu\n", seen.allocated, seen.total);
    }
    fflush(stdout);
}

/* Signals are blocked but while waiting, so that none comes between looking and waiting. */
static void hold(void) {
    sigset_t ends, before;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, &before);
    struct timespec time = {.tv_sec = wanted.hold};
    if (!ended && wanted.hold) pselect(0, NULL, NULL, NULL, wanted.hold < 0 ? NULL : &time, &before);
}

static unsigned long long number(const char *text) {
    char *rest;
    errno = 0;
    unsigned long long value = strtoull(text, &rest, 10);
    if (errno || *rest || rest == text || *text == '-') {
        fprintf(stderr, "fill: `%s` is not a number\n%s", text, HELP);
        exit(2);
    }
    return value;
}

static void read_words(int count, char **words) {
    static const struct option OPTIONS[] = {
        {"hold", required_argument, NULL, 'h'}, {"mib", required_argument, NULL, 'm'},
        {"step", required_argument, NULL, 's'}, {"device", required_argument, NULL, 'd'},
        {"progress", no_argument, NULL, 'p'},   {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'H'},       {0},
    };
    for (int option; (option = getopt_long(count, words, "", OPTIONS, NULL)) != -1;) {
        if (option == 'h') wanted.hold = strcmp(optarg, "forever") ? (long)number(optarg) : -1;
        if (option == 'm') wanted.most = number(optarg);
        if (option == 's') wanted.step = number(optarg);
        if (option == 'd') wanted.device = (int)number(optarg);
        if (option == 'p') wanted.progress = true;
        if (option == 'j') wanted.json = true;
        if (option == 'H' || option == '?') {
            bool asked = option == 'H';
            fputs(HELP, asked ? stdout : stderr);
            exit(asked ? 0 : 2);
        }
    }
    if (optind < count || wanted.step == 0) {
        fputs(HELP, stderr);
        exit(2);
    }
}

int main(int count, char **words) {
    read_words(count, words);
    struct sigaction action = {.sa_handler = end};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    if (!load() || !open_card()) {
        report();
        return 3;
    }
    if (!wanted.json) {
        printf("%d card%s; card %d has %llu MiB\n", seen.cards, seen.cards == 1 ? "" : "s",
               wanted.device, seen.total);
        fflush(stdout);
    }
    CUresult result = fill();
    report();
    if (result == 0 || result == OUT_OF_MEMORY) hold();
    return result == 0 || result == OUT_OF_MEMORY ? 0 : 1;
}
