#include "process.h"

#include <errno.h>
#include <string.h>

#include "../sys.h"
#include "tranche/region.h"

#define PID_MASK ((1ull << TRANCHE_OWNER_PID_BITS) - 1)
#define START_MASK ((1ull << TRANCHE_OWNER_START_BITS) - 1)

static bool number(const char **at, uint64_t *out) {
    const char *p = *at;
    while (*p == ' ') p++;
    bool negative = *p == '-';
    if (negative) p++;
    if (*p < '0' || *p > '9') return false;
    uint64_t value = 0;
    for (; *p >= '0' && *p <= '9'; p++) value = value * 10 + (uint64_t)(*p - '0');
    *out = negative ? 0 : value;
    *at = p;
    return true;
}

bool process_parse_stat(const char *line, struct process_stat *out) {
    /* The second field is the program's name in brackets and may hold spaces and brackets. */
    const char *p = strrchr(line, ')');
    if (!p || p[1] != ' ' || !p[2]) return false;
    out->state = p[2];
    p += 3;
    for (int field = 4; field <= 28; field++) {
        uint64_t value;
        if (!number(&p, &value)) return false;
        if (field == 20) out->threads = value;
        if (field == 22) out->start_time = value;
        if (field == 28) out->stack = value;
    }
    return true;
}

bool process_has_ended(const struct process_stat *stat) {
    return stat->state == 'Z' && stat->threads == 1;
}

static char *decimal(char *at, uint64_t value) {
    char digits[20];
    int n = 0;
    do digits[n++] = (char)('0' + value % 10);
    while (value /= 10);
    while (n) *at++ = digits[--n];
    return at;
}

static bool read_stat(uint64_t pid, struct process_stat *out) {
    char path[40] = "/proc/";
    char *end = decimal(path + 6, pid);
    memcpy(end, "/stat", 6);
    char line[1024];
    int file = sys_open(path, O_RDONLY);
    if (file < 0) return false;
    long n = sys_read(file, line, sizeof line - 1);
    sys_close(file);
    if (n <= 0) return false;
    line[n] = 0;
    return process_parse_stat(line, out);
}

/* A /proc mounted for another namespace of processes would speak of strangers. */
static bool proc_is_ours(void) {
    char text[24];
    ssize_t n = readlink("/proc/self", text, sizeof text - 1);
    if (n <= 0) return false;
    text[n] = 0;
    const char *p = text;
    uint64_t pid;
    return number(&p, &pid) && pid == (uint64_t)sys_getpid();
}

struct process process_self(void) {
    uint64_t pid = (uint64_t)sys_getpid();
    struct process self = {.owner = pid};
    struct process_stat stat;
    if (proc_is_ours() && read_stat(pid, &stat)) {
        self.owner |= (stat.start_time & START_MASK) << TRANCHE_OWNER_PID_BITS;
        self.exec_mark = stat.stack;
    }
    struct stat entry;
    if (sys_stat("/proc/self/ns/pid", &entry) == 0) self.pid_namespace = entry.st_ino;
    return self;
}

bool process_is_dead(const struct process *self, const struct process *other) {
    if (other->pid_namespace != self->pid_namespace) return false;
    uint64_t pid = other->owner & PID_MASK;
    uint64_t start = other->owner >> TRANCHE_OWNER_PID_BITS & START_MASK;
    if (pid == 0) return true; /* nobody has this id: garbage */
    if (syscall(SYS_kill, (int)pid, 0) != 0 && errno == ESRCH) return true;
    struct process_stat stat;
    if (start == 0 || !proc_is_ours() || !read_stat(pid, &stat)) return false;
    if ((stat.start_time & START_MASK) != start) return true;
    if (process_has_ended(&stat)) return true;
    return other->exec_mark && stat.stack && other->exec_mark != stat.stack;
}
