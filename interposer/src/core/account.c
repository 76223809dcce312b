#include "account.h"

#define LOAD(word) __atomic_load_n(&(word), __ATOMIC_SEQ_CST)

enum { PIN_SHIFT = 32, PIN_BITS = 12, VERSION_SHIFT = PIN_SHIFT + PIN_BITS };

#define MOST_STEPS UINT32_MAX
#define MOST_PINS ((1u << PIN_BITS) - 1)

static uint64_t steps(uint64_t word) {
    return word & MOST_STEPS;
}

static unsigned pins(uint64_t word) {
    return (unsigned)(word >> PIN_SHIFT) & MOST_PINS;
}

static bool change(struct account *account, uint64_t *word, unsigned to_pins, uint64_t to_steps) {
    uint64_t version = (*word >> VERSION_SHIFT) + 1;
    uint64_t wanted = version << VERSION_SHIFT | (uint64_t)to_pins << PIN_SHIFT | to_steps;
    return __atomic_compare_exchange_n(&account->word, word, wanted, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

enum ledger_answer account_reserve(struct account *account, const struct ledger *ledger,
                                   unsigned card, uint64_t bytes) {
    /* A quarter of what the word can hold, so that several in flight cannot fill it. */
    if (bytes / ACCOUNT_STEP > MOST_STEPS / 4) return LEDGER_FULL;
    enum ledger_answer answer = ledger_try(ledger, card, bytes);
    if (answer == LEDGER_GRANTED) __atomic_fetch_add(&account->in_flight, bytes, __ATOMIC_SEQ_CST);
    return answer;
}

static void fold(struct account *account, uint64_t bytes) {
    if (!bytes) return;
    uint64_t word = LOAD(account->word);
    while (!change(account, &word, pins(word), steps(word) + bytes / ACCOUNT_STEP)) {
    }
    __atomic_fetch_sub(&account->in_flight, bytes, __ATOMIC_SEQ_CST);
}

void account_settle(struct account *account, const struct ledger *ledger, unsigned card,
                    uint64_t reserved, account_truth *truth, const void *of) {
    fold(account, reserved);
    for (;;) {
        uint64_t word = LOAD(account->word), bytes;
        if (!truth(of, &bytes)) return;
        uint64_t true_steps = bytes / ACCOUNT_STEP + (bytes % ACCOUNT_STEP != 0);
        /* What is in flight may be in the truth already; the last of them settles that. */
        uint64_t covered = steps(word) + LOAD(account->in_flight) / ACCOUNT_STEP;
        if (true_steps < steps(word)) {
            if (pins(word)) return;
            uint64_t rest = (steps(word) - true_steps) * ACCOUNT_STEP;
            if (!change(account, &word, 0, true_steps)) continue;
            ledger_release(ledger, card, rest);
            return;
        }
        if (true_steps <= covered || true_steps > MOST_STEPS) return;
        /* It took more than it was thought to. */
        uint64_t more = true_steps - covered;
        ledger_charge(ledger, card, more * ACCOUNT_STEP);
        if (change(account, &word, pins(word), steps(word) + more)) return;
        ledger_release(ledger, card, more * ACCOUNT_STEP);
    }
}

bool account_pin(struct account *account) {
    uint64_t word = LOAD(account->word);
    do {
        if (pins(word) == MOST_PINS) return false;
    } while (!change(account, &word, pins(word) + 1, steps(word)));
    return true;
}

void account_unpin(struct account *account) {
    uint64_t word = LOAD(account->word);
    while (!change(account, &word, pins(word) - 1, steps(word))) {
    }
}

uint64_t account_charged(const struct account *account) {
    return steps(LOAD(account->word)) * ACCOUNT_STEP;
}
