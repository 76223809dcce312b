/* A CUDA program that does what it is told: one command a line on stdin, one line of answer each.
 *
 * A client includes this, and defines obey(): words[0] is the command, and what it prints is the
 * answer, without the line's end. `init DEVICE` is known to all: cuInit, and the card's primary
 * context made current. Speaks by NVIDIA's headers, linked with the (fake) driver. */
#define __CUDA_API_VERSION_INTERNAL
#include <cuda.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_WORDS = 16 };

static void obey(int count, char **words);

static unsigned long long number(const char *word) {
    return strtoull(word, NULL, 0);
}

static CUresult init(CUdevice device) {
    CUcontext context;
    CUresult result = cuInit(0);
    if (!result) result = cuDevicePrimaryCtxRetain(&context, device);
    if (!result) result = cuCtxSetCurrent(context);
    return result;
}

int main(void) {
    static char line[65536];
    while (fgets(line, sizeof line, stdin)) {
        static char *words[MOST_WORDS];
        int count = 0;
        for (char *at = strtok(line, " \n"); at && count < MOST_WORDS; at = strtok(NULL, " \n")) {
            words[count++] = at;
        }
        if (count && !strcmp(words[0], "init")) {
            printf("%d", init((CUdevice)number(count > 1 ? words[1] : "0")));
        } else if (count) {
            obey(count, words);
        }
        printf("\n");
        fflush(stdout);
    }
    return 0;
}
