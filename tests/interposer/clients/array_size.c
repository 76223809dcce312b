/* What core/array_size.c says: a line of WIDTH HEIGHT DEPTH FORMAT CHANNELS FLAGS LEVELS each; of
 * KNOWN FORMAT whether it knows that. */
#include <stdio.h>
#include <string.h>

#include "core/array_size.h"

int main(void) {
    char line[256];
    while (fgets(line, sizeof line, stdin)) {
        unsigned long long w, h, d;
        unsigned format, channels, flags, levels;
        if (sscanf(line, "known %u", &format) == 1) {
            printf("%d\n", array_format_is_known(format));
        } else if (sscanf(line, "%llu %llu %llu %u %u %u %u", &w, &h, &d, &format, &channels, &flags, &levels) == 7) {
            printf("%llu\n", (unsigned long long)array_size(&(struct array_shape){
                                 w, h, d, format, channels, flags, levels}));
        }
    }
    return 0;
}
