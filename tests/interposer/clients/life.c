/* A CUDA program that lives in odd ways. */
#define _GNU_SOURCE
#include "obey.h"

#include <dlfcn.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST = 100000 };
static CUdeviceptr held[MOST], at_exit;
static int count;
static CUcontext context;

static CUresult take(size_t bytes) {
    CUresult result = cuMemAlloc_v2(&held[count], bytes);
    count += result == CUDA_SUCCESS;
    return result;
}

static void fill(size_t bytes) {
    int before = count;
    CUresult result;
    do result = take(bytes);
    while (result == CUDA_SUCCESS);
    printf("%d %d", count - before, result);
}

static CUresult give_back_all(void) {
    CUresult result = CUDA_SUCCESS;
    while (count && !result) result = cuMemFree_v2(held[--count]);
    return result;
}

/* --- threads -------------------------------------------------------------------------------------- */
static void *thread_takes(void *bytes) {
    cuCtxSetCurrent(context);
    return (void *)(size_t)take((size_t)bytes);
}

static void *thread_gives_back(void *none) {
    (void)none;
    cuCtxSetCurrent(context);
    return (void *)(size_t)give_back_all();
}

static void in_thread(void *(*run)(void *), void *with) {
    pthread_t id;
    void *result = (void *)999;
    cuCtxGetCurrent(&context);
    pthread_create(&id, NULL, run, with);
    pthread_join(id, &result);
    printf("%d", (int)(size_t)result);
}

static void *thread_never_ends(void *bytes) {
    cuCtxSetCurrent(context);
    for (;;) {
        CUdeviceptr at;
        if (!cuMemAlloc_v2(&at, (size_t)bytes)) cuMemFree_v2(at);
        pthread_testcancel();
    }
    return NULL;
}

static void cancel(int times, size_t bytes) {
    cuCtxGetCurrent(&context);
    for (int i = 0; i < times; i++) {
        pthread_t id;
        pthread_create(&id, NULL, thread_never_ends, (void *)bytes);
        usleep(300 + 37 * (unsigned)i);
        pthread_cancel(id);
        pthread_join(id, NULL);
    }
    printf("%d", dup(0)); /* the first descriptor that is free */
}

/* --- signals -------------------------------------------------------------------------------------- */
static volatile sig_atomic_t odd, handled;

static void on_alarm(int number) {
    (void)number;
    CUdeviceptr at;
    CUresult result = cuMemAlloc_v2(&at, 1 << 20);
    if (!result) result = cuMemFree_v2(at);
    odd += result != CUDA_SUCCESS && result != CUDA_ERROR_OUT_OF_MEMORY;
    handled++;
}

static void storm(int signals) {
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    struct itimerval often = {{0, 100}, {0, 100}}, never = {{0, 0}, {0, 0}};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    while (handled < signals) {
        CUdeviceptr at;
        CUresult result = cuMemAlloc_v2(&at, 1 << 20);
        if (!result) result = cuMemFree_v2(at);
        odd += result != CUDA_SUCCESS && result != CUDA_ERROR_OUT_OF_MEMORY;
    }
    setitimer(ITIMER_REAL, &never, NULL);
    printf("%d", (int)odd);
}

/* --- processes ------------------------------------------------------------------------------------ */
static int in_child(int (*run)(void)) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) _exit(run());
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static int child_does_nothing(void) {
    return 0;
}

static int child_uses_the_card(void) {
    CUdeviceptr at;
    CUresult result = init(0);
    if (!result) result = cuMemAlloc_v2(&at, 1 << 20);
    return (int)result;
}

static void forks_beside_threads(int times) {
    pthread_t id;
    int wrong = 0;
    cuCtxGetCurrent(&context);
    pthread_create(&id, NULL, thread_never_ends, (void *)(1 << 20));
    for (int i = 0; i < times; i++) wrong += in_child(child_uses_the_card) != 0;
    pthread_cancel(id);
    pthread_join(id, NULL);
    printf("%d", wrong);
}

/* Its child has the parent's memory until it calls exec. */
static int by_vfork(int uses_the_card) {
    static char *const WORDS[] = {"true", NULL};
    pid_t child = vfork();
    if (child == 0) {
        CUdeviceptr at;
        if (uses_the_card && !cuMemAlloc_v2(&at, 1 << 20)) cuMemFree_v2(at);
        if (!uses_the_card) execvp(WORDS[0], WORDS);
        _exit(uses_the_card ? 0 : 127);
    }
    int status = 1;
    waitpid(child, &status, 0);
    return status;
}

