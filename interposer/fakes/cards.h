/* The cards of a fake driver, described as data.
 *
 * The driver's root is taken from where the library lies (<root>/usr/lib/…/libcuda.so.1), so nothing
 * needs to be set: <root>/etc/fakegpu/cards describes the cards, one a line, and a card is there if
 * <root>/dev/nvidia<minor> is, as with real ones in a container.
 *
 *   card uuid=GPU-… name="NVIDIA A100-SXM4-80GB" mib=81920 minor=0 numa=0 pci=0000:3b:00.0 cc=8.0
 *   sms=108        (one line; # begins a comment)
 *   context=300    MiB that each context takes of the card; nothing where that is not said
 *   module=64      KiB that each module takes that is loaded, likewise
 *   card uuid=MIG-… parent=GPU-… gi=1 ci=0 name="NVIDIA A100-SXM4-80GB MIG 1g.10gb" mib=9728 sms=14
 *                  a MIG instance of a card above it: CUDA finds it in the card's place
 *   unified=1      the card's memory is the host's: NVML tells nothing of it (as of a GB10)
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
    int unified;
    int gi, ci;                /* of a MIG instance */
    const struct card *parent; /* NULL: a card */
    int instances;             /* of a card in MIG mode */
    char parent_text[48];
    int place; /* in the file, whatever is visible: the oracle counts by it */
};

struct cards {
    char root[4096]; /* without a slash at its end; empty for / */
    int count;       /* that are described */
    struct card all[MOST_CARDS];
    int visible_count;
    const struct card *visible[MOST_CARDS]; /* those with a device node; no instances */
    int usable_count;
    const struct card *usable[MOST_CARDS]; /* what CUDA finds: of a card with instances, these */
};

/* Read at the first call; no cards where nothing is described. */
const struct cards *cards(void);

/* Reads a description, for tools; -1 if the file cannot be read. */
int cards_read(const char *path, struct cards *out);

#endif
