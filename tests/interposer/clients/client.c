/* A CUDA program that does what it is told, one command a line, and answers one line each.
 *
 * With DIRECT it is linked with the driver; otherwise it finds everything as `via` says. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef int R;
typedef unsigned long long P;
typedef struct {
    int type, handles, where, id;
    char rest[256];
} Props;

static void *driver;
static const char *via = "dlsym";

#define F(name) (*(R(**)()) & table[find(#name)].at)
static struct {
    const char *name, *base;
    int since;
    void *at;
} table[] = {
    {"cuInit", "cuInit", 2000, 0},
    {"cuDeviceGetCount", "cuDeviceGetCount", 2000, 0},
    {"cuDevicePrimaryCtxRetain", "cuDevicePrimaryCtxRetain", 7000, 0},
    {"cuCtxSetCurrent", "cuCtxSetCurrent", 4000, 0},
    {"cuMemAlloc_v2", "cuMemAlloc", 3020, 0},
    {"cuMemAllocPitch_v2", "cuMemAllocPitch", 3020, 0},
    {"cuMemAllocManaged", "cuMemAllocManaged", 6000, 0},
    {"cuMemFree_v2", "cuMemFree", 3020, 0},
    {"cuMemAllocAsync", "cuMemAllocAsync", 11020, 0},
    {"cuMemAllocFromPoolAsync", "cuMemAllocFromPoolAsync", 11020, 0},
    {"cuMemFreeAsync", "cuMemFreeAsync", 11020, 0},
    {"cuMemPoolCreate", "cuMemPoolCreate", 11020, 0},
    {"cuDeviceGetDefaultMemPool", "cuDeviceGetDefaultMemPool", 11020, 0},
    {"cuMemCreate", "cuMemCreate", 10020, 0},
    {"cuMemRelease", "cuMemRelease", 10020, 0},
    {"cuMemGetInfo_v2", "cuMemGetInfo", 3020, 0},
    {"cuDeviceTotalMem_v2", "cuDeviceTotalMem", 3020, 0},
};

#ifdef DIRECT
#define DECLARE(name) extern R name();
DECLARE(cuInit) DECLARE(cuDeviceGetCount) DECLARE(cuDevicePrimaryCtxRetain) DECLARE(cuCtxSetCurrent)
DECLARE(cuMemAlloc_v2) DECLARE(cuMemAllocPitch_v2) DECLARE(cuMemAllocManaged) DECLARE(cuMemFree_v2)
DECLARE(cuMemAllocAsync) DECLARE(cuMemAllocFromPoolAsync) DECLARE(cuMemFreeAsync)
DECLARE(cuMemPoolCreate) DECLARE(cuDeviceGetDefaultMemPool) DECLARE(cuMemCreate) DECLARE(cuMemRelease)
DECLARE(cuMemGetInfo_v2) DECLARE(cuDeviceTotalMem_v2)
static void *linked[] = {
    cuInit, cuDeviceGetCount, cuDevicePrimaryCtxRetain, cuCtxSetCurrent, cuMemAlloc_v2,
    cuMemAllocPitch_v2, cuMemAllocManaged, cuMemFree_v2, cuMemAllocAsync, cuMemAllocFromPoolAsync,
    cuMemFreeAsync, cuMemPoolCreate, cuDeviceGetDefaultMemPool, cuMemCreate, cuMemRelease,
    cuMemGetInfo_v2, cuDeviceTotalMem_v2,
};
#else
static void *linked[sizeof table / sizeof *table];
#endif

static void *resolve(int i) {
    void *at = NULL;
    if (!strcmp(via, "direct")) return linked[i];
    if (!strcmp(via, "dlsym")) return dlsym(driver, table[i].name);
    if (!strcmp(via, "default")) return dlsym(RTLD_DEFAULT, table[i].name);
#ifdef __GLIBC__
    if (!strcmp(via, "version")) return dlvsym(driver, table[i].name, "DRIVER");
#endif
    if (!strcmp(via, "next")) at = dlsym(RTLD_NEXT, table[i].name);
    if (!strcmp(via, "next")) return dlsym(RTLD_NEXT, table[i].name) == at ? at : NULL; /* asked twice */
    if (!strcmp(via, "gpa1")) {
        R (*ask)(const char *, void **, int, P) = dlsym(driver, "cuGetProcAddress");
        ask(table[i].base, &at, 11080, 0);
    } else {
        R (*ask)(const char *, void **, int, P, int *) = dlsym(driver, "cuGetProcAddress_v2");
        ask(table[i].base, &at, 13000, !strcmp(via, "ptsz") ? 2 : 0, NULL);
    }
    return at;
}

