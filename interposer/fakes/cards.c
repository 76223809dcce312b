#define _GNU_SOURCE
#include "cards.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void parse_uuid(struct card *card) {
    const char *dash = strchr(card->uuid_text, '-'); /* GPU- or MIG- */
    const char *text = dash ? dash + 1 : card->uuid_text;
    for (int i = 0; i < 16 && *text; i++) {
        if (*text == '-') text++;
        char pair[3] = {text[0], text[0] ? text[1] : 0, 0};
        card->uuid[i] = (uint8_t)strtoul(pair, NULL, 16);
        text += text[0] && text[1] ? 2 : 1;
    }
}

static void set(struct card *card, const char *key, const char *value) {
    if (!strcmp(key, "uuid")) snprintf(card->uuid_text, sizeof card->uuid_text, "%s", value);
    if (!strcmp(key, "name")) snprintf(card->name, sizeof card->name, "%s", value);
    if (!strcmp(key, "pci")) snprintf(card->pci, sizeof card->pci, "%s", value);
    if (!strcmp(key, "mib")) card->bytes = strtoull(value, NULL, 10) << 20;
    if (!strcmp(key, "context")) card->context_bytes = strtoull(value, NULL, 10) << 20;
    if (!strcmp(key, "module")) card->module_bytes = strtoull(value, NULL, 10) << 10;
    if (!strcmp(key, "minor")) card->minor = atoi(value);
    if (!strcmp(key, "numa")) card->numa = atoi(value);
    if (!strcmp(key, "sms")) card->sms = atoi(value);
    if (!strcmp(key, "unified")) card->unified = atoi(value);
    if (!strcmp(key, "gi")) card->gi = atoi(value);
    if (!strcmp(key, "ci")) card->ci = atoi(value);
    if (!strcmp(key, "parent")) snprintf(card->parent_text, sizeof card->parent_text, "%s", value);
    if (!strcmp(key, "cc")) sscanf(value, "%d.%d", &card->cc_major, &card->cc_minor);
}

static void parse_line(char *at, struct card *card) {
    *card = (struct card){.numa = -1, .cc_major = 8, .sms = 108};
    for (;;) {
        at += strspn(at, " \t");
        char *key = at;
        at += strcspn(at, "= \t");
        if (*at != '=') break;
        *at++ = 0;
        char *value = at;
        if (*at == '"') {
            value = ++at;
            at += strcspn(at, "\"");
        } else {
            at += strcspn(at, " \t");
        }
        if (*at) *at++ = 0;
        set(card, key, value);
    }
    parse_uuid(card);
}

int cards_read(const char *path, struct cards *out) {
    FILE *file = fopen(path, "re");
    if (!file) return -1;
    char line[1024];
    while (out->count < MOST_CARDS && fgets(line, sizeof line, file)) {
        line[strcspn(line, "#\r\n")] = 0;
        if (strncmp(line, "card ", 5) != 0) continue;
        parse_line(line + 5, &out->all[out->count]);
        out->all[out->count].place = out->count;
        out->count++;
    }
    fclose(file);
    for (int i = 0; i < out->count; i++) {
        struct card *card = &out->all[i];
        for (int j = 0; card->parent_text[0] && j < i; j++) {
            if (strcmp(out->all[j].uuid_text, card->parent_text) != 0) continue;
            card->parent = &out->all[j];
            card->minor = out->all[j].minor;
            memcpy(card->pci, out->all[j].pci, sizeof card->pci);
            out->all[j].instances++;
        }
    }
    return 0;
}

/* …/usr/lib/x86_64-linux-gnu or …/usr/lib64, cut at the last /usr/lib. */
static void find_root(char *root, size_t size) {
    Dl_info info;
    char folder[4096], *real = NULL;
    if (dladdr((void *)find_root, &info) && info.dli_fname) {
        snprintf(folder, sizeof folder, "%s", info.dli_fname);
        char *slash = strrchr(folder, '/');
        if (slash) *slash = 0;
        real = realpath(slash ? folder : ".", NULL);
    }
    char *last = NULL;
    for (char *at = real; at && (at = strstr(at, "/usr/lib")); at++) last = at;
    if (last) *last = 0;
    snprintf(root, size, "%s", real ? real : "");
    free(real);
}

static struct cards described;

static void load(void) {
    char path[4200];
    find_root(described.root, sizeof described.root);
    snprintf(path, sizeof path, "%s/etc/fakegpu/cards", described.root);
    cards_read(path, &described);
    for (int i = 0; i < described.count; i++) {
        const struct card *card = &described.all[i];
        snprintf(path, sizeof path, "%s/dev/nvidia%d", described.root, card->minor);
        if (access(path, F_OK) != 0) continue;
        if (!card->parent) described.visible[described.visible_count++] = card;
        if (!card->instances) described.usable[described.usable_count++] = card;
    }
}

const struct cards *cards(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return &described;
}
