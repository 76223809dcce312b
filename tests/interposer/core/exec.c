/* A judge that was slow: while it found a slot's owner dead (the program had called exec), another took
 * the slot back and the same process, by its id and start time, claimed it for its new program. Prints
 * whether that still has it. */
#include <stdio.h>

#include "core/ledger.h"

static struct tranche_region region;
static struct tranche_limits limits = {.cards = {{.memory_bytes = 1000}}};
static struct ledger old_program, new_program, judge, other;

static bool always_dead(const struct process *self, const struct process *asked) {
    (void)self, (void)asked;
    return true;
}

static bool slowly_dead(const struct process *self, const struct process *asked) {
    static bool before;
    (void)self, (void)asked;
    if (before) return true;
    before = true;
    ledger_reclaim(&other);
    ledger_claim(&new_program);
    return true;
}

static void no_wait(unsigned attempt) {
    (void)attempt;
}

static const struct ledger_effects QUICK = {always_dead, no_wait}, SLOW = {slowly_dead, no_wait};

int main(void) {
    struct ledger made = {.region = &region, .limits = &limits, .effects = &QUICK, .self = {.owner = 77}};
    old_program = new_program = other = judge = made;
    other.self.owner = 78, other.slot = TRANCHE_MAX_SLOTS;
    judge.self.owner = 79, judge.slot = TRANCHE_MAX_SLOTS, judge.effects = &SLOW;
    ledger_claim(&old_program);
    ledger_reserve(&old_program, 0, 600);
    ledger_reclaim(&judge);
    bool has = ledger_reserve(&new_program, 0, 900) == LEDGER_GRANTED;
    printf("%s\n", has && new_program.slot == old_program.slot ? "kept" : "lost");
    return 0;
}
