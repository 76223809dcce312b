/* The books of what the driver grows and shrinks by itself, with a driver that lets other threads get
 * in between at the worst moment. Prints what each case ends with, in MiB: what the driver has, what
 * the account has charged, what the ledger counts as used. */
#include "core/account.h"

#include <stdio.h>
#include <stdlib.h>

#define MIB (1ull << 20)

static struct tranche_limits limits = {.card_count = 1, .cards = {{.memory_bytes = 1000 * MIB}}};
static struct ledger ledger;
static struct account account;
static uint64_t driver;           /* what it has */
static void (*meanwhile)(void);   /* what others do just after it was asked */

bool process_is_dead(const struct process *self, const struct process *other) {
    return (void)self, (void)other, false;
}

static void no_wait(unsigned attempt) {
    (void)attempt;
}

static const struct ledger_effects EFFECTS = {process_is_dead, no_wait};

static bool ask(const void *of, uint64_t *bytes) {
    (void)of;
    *bytes = driver;
    void (*others)(void) = meanwhile;
    meanwhile = NULL;
    if (others) others();
    return true;
}

static bool silent(const void *of, uint64_t *bytes) {
    return (void)of, (void)bytes, false;
}

static void settle(uint64_t reserved) {
    account_settle(&account, &ledger, 0, reserved, ask, NULL);
}

static void reserve(uint64_t bytes) {
    if (account_reserve(&account, &ledger, 0, bytes) != LEDGER_GRANTED) exit(3);
}

static void grow(uint64_t reserved, uint64_t by) {
    reserve(reserved);
    driver += by;
    settle(reserved);
}

static void others_grow_by_32(void) {
    grow(32 * MIB, 32 * MIB);
}

static void show(const char *name) {
    uint64_t charged = account_charged(&account) / MIB, used = ledger_used(&ledger, 0) / MIB;
    printf("%s %llu %llu %llu\n", name, (unsigned long long)driver / MIB, (unsigned long long)charged,
           (unsigned long long)used);
    account = (struct account){0};
    ledger_release(&ledger, 0, ledger_used(&ledger, 0));
    driver = 0;
}

int main(void) {
    ledger = (struct ledger){.region = calloc(1, sizeof(struct tranche_region)),
                             .limits = &limits, .effects = &EFFECTS, .self = {.owner = 7}};
    if (!ledger_claim(&ledger)) return 2;

    grow(32 * MIB, 0);
    show("did-not-grow");
    grow(32 * MIB, 32 * MIB);
    show("grew");
    grow(32 * MIB, 96 * MIB);
    show("took-more");
    grow(64 * MIB, 64 * MIB);
    driver = 0;
    settle(0);
    show("gave-back");

    /* The charge is back at 64 when the first one comes to lower it to the 32 that it has seen. */
    grow(64 * MIB, 64 * MIB);
    driver = 32 * MIB;
    meanwhile = others_grow_by_32;
    settle(0);
    show("others-grew");

    grow(32 * MIB, 32 * MIB);
    reserve(32 * MIB);
    driver += 32 * MIB;
    settle(0);
    show("in-flight");

    grow(64 * MIB, 64 * MIB);
    account_pin(&account);
    driver = 0;
    settle(0);
    show("pinned");
    grow(64 * MIB, 64 * MIB);
    account_pin(&account);
    account_unpin(&account);
    driver = 0;
    settle(0);
    show("unpinned");

    reserve(32 * MIB);
    driver = 32 * MIB;
    account_settle(&account, &ledger, 0, 32 * MIB, silent, NULL);
    show("silent");
    return 0;
}
