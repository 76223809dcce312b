/* The names that the tables class: what a newer driver has beyond them nobody has looked at. */
#ifndef TRANCHE_RESOLVE_KNOWN_H
#define TRANCHE_RESOLVE_KNOWN_H

#include <stdbool.h>

/* Whether a function of a driver's library is known by this name, which may lack the ending of its
 * version (cuGetProcAddress leaves it out). */
bool known(const char *name);

#endif
