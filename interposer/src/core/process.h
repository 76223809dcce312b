/* Who this process is, and whether another one is dead, as region.h defines both. */
#ifndef TRANCHE_CORE_PROCESS_H
#define TRANCHE_CORE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

struct process {
    uint64_t owner;         /* id and start time in one word; the claim puts its number there */
    uint64_t pid_namespace; /* 0: not known */
    uint64_t exec_mark;     /* 0: not known */
};

struct process process_self(void);

/* Whether `other` is certainly dead, judged by `self`. In doubt it lives. */
bool process_is_dead(const struct process *self, const struct process *other);

/* What of /proc/<pid>/stat is wanted; a line that cannot be read gives false. */
struct process_stat {
    char state;
    uint64_t threads, start_time, stack;
};
bool process_parse_stat(const char *line, struct process_stat *out);

/* Whether it is a zombie of which nothing runs any more. With more threads it is a program whose first
 * one has ended. With none the line tells of a thread that went while it was read: the process may be
 * gone, or another of its threads has called exec, gets its id, and still has its memory. */
bool process_has_ended(const struct process_stat *stat);

#endif
