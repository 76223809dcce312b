/* The few system calls that the library needs, without libc's wrappers where those differ by version:
 * fstat and its like are no functions before glibc 2.33. With nothing but names that every libc
 * has, one build runs on all of them. */
#ifndef TRANCHE_SYS_H
#define TRANCHE_SYS_H

#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline int sys_open(const char *path, int flags) {
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0);
}

static inline int sys_fstat(int file, struct stat *out) {
    return (int)syscall(SYS_fstat, file, out);
}

static inline int sys_stat(const char *path, struct stat *out) {
    return (int)syscall(SYS_newfstatat, AT_FDCWD, path, out, 0);
}

/* libc's are points of cancellation: a thread that is cancelled would end in the middle of an
 * allocation. */
static inline long sys_read(int file, void *to, size_t size) {
    return syscall(SYS_read, file, to, size);
}

static inline void sys_close(int file) {
    syscall(SYS_close, file);
}

/* Never cached by a libc, so true in a child made by a bare clone too. */
static inline int sys_getpid(void) {
    return (int)syscall(SYS_getpid);
}

#endif
