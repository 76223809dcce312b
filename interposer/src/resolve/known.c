#include "known.h"

#include <stddef.h>
#include <string.h>

/* Each table of what passes as one text, in order, so that it is searched by halves and costs the
 * loader no relocation; the few others are searched one after the other. */
#define PASSES(name) #name "\0"
static const char CUDA_PASSES[] =
#include "cuda_passes.def"
    ;
static const char NVML_PASSES[] =
#include "nvml_passes.def"
    ;
#undef PASSES

#define ROUTES(name, parameters) #name "\0"
#define COUNTS ROUTES
#define HIDES ROUTES
#define PACES ROUTES
#define CALLS ROUTES
static const char OTHERS[] =
#include "cuda.def"
#include "nvml.def"
    ;

/* The names from `low` on, up to `high`: offsets of first letters. */
static bool in_order(const char *names, size_t high, const char *name) {
    size_t low = 0;
    while (low < high) {
        size_t at = low + (high - low) / 2;
        while (at > low && names[at - 1]) at--;
        int order = strcmp(name, names + at);
        if (order == 0) return true;
        if (order < 0) {
            high = at;
        } else {
            low = at + strlen(names + at) + 1;
        }
    }
    return false;
}

/* A base name is that of its first spelling or, where that is no more, the start of a later one. */
static bool is_or_begins(const char *row, const char *name, size_t length) {
    return strncmp(row, name, length) == 0 && (row[length] == 0 || strncmp(row + length, "_v", 2) == 0);
}

static bool among(const char *names, size_t size, const char *name) {
    size_t length = strlen(name);
    for (const char *at = names; at < names + size && *at; at += strlen(at) + 1) {
        if (is_or_begins(at, name, length)) return true;
    }
    return false;
}

bool known(const char *name) {
    bool cuda = name[0] == 'c';
    const char *passes = cuda ? CUDA_PASSES : NVML_PASSES;
    size_t size = cuda ? sizeof CUDA_PASSES - 1 : sizeof NVML_PASSES - 1;
    return in_order(passes, size, name) || among(OTHERS, sizeof OTHERS - 1, name) ||
           among(passes, size, name);
}
