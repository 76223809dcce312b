/* A driver that forgets a context's memory early and frees it late: with -DDRIVER that driver, without
 * it the program. One context is ended in a thread, which stays in the driver; another one is ended
 * meanwhile. Prints what the region has counted before, meanwhile and after. */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef DRIVER
enum { FORGETFUL = 0x1001 };
static int inside, go_on, forgotten;

int cuInit(unsigned flags) { return (int)flags; }
int cuCtxGetDevice(int *device) { return *device = 0; }
int cuDeviceGetUuid_v2(void *uuid, int device) { return memcpy(uuid, CARD, 16), device; }
int cuMemAlloc_v2(uint64_t *at, size_t bytes) { return *at = 0x700000000000, bytes ? 0 : 1; }
int cuPointerGetAttribute(void *data, int which, uint64_t at) {
    return (void)data, (void)which, (void)at, __atomic_load_n(&forgotten, __ATOMIC_SEQ_CST);
}

int cuCtxCreate_v2(void **context, unsigned flags, int device) {
    static uintptr_t last = 0x1000;
    return (void)flags, *context = (void *)++last, device;
}

int cuCtxDestroy_v2(void *context) {
    if ((uintptr_t)context != FORGETFUL) return 0;
    __atomic_store_n(&forgotten, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&inside, 1, __ATOMIC_SEQ_CST);
    while (!__atomic_load_n(&go_on, __ATOMIC_SEQ_CST)) usleep(1000);
    return 0;
}

void wait_until_inside(void) {
    while (!__atomic_load_n(&inside, __ATOMIC_SEQ_CST)) usleep(1000);
}

void let_go_on(void) { __atomic_store_n(&go_on, 1, __ATOMIC_SEQ_CST); }
#else
static void *driver;
#define F(name) ((int (*)())dlsym(driver, #name))

static void *end(void *context) {
    F(cuCtxDestroy_v2)(context);
    return NULL;
}

int main(void) {
    void *one = NULL, *two = NULL;
    uint64_t at;
    pthread_t thread;
    driver = dlopen("libcuda.so.1", RTLD_NOW);
    if (!driver || F(cuInit)(0) || F(cuCtxCreate_v2)(&one, 0, 0) || F(cuCtxCreate_v2)(&two, 0, 0)) return 8;
    if (F(cuMemAlloc_v2)(&at, (size_t)4096)) return 9;
    int file = open(REGION, O_RDONLY);
    const volatile uint64_t *used = mmap(NULL, 1 << 17, PROT_READ, MAP_SHARED, file, 0);
    used += 69632 / 8;
    printf("%d ", (int)*used);
    pthread_create(&thread, NULL, end, one);
    F(wait_until_inside)();
    F(cuCtxDestroy_v2)(two);
    printf("%d ", (int)*used);
    F(let_go_on)();
    pthread_join(thread, NULL);
    printf("%d\n", (int)*used);
    return 0;
}
#endif
