/* A program of a slice: agent_client CARD MIB PHASE. Holds so much of the card and launches each
 * 100 ms, but rests for 3 s of every 20: those who share the card have then one neighbour less. Says
 * "up" once it holds what it holds; ends with its stdin. */
#include <dlfcn.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

typedef unsigned long long P;
/* Launches of one size each, for which the library has no price: it charges 20 us each and takes 50
 * at once, and only then says that the slice is at work. */
enum { EVERY_MS = 100, ROUND_S = 20, REST_S = 3, LAUNCHES = 3 };

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    void *driver = dlopen("libcuda.so.1", RTLD_NOW), *context = NULL;
    if (!driver) return 8;
    int (*init)(unsigned) = dlsym(driver, "cuInit");
    int (*retain)(void **, int) = dlsym(driver, "cuDevicePrimaryCtxRetain");
    int (*current)(void *) = dlsym(driver, "cuCtxSetCurrent");
    int (*alloc)(P *, size_t) = dlsym(driver, "cuMemAlloc_v2");
    int (*launch)(void *, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void *,
                  void **, void **) = dlsym(driver, "cuLaunchKernel");
    P block;
    unsigned grid = 0;
    if (init(0) || retain(&context, atoi(argv[1])) || current(context)) return 9;
    if (alloc(&block, (size_t)atol(argv[2]) << 20)) return 10;
    puts("up");
    fflush(stdout);
    struct pollfd end = {.fd = STDIN_FILENO, .events = POLLIN};
    while (poll(&end, 1, EVERY_MS) == 0) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        if ((now.tv_sec + atol(argv[3])) % ROUND_S < REST_S) continue;
        for (int i = 0; i < LAUNCHES; i++) {
            if (launch((void *)1, ++grid, 1, 1, 32, 1, 1, 0, 0, 0, 0)) return 11;
        }
    }
    return 0;
}
