#define _GNU_SOURCE
#include "oracle.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct oracle *shared; /* NULL: no file, this process counts alone */
static int file = -1;
static bool mapped;
static bool only_read; /* the file may not be written, as under a driver root mounted so */
static unsigned generation = 1;  /* grows with each fork between the first process and this one */
static unsigned slot_generation; /* that has taken own_slot */
static _Thread_local unsigned attached_generation;
static unsigned own_slot;
static uint64_t alone[MOST_CARDS];
static pthread_mutex_t attaching = PTHREAD_MUTEX_INITIALIZER;

static bool lock_byte(int command, short type, off_t byte) {
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    int result;
    do result = fcntl(file, command, &lock);
    while (result != 0 && errno == EINTR);
    return result == 0;
}

int oracle_slot_holder(int of_file, unsigned slot) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET,
                         .l_start = ORACLE_LOCK_BYTE(slot), .l_len = 1};
    if (fcntl(of_file, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) return -1;
    return lock.l_pid;
}

static uint64_t pid_namespace(void) {
    struct stat status;
    return stat("/proc/self/ns/pid", &status) == 0 ? status.st_ino : 0;
}

/* Random bytes that the kernel gives to each program that it starts. */
static uint64_t program(void) {
    uint64_t bytes = 0;
    const void *at = (const void *)getauxval(AT_RANDOM);
    if (at) memcpy(&bytes, at, sizeof bytes);
    return bytes;
}

/* The spin lock's holder while a process takes its slot: one at a time, by a lock on this byte. */
enum { CLAIMING = ORACLE_SLOTS };

/* Not by the slot's number: the fake NVML beside the fake CUDA has none. */
static bool is_own(const struct oracle_process *process) {
    return process->pid == getpid() && process->program == program() &&
           process->pid_namespace == pid_namespace();
}

/* A process does not see its own locks. */
static int holder(unsigned slot) {
    bool own = slot != CLAIMING && is_own(&shared->processes[slot]);
    return own ? getpid() : oracle_slot_holder(file, slot);
}

static bool lives(unsigned slot) {
    return holder(slot) >= 0;
}

static unsigned high(void) {
    uint32_t slots = __atomic_load_n(&shared->slots_high, __ATOMIC_ACQUIRE);
    return slots <= ORACLE_SLOTS ? slots : ORACLE_SLOTS;
}

static void add_up(void) {
    uint64_t sums[MOST_CARDS] = {0};
    for (unsigned slot = 0; slot < high(); slot++) {
        const struct oracle_process *process = &shared->processes[slot];
        for (int card = 0; process->taken && card < MOST_CARDS; card++) sums[card] += process->used[card];
    }
    for (int card = 0; card < MOST_CARDS; card++) shared->cards[card].used = sums[card];
}

