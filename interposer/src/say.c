#include "say.h"

#include <string.h>

#include "sys.h"
#include "tranche/paths.h"

#define START "tranche: no device memory is granted: "
#define ANEW " Delete the pod to have it started anew; if that does not help, look at the node agent.\n"

static const char *const LINES[SAY_REASONS] = {
    [SAY_LIMITS_MISSING] =
        START TRANCHE_LIMITS_PATH " cannot be read; it says how large this container's slice is." ANEW,
    [SAY_LIMITS_MALFORMED] = START TRANCHE_LIMITS_PATH " is not a limits file of version 2." ANEW,
    [SAY_REGION_MISSING] =
        START TRANCHE_REGION_PATH " cannot be opened for writing; this container's processes count "
              "in it." ANEW,
    [SAY_REGION_MALFORMED] =
        START TRANCHE_REGION_PATH " is too short or of another version." ANEW,
    [SAY_SLOTS_FULL] = START "1024 processes of this container use cards already; end some of them.\n",
    [SAY_SLOT_LOST] =
        START TRANCHE_REGION_PATH " was changed by something else than this library." ANEW,
    [SAY_NAMESPACE] =
        ("tranche: a library was not loaded with dlmopen, since the driver in a namespace of its own "
         "would be out of the slice's reach; load it with dlopen.\n"),
    [SAY_CARD_NOT_GRANTED] =
        START "this card is not part of the container's slice; use one that is, or ask for this one "
              "(tranche.dev/gpu).\n",
};

static unsigned said[SAY_REASONS], unknown_said;

void say_once(enum say_reason reason) {
    if (__atomic_exchange_n(&said[reason], 1u, __ATOMIC_RELAXED)) return;
    const char *line = LINES[reason];
    (void)syscall(SYS_write, 2, line, strlen(line));
}

void say_unknown(const char *name) {
    static const char before[] = "tranche: the driver has ", after[] =
        ", which this release does not know: it passes, and what it takes is not counted. A newer "
        "release may know it.\n";
    if (__atomic_exchange_n(&unknown_said, 1u, __ATOMIC_RELAXED)) return;
    char line[sizeof before + sizeof after + 64];
    size_t length = strlen(name) < 64 ? strlen(name) : 64, n = 0;
    memcpy(line, before, sizeof before - 1), n += sizeof before - 1;
    memcpy(line + n, name, length), n += length;
    memcpy(line + n, after, sizeof after - 1), n += sizeof after - 1;
    (void)syscall(SYS_write, 2, line, n);
}