static int by_spawn(void) {
    static char *const WORDS[] = {"true", NULL};
    pid_t child;
    int status = 1;
    if (posix_spawnp(&child, WORDS[0], NULL, NULL, WORDS, environ)) return 1;
    waitpid(child, &status, 0);
    return status;
}

/* The grandchild takes memory, says so, and stays; prints its id, and what it was told. */
static void daemonise(size_t bytes) {
    int ends[2], answer[2] = {0, 999};
    if (pipe(ends)) return;
    fflush(stdout);
    if (fork() == 0) {
        setsid();
        if (fork()) _exit(0);
        answer[0] = getpid();
        answer[1] = (int)init(0);
        if (!answer[1]) answer[1] = (int)take(bytes);
        if (write(ends[1], answer, sizeof answer) > 0) {
            for (int file = 0; file < 10; file++) close(file);
            for (;;) pause();
        }
        _exit(1);
    }
    wait(NULL);
    if (read(ends[0], answer, sizeof answer) < 0) return;
    printf("%d %d", answer[0], answer[1]);
}

/* --- less than a process usually has -------------------------------------------------------------- */
static int limit(int resource, rlim_t to) {
    struct rlimit now;
    getrlimit(resource, &now);
    now.rlim_cur = to < now.rlim_max ? to : now.rlim_max;
    return setrlimit(resource, &now);
}

static int forbid(void) {
    static struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_kill, 2, 0),
#ifdef SYS_readlink
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_readlink, 1, 0),
#else
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_readlinkat, 1, 0),
#endif
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
    };
    struct sock_fprog filter = {sizeof program / sizeof *program, program};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) return errno;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) ? errno : 0;
}

/* --- the end -------------------------------------------------------------------------------------- */
static void free_at_exit(void) {
    if (at_exit && cuMemFree_v2(at_exit)) _exit(7);
}

__attribute__((destructor)) static void free_in_destructor(void) {
    if (at_exit && give_back_all()) _exit(8);
}

static void obey(int words_count, char **words) {
    const char *word = words[0];
    size_t first = words_count > 1 ? number(words[1]) : 0;
    if (!strcmp(word, "take")) printf("%d", take(first));
    if (!strcmp(word, "fill")) fill(first);
    if (!strcmp(word, "giveback")) printf("%d", give_back_all());
    if (!strcmp(word, "thread-takes")) in_thread(thread_takes, (void *)first);
    if (!strcmp(word, "thread-gives-back")) in_thread(thread_gives_back, NULL);
    if (!strcmp(word, "cancel")) cancel((int)first, number(words[2]));
    if (!strcmp(word, "storm")) storm((int)first);
    if (!strcmp(word, "fork-idle")) printf("%d", in_child(child_does_nothing));
    if (!strcmp(word, "fork-use")) printf("%d", in_child(child_uses_the_card));
    if (!strcmp(word, "forks")) forks_beside_threads((int)first);
    if (!strcmp(word, "vfork")) printf("%d", by_vfork((int)first));
    if (!strcmp(word, "spawn")) printf("%d", by_spawn());
    if (!strcmp(word, "daemon")) daemonise(first);
    if (!strcmp(word, "address-space")) printf("%d", limit(RLIMIT_AS, first));
    if (!strcmp(word, "files")) printf("%d", limit(RLIMIT_NOFILE, first));
    if (!strcmp(word, "chroot")) printf("%d", chroot(words[1]) || chdir("/"));
    if (!strcmp(word, "user")) printf("%d", setuid((uid_t)first));
    if (!strcmp(word, "forbid")) printf("%d", forbid());
    if (!strcmp(word, "free-at-exit")) printf("%d", cuMemAlloc_v2(&at_exit, first) || atexit(free_at_exit));
    if (!strcmp(word, "plugin")) {
        void *plugin = dlopen(words[1], RTLD_NOW);
        CUresult (*run)(CUdeviceptr *, size_t) = plugin ? dlsym(plugin, "plugin_takes") : NULL;
        int result = run ? (int)run(&held[count++], number(words[2])) : 998;
        printf("%d %d", result, plugin ? dlclose(plugin) : 997);
    }
}
