/* A library in front of libc, as many a profiler is: it finds the next getppid with RTLD_NEXT. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <unistd.h>

static int depth;

pid_t getppid(void) {
    pid_t (*next)(void) = (pid_t(*)(void))dlsym(RTLD_NEXT, "getppid");
    pid_t (*again)(void) = (pid_t(*)(void))dlvsym(RTLD_NEXT, "getppid", "GLIBC_2.2.5");
    if (depth++ || !next || (again && again != next)) return -1; /* it found itself */
    pid_t parent = next();
    depth--;
    return parent;
}