static int find(const char *name) {
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (strcmp(table[i].name, name)) continue;
        if (!table[i].at) table[i].at = resolve((int)i);
        if (!table[i].at) printf("no %s via %s\n", name, via), fflush(stdout), exit(9);
        return (int)i;
    }
    abort();
}

static P live[200000];
static char kinds[200000];
static int count;

/* The program's own pool on a card: one for all it takes from it. */
static R own_pool(void **pool, Props *props) {
    static void *pools[64];
    R result = pools[props->id] ? 0 : F(cuMemPoolCreate)(&pools[props->id], props);
    *pool = pools[props->id];
    return result;
}

static R alloc(const char *kind, P bytes, int device) {
    R result = 999;
    P at = 0;
    size_t pitch;
    void *pool = NULL;
    Props props = {.type = 1, .where = 1, .id = device};
    if (!strcmp(kind, "plain")) result = F(cuMemAlloc_v2)(&at, bytes);
    if (!strcmp(kind, "managed")) result = F(cuMemAllocManaged)(&at, bytes, 1);
    if (!strcmp(kind, "pitch")) result = F(cuMemAllocPitch_v2)(&at, &pitch, (size_t)1024, bytes / 1024, 4);
    if (!strcmp(kind, "async")) result = F(cuMemAllocAsync)(&at, bytes, NULL);
    if (!strcmp(kind, "pool")) {
        result = own_pool(&pool, &props);
        if (!result) result = F(cuMemAllocFromPoolAsync)(&at, bytes, pool, NULL);
    }
    if (!strcmp(kind, "hostpool")) {
        props.where = 2;
        result = F(cuMemPoolCreate)(&pool, &props);
        if (!result) result = F(cuMemAllocFromPoolAsync)(&at, bytes, pool, NULL);
    }
    if (!strcmp(kind, "defaultpool")) {
        result = F(cuDeviceGetDefaultMemPool)(&pool, device);
        if (!result) result = F(cuMemAllocFromPoolAsync)(&at, bytes, pool, NULL);
    }
    if (!strcmp(kind, "create")) result = F(cuMemCreate)(&at, bytes, &props, 0ull);
    if (!result) {
        kinds[count] = kind[0] == 'c' ? 'c' : strstr("async pool defaultpool", kind) ? 'a' : 'p';
        live[count++] = at;
    }
    return result;
}

static R release(int which) {
    if (kinds[which] == 'c') return F(cuMemRelease)(live[which]);
    if (kinds[which] == 'a') return F(cuMemFreeAsync)(live[which], NULL);
    return F(cuMemFree_v2)(live[which]);
}

static void where(void *at) {
    Dl_info info;
    if (!at || !dladdr(at, &info)) {
        printf("nowhere");
        return;
    }
    const char *slash = strrchr(info.dli_fname, '/');
    printf("%s:%s", slash ? slash + 1 : info.dli_fname, info.dli_sname ? info.dli_sname : "?");
}

static void init(int device) {
    void *context;
    R result = F(cuInit)(0);
    if (!result) result = F(cuDevicePrimaryCtxRetain)(&context, device);
    if (!result) result = F(cuCtxSetCurrent)(context);
    printf("%d\n", result);
}

static void nvml(int index) {
    void *library = dlopen("libnvidia-ml.so.1", RTLD_NOW), *device;
    unsigned long long one[3];
    struct {
        unsigned version;
        unsigned long long total, reserved, free, used;
    } two = {.version = sizeof two | 2u << 24};
    R (*start)(void) = dlsym(library, "nvmlInit_v2");
    R (*get)(unsigned, void **) = dlsym(library, "nvmlDeviceGetHandleByIndex_v2");
    R (*first)(void *, void *) = dlsym(library, "nvmlDeviceGetMemoryInfo");
    R (*second)(void *, void *) = dlsym(library, "nvmlDeviceGetMemoryInfo_v2");
    start();
    if (get((unsigned)index, &device) || first(device, one) || second(device, &two)) {
        printf("failed\n");
        return;
    }
    two.version ^= 1;
    printf("%llu %llu %llu %llu %llu %llu %d\n", one[0], one[1], one[2], two.total, two.free, two.used,
           second(device, &two));
}

