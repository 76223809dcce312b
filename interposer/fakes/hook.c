/* An OCI createContainer hook, in the place of `nvidia-cdi-hook create-symlinks`: makes
 * <container>/usr/lib/x86_64-linux-gnu/libcuda.so -> libcuda.so.1, and the same for NVML.
 *
 * Reads the container's state from stdin (OCI runtime spec, "State"), its root from the bundle's
 * config.json. Every folder below that root is opened without following a link, so that nothing in
 * an image can lead it elsewhere. What cannot be done is left: the links serve linkers alone. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 1 << 20 };

static char *read_all(int file) {
    char *text = malloc(MOST);
    size_t have = 0;
    ssize_t n;
    while (text && have < MOST - 1 && (n = read(file, text + have, MOST - 1 - have)) > 0) {
        have += (size_t)n;
    }
    if (text) text[have] = 0;
    return text;
}

/* The string of the first `"key":` in a JSON text written by a program. Escapes mean: not found. */
static char *string_of(const char *json, const char *key) {
    char quoted[64];
    snprintf(quoted, sizeof quoted, "\"%s\"", key);
    for (const char *at = json; at && (at = strstr(at, quoted)); at++) {
        const char *value = at + strlen(quoted);
        value += strspn(value, " \t\r\n");
        if (*value++ != ':') continue;
        value += strspn(value, " \t\r\n");
        if (*value++ != '"') continue;
        size_t length = strcspn(value, "\"\\");
        if (value[length] != '"') return NULL;
        return strndup(value, length);
    }
    return NULL;
}

static int open_folder(int at, const char *name) {
    return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static char *container_root(void) {
    char *state = read_all(0);
    char *bundle = state ? string_of(state, "bundle") : NULL;
    if (!bundle || chdir(bundle) != 0) return NULL;
    int file = open("config.json", O_RDONLY | O_CLOEXEC);
    char *config = file >= 0 ? read_all(file) : NULL;
    char *root = config ? strstr(config, "\"root\"") : NULL;
    return root ? string_of(root, "path") : NULL; /* relative to the bundle, if it is relative */
}

int main(void) {
    char *path = container_root();
    if (!path) {
        fprintf(stderr, "fake-nvidia-hook: no bundle with a root in the state on stdin\n");
        return 1;
    }
    static const char *const FOLDERS[] = {"usr", "lib", "x86_64-linux-gnu"};
    static const char *const LIBRARIES[] = {"libcuda.so", "libnvidia-ml.so"};
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; folder >= 0 && i < sizeof FOLDERS / sizeof *FOLDERS; i++) {
        folder = open_folder(folder, FOLDERS[i]);
    }
    for (size_t i = 0; folder >= 0 && i < sizeof LIBRARIES / sizeof *LIBRARIES; i++) {
        char target[32];
        snprintf(target, sizeof target, "%s.1", LIBRARIES[i]);
        if (symlinkat(target, folder, LIBRARIES[i]) != 0 && errno != EEXIST && errno != EROFS) {
            fprintf(stderr, "fake-nvidia-hook: %s: %s\n", LIBRARIES[i], strerror(errno));
        }
    }
    return 0;
}
