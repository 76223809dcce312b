/* Whether a line of /proc/<pid>/stat, the only argument, is of a process that has ended. */
#include <stdio.h>

#include "core/process.h"

int main(int argc, char **argv) {
    struct process_stat stat;
    if (argc != 2 || !process_parse_stat(argv[1], &stat)) return 1;
    puts(process_has_ended(&stat) ? "ended" : "lives");
    return 0;
}
