/* Prints what the fake driver's oracle knows: one JSON object a line for each card. */
#include "oracle.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

int main(int count, char **words) {
    if (count != 2 || words[1][0] == '-') {
        fprintf(stderr, "usage: oracle FILE   (FILE: <driver root>/run/fakegpu/oracle)\n");
        return 2;
    }
    int file = open(words[1], O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (file < 0 || fstat(file, &status) != 0) {
        perror(words[1]);
        return 1;
    }
    const struct oracle *oracle = MAP_FAILED;
    if ((size_t)status.st_size >= ORACLE_SIZE) {
        oracle = mmap(NULL, ORACLE_SIZE, PROT_READ, MAP_SHARED, file, 0);
    }
    if (oracle == MAP_FAILED || (oracle->magic && oracle->magic != ORACLE_MAGIC)) {
        fprintf(stderr, "%s: not an oracle\n", words[1]);
        return 1;
    }
    for (unsigned card = 0; card < oracle->card_count && card < MOST_CARDS; card++) {
        const struct oracle_card *about = &oracle->cards[card];
        uint64_t used = 0;
        unsigned processes = 0;
        for (unsigned slot = 0; slot < oracle->slots_high && slot < ORACLE_SLOTS; slot++) {
            const struct oracle_process *process = &oracle->processes[slot];
            if (!process->taken || !process->used[card]) continue;
            if (oracle_slot_holder(file, slot) < 0) continue;
            used += process->used[card];
            processes++;
        }
        printf("{\"uuid\": \"GPU-");
        for (int i = 0; i < 16; i++) {
            printf("%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", about->uuid[i]);
        }
        printf("\", \"total_mib\": %llu, \"used_mib\": %llu, \"used_bytes\": %llu, \"peak_mib\": %llu, "
               "\"peak_bytes\": %llu, \"processes\": %u}\n",
               (unsigned long long)about->total >> 20, (unsigned long long)used >> 20,
               (unsigned long long)used, (unsigned long long)about->peak >> 20,
               (unsigned long long)about->peak, processes);
    }
    return 0;
}
