#define _GNU_SOURCE
#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define START 1000000000000ull

enum { THREADS = 128, CARDS = 4, MAKING = TIMELINE_PROCESSES, REAL_PATIENCE = 50000000 };
enum { ABSENT, WORKS, WAITS };

struct waiter {
    uint32_t state; /* a futex */
    uint32_t process, card;
    uint32_t joined;
    uint64_t wake; /* TIMELINE_NEVER: for the card */
    uint64_t work; /* that it waits for; TIMELINE_NEVER: for room */
};

struct clock {
    uint32_t expected, joined; /* read and written by tests */
    uint32_t ready, processes;
    uint64_t now;
    pthread_mutex_t mutex;
    struct waiter threads[THREADS];
    struct timeline cards[CARDS];
};

static struct clock *shared;
static int file = -1, process;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Thread_local struct waiter *own;

/* Each process holds a lock on the byte of its number: the kernel drops it when it dies. */
static bool lock_byte(int command, short type, off_t byte, pid_t *holder) {
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    int result;
    do result = fcntl(file, command, &lock);
    while (result != 0 && errno == EINTR);
    if (holder) *holder = lock.l_type == F_UNLCK ? 0 : lock.l_pid;
    return result == 0;
}

static bool lives(uint32_t other) {
    pid_t holder;
    if ((int)other == process) return true;
    return lock_byte(F_GETLK, F_WRLCK, (off_t)(sizeof *shared + other), &holder) && holder;
}

static void make(void) {
    lock_byte(F_SETLKW, F_WRLCK, (off_t)(sizeof *shared + MAKING), NULL);
    if (!shared->ready) {
        pthread_mutexattr_t attributes;
        pthread_mutexattr_init(&attributes);
        pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
        pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
        pthread_mutex_init(&shared->mutex, &attributes);
        shared->now = START;
        for (int card = 0; card < CARDS; card++) shared->cards[card].now = START;
        shared->ready = 1;
    }
    process = (int)(shared->processes++ % TIMELINE_PROCESSES);
    lock_byte(F_SETLK, F_WRLCK, (off_t)(sizeof *shared + (unsigned)process), NULL);
    lock_byte(F_SETLK, F_UNLCK, (off_t)(sizeof *shared + MAKING), NULL);
}

static void map(void) {
    char path[4200];
    snprintf(path, sizeof path, "%s/run/fakegpu/clock", cards()->root);
    file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0 || ftruncate(file, sizeof *shared) != 0) return;
    void *at = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (at == MAP_FAILED) return;
    shared = at;
    make();
}

bool clock_is_simulated(void) {
    pthread_once(&once, map);
    return shared;
}

unsigned clock_process(void) {
    return (unsigned)process;
}

int clock_pid(unsigned other) {
    pid_t holder;
    if ((int)other == process) return (int)getpid();
    return lock_byte(F_GETLK, F_WRLCK, (off_t)(sizeof *shared + other), &holder) ? (int)holder : 0;
}

static void lock(void) {
    if (pthread_mutex_lock(&shared->mutex) == EOWNERDEAD) pthread_mutex_consistent(&shared->mutex);
}

static struct timeline *timeline(const struct card *card) {
    return &shared->cards[card->place % CARDS];
}

struct timeline *clock_enter(const struct card *card) {
    lock();
    return timeline(card);
}

void clock_leave(void) {
    pthread_mutex_unlock(&shared->mutex);
}

static bool is_due(const struct waiter *thread) {
    if (thread->wake != TIMELINE_NEVER) return thread->wake <= shared->now;
    const struct timeline *card = &shared->cards[thread->card];
    if (thread->work == TIMELINE_NEVER) return timeline_has_room(card, thread->process);
    return timeline_has_ended(card, thread->process, thread->work);
}

static bool somebody_works(void) {
    for (int i = 0; i < THREADS; i++) {
        if (shared->threads[i].state == WORKS) return true;
    }
    return shared->joined < shared->expected;
}

/* The first moment for which somebody waits. */
static uint64_t next(void) {
    uint64_t first = TIMELINE_NEVER;
    for (int i = 0; i < THREADS; i++) {
        const struct waiter *thread = &shared->threads[i];
        if (thread->state != WAITS) continue;
        uint64_t at = thread->wake;
        if (at == TIMELINE_NEVER) at = timeline_next(&shared->cards[thread->card]);
        if (at < first) first = at;
    }
    return first;
}

