/* Runs a few tasks in every order that differs by so many preemptions and deaths.
 *
 * Include before the code that is explored: each atomic access in it becomes a step, before which
 * another task may go on, or the task's process may be killed. All accesses of the explored code
 * are sequentially consistent, so one after another is all that can happen. The search is that of
 * Musuvathi and Qadeer, "Iterative context bounding for systematic testing" (2007): faults need few
 * preemptions, so those with few are tried all. */
#ifndef EXPLORE_H
#define EXPLORE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>

enum { MOST_TASKS = 4, MOST_CHOICES = 4096, STACK = 64 << 10, MOST_RUNS = 400000 };

struct task {
    void (*run)(int task);
    int process; /* that dies with it */
    bool over, killed;
    ucontext_t context;
};

static struct task tasks[MOST_TASKS];
static int task_count, current, preemptions_left, kills_left;
static ucontext_t explorer;
static char stacks[MOST_TASKS][STACK] __attribute__((aligned(64)));

/* The path through the tree of choices: what was chosen of how many, in this run and, up to `known`,
 * in the one before. */
static struct {
    int chosen, of;
} choices[MOST_CHOICES];
static int depth, known;

static int choose(int of) {
    if (of <= 1 || depth == MOST_CHOICES) return 0;
    if (depth >= known) choices[depth].chosen = 0, choices[depth].of = of;
    return choices[depth++].chosen;
}

static bool next_path(void) {
    for (known = depth; known; known--) {
        if (++choices[known - 1].chosen < choices[known - 1].of) return true;
    }
    return false;
}

static bool runnable(int task) {
    return !tasks[task].over && !tasks[task].killed;
}

/* The n-th of the others that can go on, in a ring; -1: there are no so many. */
static int other(int n) {
    for (int i = 1; i < task_count; i++) {
        int task = (current + i) % task_count;
        if (runnable(task) && n-- == 0) return task;
    }
    return -1;
}

static int others(void) {
    int n = 0;
    while (other(n) >= 0) n++;
    return n;
}

static void go_to(int task) {
    ucontext_t *from = &tasks[current].context;
    current = task;
    swapcontext(from, task < 0 ? &explorer : &tasks[task].context);
}

static void after_kill(int process);

static void kill_current(void) {
    int process = tasks[current].process;
    for (int i = 0; i < task_count; i++) tasks[i].killed |= tasks[i].process == process;
    kills_left--;
    after_kill(process);
    go_to(others() ? other(choose(others())) : -1);
}

static void step(void) {
    if (current < 0) return;
    int switches = preemptions_left ? others() : 0, kills = kills_left ? 1 : 0;
    int choice = choose(1 + switches + kills);
    if (choice == 0) return;
    if (choice > switches) kill_current();
    preemptions_left--;
    go_to(other(choice - 1));
}

/* Lets the next task go on, at no cost: what a task does that waits for another. */
static void yield(void) {
    if (current >= 0 && others()) go_to(other(0));
}

static void task_main(int task) {
    tasks[task].run(task);
    tasks[task].over = true;
    go_to(others() ? other(choose(others())) : -1);
}

static void add_task(int process, void (*run)(int)) {
    struct task *task = &tasks[task_count];
    *task = (struct task){.run = run, .process = process};
    getcontext(&task->context);
    task->context.uc_stack.ss_sp = stacks[task_count];
    task->context.uc_stack.ss_size = STACK;
    makecontext(&task->context, (void (*)(void))task_main, 1, task_count++);
}

/* All runs of what `set_up` adds, or the first so many; how many there were. */
static long explore(int preemptions, int kills, void (*set_up)(void), void (*at_end)(void)) {
    long runs = 0;
    known = 0;
    do {
        depth = task_count = 0;
        preemptions_left = preemptions, kills_left = kills;
        current = -1;
        set_up();
        current = choose(task_count);
        swapcontext(&explorer, &tasks[current].context);
        current = -1;
        at_end();
        runs++;
    } while (next_path() && runs < MOST_RUNS);
    return runs;
}

#define __atomic_load_n(at, order) (step(), *(at))
#define __atomic_store_n(at, value, order) (step(), (void)(*(at) = (value)))
#define __atomic_fetch_add(at, value, order) (step(), (*(at) += (value)) - (value))
#define __atomic_fetch_sub(at, value, order) (step(), (*(at) -= (value)) + (value))
#define __atomic_compare_exchange_n(at, expected, value, weak, order, otherwise) \
    ({                                                                            \
        step();                                                                   \
        bool same_ = *(at) == *(expected);                                        \
        if (same_) *(at) = (value);                                               \
        else *(expected) = *(at);                                                 \
        same_;                                                                    \
    })

#endif
