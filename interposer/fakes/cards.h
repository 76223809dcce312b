/* The cards of a fake driver, described as data.
 *
 * The driver's root is taken from where the library lies (<root>/usr/lib/…/libcuda.so.1), so nothing
 * needs to be set: <root>/etc/fakegpu/cards describes the cards, one a line, and a card is there if
 * <root>/dev/nvidia<minor> is, as with real ones in a container.
 *
 *   card uuid=GPU-… name="NVIDIA A100-SXM4-80GB" mib=81920 minor=0 numa=0 pci=0000:3b:00.0 cc=8.0
 *   sms=108 context=300 module=64        (one line; # begins a comment)
 *
 * Each context takes `context` MiB of the card and each module that is loaded `module` KiB; nothing
 * where that is not said.
 */
#ifndef FAKES_CARDS_H
#define FAKES_CARDS_H

#include <stdint.h>

enum { MOST_CARDS = 32 };

struct card {
    uint8_t uuid[16];
    char uuid_text[48]; /* GPU-… */
    char name[96];
    char pci[16]; /* 0000:3b:00.0 */
    uint64_t bytes, context_bytes, module_bytes;
    int minor, numa, cc_major, cc_minor, sms;
    int place; /* in the file, whatever is visible: the oracle counts by it */
};

struct cards {
    char root[4096]; /* without a slash at its end; empty for / */
    int count;       /* that are described */
    struct card all[MOST_CARDS];
    int visible_count;
    const struct card *visible[MOST_CARDS]; /* those with a device node */
};

/* Read at the first call; no cards where nothing is described. */
const struct cards *cards(void);

/* Reads a description, for tools; -1 if the file cannot be read. */
int cards_read(const char *path, struct cards *out);

#endif
