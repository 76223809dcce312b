/* One line on stderr, once per process and reason: what is wrong and what to do. */
#ifndef TRANCHE_SAY_H
#define TRANCHE_SAY_H

enum say_reason {
    SAY_LIMITS_MISSING,
    SAY_LIMITS_MALFORMED,
    SAY_REGION_MISSING,
    SAY_REGION_MALFORMED,
    SAY_SLOTS_FULL,
    SAY_SLOT_LOST,
    SAY_CARD_NOT_GRANTED,
    SAY_NAMESPACE,
    SAY_REASONS
};

void say_once(enum say_reason reason);

/* The driver has a function that the tables do not: said of the first. */
void say_unknown(const char *name);

#endif