static void obey(char *line);

static void child(char *rest) {
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        obey(rest);
        fflush(stdout);
        _exit(0);
    }
    waitpid(pid, NULL, 0);
}

static void obey(char *line) {
    char word[64] = "", one[256] = "", two[256] = "", three[64] = "", four[64] = "";
    sscanf(line, "%63s %255s %255s %63s %63s", word, one, two, three, four);
    if (!strcmp(word, "init")) {
        init(atoi(one));
    } else if (!strcmp(word, "cards")) {
        int n = 0;
        F(cuDeviceGetCount)(&n);
        printf("%d\n", n);
    } else if (!strcmp(word, "alloc")) {
        printf("%d\n", alloc(one, strtoull(two, NULL, 10), atoi(three)));
    } else if (!strcmp(word, "fill")) { /* until refused: how many, and the error */
        int n = 0;
        R result;
        while (!(result = alloc(one, strtoull(two, NULL, 10), atoi(three)))) n++;
        printf("%d %d\n", n, result);
    } else if (!strcmp(word, "free")) {
        printf("%d\n", release(atoi(one)));
    } else if (!strcmp(word, "freeall")) {
        R result = 0;
        while (count && !result) result = release(--count);
        printf("%d\n", result);
    } else if (!strcmp(word, "freeodd")) { /* an address that nobody allocated */
        printf("%d\n", F(cuMemFree_v2)((P)0x123456789000));
    } else if (!strcmp(word, "info")) {
        size_t free_bytes = 1, total = 1;
        R result = F(cuMemGetInfo_v2)(&free_bytes, &total);
        printf("%d %zu %zu\n", result, free_bytes, total);
    } else if (!strcmp(word, "total")) {
        size_t total = 1;
        R result = F(cuDeviceTotalMem_v2)(&total, atoi(one));
        printf("%d %zu\n", result, total);
    } else if (!strcmp(word, "old")) { /* what the first versions of functions show */
        unsigned free_bytes = 0, total = 0, card = 0;
        R (*info)(unsigned *, unsigned *) = dlsym(driver, "cuMemGetInfo");
        R (*size)(unsigned *, int) = dlsym(driver, "cuDeviceTotalMem");
        R result = info(&free_bytes, &total), other = size(&card, atoi(one));
        printf("%d %u %u %d %u\n", result, free_bytes, total, other, card);
    } else if (!strcmp(word, "sym")) {
        where(dlsym(!strcmp(two, "default") ? RTLD_DEFAULT : driver, one));
        printf("\n");
    } else if (!strcmp(word, "gpa")) {
        int status = 77;
        void *at = (void *)1;
        R (*ask)(const char *, void **, int, P, int *) = dlsym(driver, "cuGetProcAddress_v2");
        R result = ask(one, &at, atoi(two), strtoull(three, NULL, 10), &status);
        printf("%d %d ", result, status);
        where(at);
        printf("\n");
    } else if (!strcmp(word, "nvml")) {
        nvml(atoi(one));
    } else if (!strcmp(word, "fork")) {
        child(strchr(line, ' ') + 1);
    } else if (!strcmp(word, "exec")) {
        fflush(stdout);
        execlp(one, one, two, (char *)NULL);
    } else if (!strcmp(word, "close")) {
        printf("%d\n", dlclose(driver));
    } else {
        printf("what is %s?\n", word);
    }
}

int main(int argc, char **argv) {
    char line[1024];
    if (argc > 1) via = argv[1];
    driver = dlopen("libcuda.so.1", RTLD_NOW | (!strcmp(via, "default") || !strcmp(via, "next") ? RTLD_GLOBAL : 0));
    if (!driver) return puts(dlerror()), 8;
    setvbuf(stdin, NULL, _IONBF, 0); /* what is told after an exec is for the next program */
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        obey(line);
        fflush(stdout);
    }
    return 0;
}
