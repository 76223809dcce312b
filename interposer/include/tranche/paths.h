/* Where a slice's files lie inside its container.
 *
 * Fixed when the library is built, and by nothing else: a path taken from the environment could be
 * turned by the very program that the limits are for. Tests build a variant with -D. */
#ifndef TRANCHE_PATHS_H
#define TRANCHE_PATHS_H

#ifndef TRANCHE_LIBRARY_PATH
#define TRANCHE_LIBRARY_PATH "/usr/local/lib/tranche/libtranche.so"
#endif
#ifndef TRANCHE_LIMITS_PATH
#define TRANCHE_LIMITS_PATH "/run/tranche/limits"
#endif
#ifndef TRANCHE_REGION_PATH
#define TRANCHE_REGION_PATH "/run/tranche/region"
#endif

#endif