static void release(void) {
    for (int i = 0; i < THREADS; i++) {
        struct waiter *thread = &shared->threads[i];
        if (thread->state != WAITS || !is_due(thread)) continue;
        __atomic_store_n(&thread->state, WORKS, __ATOMIC_RELEASE);
        syscall(SYS_futex, &thread->state, FUTEX_WAKE, 1, NULL, NULL, 0);
    }
}

static void advance(void) {
    while (!somebody_works()) {
        uint64_t to = next();
        if (to == TIMELINE_NEVER) return;
        if (to > shared->now) shared->now = to;
        for (int card = 0; card < CARDS; card++) timeline_run(&shared->cards[card], shared->now);
        release();
    }
}

static void bury_the_dead(void) {
    for (int i = 0; i < THREADS; i++) {
        struct waiter *thread = &shared->threads[i];
        if (thread->state == ABSENT || lives(thread->process)) continue;
        for (int card = 0; card < CARDS; card++) timeline_drop(&shared->cards[card], thread->process);
        thread->state = ABSENT;
    }
}

static struct waiter *take_place(void) {
    for (int i = 0; i < THREADS; i++) {
        if (shared->threads[i].state != ABSENT) continue;
        shared->threads[i] = (struct waiter){.process = (uint32_t)process, .state = WORKS};
        return &shared->threads[i];
    }
    return NULL;
}

/* A thread that has not joined takes part while it waits. */
static void wait_as(uint64_t wake, uint32_t card, uint64_t work) {
    lock();
    struct waiter *thread = own ? own : take_place();
    if (thread) {
        thread->wake = wake;
        thread->card = card;
        thread->work = work;
        thread->state = WAITS;
        if (is_due(thread)) thread->state = WORKS;
        advance();
    }
    clock_leave();
    struct timespec patience = {.tv_nsec = REAL_PATIENCE};
    while (thread && __atomic_load_n(&thread->state, __ATOMIC_ACQUIRE) == WAITS) {
        long result = syscall(SYS_futex, &thread->state, FUTEX_WAIT, WAITS, &patience, NULL, 0);
        if (result == 0 || errno != ETIMEDOUT) continue;
        lock();
        bury_the_dead();
        advance();
        clock_leave();
    }
    if (thread && !own) {
        lock();
        thread->state = ABSENT;
        advance();
        clock_leave();
    }
}

void clock_wait_for(const struct card *card, uint64_t work) {
    wait_as(TIMELINE_NEVER, (uint32_t)card->place % CARDS, work);
}

EXPORT uint64_t fakegpu_now(void) {
    if (clock_is_simulated()) return __atomic_load_n(&shared->now, __ATOMIC_RELAXED);
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000ull + (uint64_t)time.tv_nsec;
}

EXPORT void fakegpu_wait(uint64_t ns) {
    if (clock_is_simulated()) {
        wait_as(shared->now + ns, 0, 0);
        return;
    }
    struct timespec time = {.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};
    nanosleep(&time, NULL);
}

EXPORT void fakegpu_join(void) {
    if (!clock_is_simulated() || own) return;
    lock();
    own = take_place();
    shared->joined++;
    clock_leave();
    fakegpu_wait(1); /* until all are there */
}

EXPORT void fakegpu_leave(void) {
    if (!own) return;
    lock();
    own->state = ABSENT;
    own = NULL;
    advance();
    clock_leave();
}

uint64_t clock_worked(int place, unsigned other, uint64_t from, uint64_t to) {
    uint64_t sum = 0;
    lock();
    for (uint64_t tick = from / TIMELINE_TICK; tick < to / TIMELINE_TICK; tick++) {
        sum += shared->cards[place % CARDS].busy[tick % TIMELINE_TICKS][other];
    }
    clock_leave();
    return sum;
}

/* Of this process. */
EXPORT uint64_t fakegpu_worked(int place, uint64_t from, uint64_t to) {
    return clock_is_simulated() ? clock_worked(place, (unsigned)process, from, to) : 0;
}
