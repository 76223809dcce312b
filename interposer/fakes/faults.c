#define _GNU_SOURCE
#include "faults.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>

enum { MOST = 32 };

struct fault {
    char kind[16], about[80];
    long value, after, times;
    long calls; /* of this process */
    bool told;
};

static struct {
    struct timespec written;
    int count;
    struct fault all[MOST];
} known;

static pthread_mutex_t reading = PTHREAD_MUTEX_INITIALIZER;
static char path[4200];
static bool wanted; /* the file was there when the process began */

static void begin(void) {
    struct stat status;
    snprintf(path, sizeof path, "%s/etc/fakegpu/faults", cards()->root);
    wanted = stat(path, &status) == 0;
}

static void parse(char *line) {
    struct fault *fault = &known.all[known.count];
    *fault = (struct fault){.times = -1};
    line[strcspn(line, "#\r\n")] = 0;
    int words = sscanf(line, "%15s %79s %ld", fault->kind, fault->about, &fault->value);
    if (words < 2) return;
    if (words == 2) sscanf(fault->about, "%ld", &fault->value);
    const char *after = strstr(line, "after="), *times = strstr(line, "times=");
    if (after) sscanf(after, "after=%ld", &fault->after);
    if (times) sscanf(times, "times=%ld", &fault->times);
    known.count++;
}

/* With `reading` held. */
static void look(void) {
    struct stat status;
    if (stat(path, &status) != 0) {
        known.count = 0;
        return;
    }
    if (memcmp(&status.st_mtim, &known.written, sizeof known.written) == 0) return;
    known.written = status.st_mtim;
    known.count = 0;
    FILE *file = fopen(path, "re");
    char line[512];
    while (file && known.count < MOST && fgets(line, sizeof line, file)) parse(line);
    if (file) fclose(file);
}

static bool enter(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, begin);
    if (!wanted) return false;
    pthread_mutex_lock(&reading);
    look();
    return true;
}

static struct fault *find(const char *kind, const char *about) {
    for (int i = 0; i < known.count; i++) {
        struct fault *fault = &known.all[i];
        if (!strcmp(fault->kind, kind) && (!about || !strcasecmp(fault->about, about))) return fault;
    }
    return NULL;
}

int fault_of(const char *name) {
    if (!enter()) return 0;
    struct fault *slow = find("slow", name), *error = find("error", name);
    struct timespec pause = {0};
    if (slow) pause = (struct timespec){slow->value / 1000, slow->value % 1000 * 1000000};
    int result = 0;
    if (error) {
        long call = error->calls++;
        bool due = call >= error->after && (error->times < 0 || call < error->after + error->times);
        if (due) result = (int)error->value;
    }
    pthread_mutex_unlock(&reading);
    if (slow) nanosleep(&pause, NULL);
    return result;
}

bool fault_lost(const struct card *card) {
    if (!card || !enter()) return false;
    const struct card *whole = card->parent ? card->parent : card;
    bool lost = find("lost", whole->uuid_text);
    pthread_mutex_unlock(&reading);
    return lost;
}

const struct card *fault_xid(unsigned *number) {
    const struct card *of = NULL;
    if (!enter()) return NULL;
    for (int i = 0; i < known.count && !of; i++) {
        struct fault *fault = &known.all[i];
        if (strcmp(fault->kind, "xid") != 0 || fault->told) continue;
        for (int j = 0; j < cards()->visible_count; j++) {
            if (!strcasecmp(cards()->visible[j]->uuid_text, fault->about)) of = cards()->visible[j];
        }
        fault->told = true;
        *number = (unsigned)fault->value;
    }
    pthread_mutex_unlock(&reading);
    return of;
}

int fault_version(int own) {
    if (!enter()) return own;
    const struct fault *version = find("version", NULL);
    int claimed = version ? (int)version->value : own;
    pthread_mutex_unlock(&reading);
    return claimed;
}