static void enter(unsigned as) {
    for (unsigned turns = 1;; turns++) {
        uint32_t nobody = 0;
        if (__atomic_compare_exchange_n(&shared->holder, &nobody, as + 1, false,
                                        __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
            return;
        }
        if (turns % 64 == 0) sched_yield();
        if (turns % 65536 || lives(nobody - 1)) continue;
        if (__atomic_compare_exchange_n(&shared->holder, &nobody, as + 1, false,
                                        __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
            add_up(); /* it may have died between a slot and its sum */
            return;
        }
    }
}

static void leave(void) {
    __atomic_store_n(&shared->holder, 0, __ATOMIC_RELEASE);
}

/* What a process that dies has goes back to the card at once, with a real driver. */
static void bury_the_dead(void) {
    for (unsigned slot = 0; slot < high(); slot++) {
        struct oracle_process *process = &shared->processes[slot];
        if (!process->taken || lives(slot)) continue;
        memset(process, 0, sizeof *process);
    }
    add_up();
}

static void map(void) {
    char path[4200];
    snprintf(path, sizeof path, "%s/run/fakegpu/oracle", cards()->root);
    file = open(path, O_RDWR | O_CLOEXEC);
    only_read = file < 0;
    if (only_read) file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    struct stat status;
    void *at = MAP_FAILED;
    if (fstat(file, &status) == 0 && (size_t)status.st_size >= ORACLE_SIZE) {
        at = mmap(NULL, ORACLE_SIZE, only_read ? PROT_READ : PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    }
    if (at == MAP_FAILED) {
        fprintf(stderr, "fake driver: %s is no oracle; counting for this process alone\n", path);
        return;
    }
    shared = at;
}

static void describe(void) {
    for (int i = 0; i < cards()->count; i++) {
        memcpy(shared->cards[i].uuid, cards()->all[i].uuid, 16);
        shared->cards[i].total = cards()->all[i].bytes;
    }
    shared->card_count = (uint32_t)cards()->count;
    shared->version = ORACLE_VERSION;
    shared->magic = ORACLE_MAGIC;
}

/* Only once a dead one's record is cleared may its slot be locked anew: its memory would seem to be
 * the new one's. */
static void take_slot(void) {
    lock_byte(F_SETLKW, F_WRLCK, ORACLE_LOCK_BYTE(CLAIMING));
    enter(CLAIMING);
    describe();
    bury_the_dead();
    for (own_slot = 0; own_slot < ORACLE_SLOTS; own_slot++) {
        struct oracle_process *own = &shared->processes[own_slot];
        if (own->taken || !lock_byte(F_SETLK, F_WRLCK, ORACLE_LOCK_BYTE(own_slot))) continue;
        *own = (struct oracle_process){
            .pid = getpid(), .pid_namespace = pid_namespace(), .program = program(), .taken = 1};
        if (shared->slots_high <= own_slot) shared->slots_high = own_slot + 1;
        break;
    }
    leave();
    lock_byte(F_SETLK, F_UNLCK, ORACLE_LOCK_BYTE(CLAIMING));
    if (own_slot == ORACLE_SLOTS) {
        fprintf(stderr, "fake driver: the oracle has no free slot\n");
        shared = NULL;
    }
}

static void after_fork(void) {
    generation++;
    pthread_mutex_init(&attaching, NULL);
}

/* Attaches this process, at its first use and again after a fork. By a counter, since glibc asks the
 * kernel for the process's id each time. */
static void ready(bool with_slot) {
    static int registered;
    if (attached_generation == generation) return;
    if (!__atomic_exchange_n(&registered, 1, __ATOMIC_ACQ_REL)) {
        pthread_atfork(NULL, NULL, after_fork);
    }
    pthread_mutex_lock(&attaching);
    if (!mapped) map();
    mapped = true;
    if (with_slot && slot_generation != generation) {
        memset(alone, 0, sizeof alone);
        if (only_read) shared = NULL;
        if (shared) take_slot();
        slot_generation = generation;
    }
    pthread_mutex_unlock(&attaching);
    if (with_slot) attached_generation = generation;
}

bool oracle_take(const struct card *card, uint64_t bytes) {
    ready(true);
    if (!shared) {
        uint64_t now = __atomic_add_fetch(&alone[card->place], bytes, __ATOMIC_SEQ_CST);
        if (now <= card->bytes) return true;
        __atomic_fetch_sub(&alone[card->place], bytes, __ATOMIC_SEQ_CST);
        return false;
    }
    struct oracle_card *counted = &shared->cards[card->place];
    enter(own_slot);
    if (counted->used + bytes > counted->peak || counted->used + bytes > card->bytes) bury_the_dead();
    bool fits = bytes <= card->bytes && counted->used + bytes <= card->bytes;
    if (fits) {
        shared->processes[own_slot].used[card->place] += bytes;
        counted->used += bytes;
        if (counted->used > counted->peak) counted->peak = counted->used;
    }
    leave();
    return fits;
}

void oracle_give_back(const struct card *card, uint64_t bytes) {
    ready(true);
    if (!shared) {
        __atomic_fetch_sub(&alone[card->place], bytes, __ATOMIC_SEQ_CST);
        return;
    }
    enter(own_slot);
    shared->processes[own_slot].used[card->place] -= bytes;
    shared->cards[card->place].used -= bytes;
    leave();
}

uint64_t oracle_used(const struct card *card) {
    ready(false);
    if (!shared) return __atomic_load_n(&alone[card->place], __ATOMIC_SEQ_CST);
    uint64_t used = 0;
    for (unsigned slot = 0; slot < high(); slot++) {
        const struct oracle_process *process = &shared->processes[slot];
        if (process->taken && process->used[card->place] && lives(slot)) {
            used += process->used[card->place];
        }
    }
    return used < card->bytes ? used : card->bytes;
}

unsigned oracle_processes(const struct card *card, unsigned room, int *pids, uint64_t *bytes) {
    ready(false);
    unsigned count = 0;
    for (unsigned slot = 0; shared && slot < high(); slot++) {
        const struct oracle_process *process = &shared->processes[slot];
        if (!process->taken || !process->used[card->place]) continue;
        int pid = holder(slot);
        if (pid < 0) continue;
        if (count < room) {
            pids[count] = pid;
            bytes[count] = process->used[card->place];
        }
        count++;
    }
    return count;
}
