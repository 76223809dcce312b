/* The ledger in every order of its steps that a few preemptions and one SIGKILL make, against a
 * driver that counts: ledger SCENARIO PREEMPTIONS KILLS. Prints the number of runs, and then what was
 * wrong, if anything. */
#include "explore.h"

#include "core/ledger.c"

#include <stdlib.h>

enum { LIMIT = 100, PROCESSES = 4, DEAD = 9, SLOTS = 6 };

static struct tranche_region region;
static struct tranche_limits limits;
static struct ledger ledgers[PROCESSES];
static uint64_t held[PROCESSES], truth; /* what the driver has given */
static bool dead[16];
static int granted;
static bool someone_died; /* in this run */
static const char *wrong;

static void check(bool right, const char *what) {
    if (!right && !wrong) wrong = what;
}

static void after_kill(int process) {
    dead[process + 1] = someone_died = true;
    truth -= held[process];
    held[process] = 0;
}

static bool is_dead(const struct process *self, const struct process *asked) {
    (void)self;
    step(); /* it looks into /proc */
    return dead[asked->owner & 15];
}

static void wait_for_others(unsigned attempt) {
    (void)attempt;
    yield();
}

static const struct ledger_effects EFFECTS = {.is_dead = is_dead, .wait = wait_for_others};

static bool claim(int process) {
    ledgers[process] = (struct ledger){
        .region = &region, .limits = &limits, .effects = &EFFECTS, .self = {.owner = (uint64_t)process + 1}};
    return ledger_claim(&ledgers[process]);
}

/* As a hook does: reserve, then the driver. */
static bool take(int process, uint64_t bytes) {
    enum ledger_answer answer = ledger_reserve(&ledgers[process], 0, bytes);
    check(answer != LEDGER_SLOT_LOST, "a slot was taken from the living");
    if (answer != LEDGER_GRANTED) return false;
    granted++;
    step();
    truth += bytes, held[process] += bytes;
    check(truth <= LIMIT, "over the limit");
    return true;
}

static void give_back(int process, uint64_t bytes) {
    step();
    truth -= bytes, held[process] -= bytes;
    ledger_release(&ledgers[process], 0, bytes);
}

static void take_much_and_give_back(int task) {
    int process = tasks[task].process;
    if (ledgers[process].region || claim(process)) {
        if (take(process, 60)) give_back(process, 60);
    }
}

static void take_much_and_keep(int task) {
    int process = tasks[task].process;
    if (claim(process)) take(process, 60);
}

static void take_little_twice(int task) {
    int process = tasks[task].process;
    if (claim(process) && take(process, 30) && take(process, 30)) give_back(process, 30);
}

/* A slot as a killed process leaves it. */
static void leave_slot(unsigned slot, uint64_t bytes) {
    region.stamp = TRANCHE_REGION_STAMP;
    region.slots[slot] = (struct tranche_region_slot){.owner = DEAD, .exec_mark = 1, .trying = 1};
    region.used[0][slot] = bytes;
    region.slots_high = slot + 1;
}

static void clear(void) {
    memset(&region, 0, offsetof(struct tranche_region, slots) + SLOTS * sizeof region.slots[0]);
    for (unsigned slot = 0; slot < SLOTS; slot++) region.used[0][slot] = 0;
    memset(ledgers, 0, sizeof ledgers);
    memset(held, 0, sizeof held);
    memset(dead, 0, sizeof dead);
    limits.cards[0].memory_bytes = LIMIT;
    dead[DEAD] = true;
    truth = 0;
    granted = 0;
    someone_died = false;
}

static void processes(void) {
    clear();
    add_task(0, take_much_and_keep);
    add_task(1, take_much_and_keep);
}

static void threads(void) {
    clear();
    claim(0);
    add_task(0, take_much_and_give_back);
    add_task(0, take_much_and_give_back);
    add_task(1, take_much_and_keep);
}

static void the_dead(void) {
    clear();
    leave_slot(0, LIMIT);
    add_task(0, take_much_and_keep);
    add_task(1, take_much_and_keep);
    add_task(2, take_little_twice);
}

/* All are there when one dies, so two come to reclaim its slot while a third claims it. */
static void the_dying(void) {
    clear();
    claim(0), claim(1);
    leave_slot(2, LIMIT);
    add_task(0, take_much_and_give_back);
    add_task(1, take_much_and_give_back);
    add_task(2, take_little_twice);
}

/* Nobody comes who would look for a slot, so the dead must be looked for when there is no room. */
static void the_dead_and_no_newcomer(void) {
    clear();
    claim(0), claim(1);
    leave_slot(2, LIMIT);
    add_task(0, take_much_and_give_back);
    add_task(1, take_much_and_give_back);
}

static void at_end(void) {
    check(granted || someone_died, "all were refused, though one would have fit");
    for (int i = 0; i < PROCESSES; i++) {
        if (!ledgers[i].region || dead[i + 1]) continue;
        check(region.used[0][ledgers[i].slot] == held[i], "a living process's books are not true");
    }
    /* Whoever comes now gets all that nobody living has. */
    const int fresh = PROCESSES - 1;
    check(claim(fresh) && ledger_reserve(&ledgers[fresh], 0, LIMIT - truth) == LEDGER_GRANTED,
          "memory was lost");
    check(ledger_reserve(&ledgers[fresh], 0, 1) == LEDGER_FULL, "more than the limit is granted");
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        uint64_t owner = region.slots[slot].owner;
        check(dead[owner & 15] || !region.slots[slot].trying, "a slot tries for ever");
    }
    if (wrong) {
        printf("%s; choices:", wrong);
        for (int i = 0; i < depth; i++) printf(" %d/%d", choices[i].chosen, choices[i].of);
        printf("\n");
        exit(1);
    }
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*set_up)(void);
    } SCENARIOS[] = {
        {"processes", processes},
        {"threads", threads},
        {"the-dead", the_dead},
        {"the-dying", the_dying},
        {"no-newcomer", the_dead_and_no_newcomer},
    };
    for (unsigned i = 0; argc == 4 && i < sizeof SCENARIOS / sizeof *SCENARIOS; i++) {
        if (strcmp(argv[1], SCENARIOS[i].name)) continue;
        printf("%ld\n", explore(atoi(argv[2]), atoi(argv[3]), SCENARIOS[i].set_up, at_end));
        return 0;
    }
    return 2;
}
