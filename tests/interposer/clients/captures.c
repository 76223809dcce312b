/* One stream that captures, and what is asked of the driver meanwhile; a mode is CUstreamCaptureMode.
 *
 *   begin MODE | end | destroy      the stream
 *   mode MODE                       of the calling thread from now on
 *   query | alloc                   an event that was recorded before; memory
 *   record | query-captured         an event in the stream
 *   elsewhere COMMAND… , COMMAND…   in a thread that then ends: what the last of them says */
#include <pthread.h>

#include "obey.h"

static CUstream stream;
static CUevent before, within;
static CUcontext context;

static CUresult answer(char **words) {
    CUgraph graph;
    CUdeviceptr at;
    CUstreamCaptureMode mode = words[1] ? (CUstreamCaptureMode)number(words[1]) : 0;
    if (!strcmp(words[0], "begin")) return cuStreamBeginCapture_v2(stream, mode);
    if (!strcmp(words[0], "end")) return cuStreamEndCapture(stream, &graph);
    if (!strcmp(words[0], "destroy")) return cuStreamDestroy_v2(stream);
    if (!strcmp(words[0], "mode")) return cuThreadExchangeStreamCaptureMode(&mode);
    if (!strcmp(words[0], "query")) return cuEventQuery(before);
    if (!strcmp(words[0], "alloc")) return cuMemAlloc_v2(&at, 4096);
    if (!strcmp(words[0], "record")) return cuEventRecord(within, stream);
    return cuEventQuery(within);
}

static void *elsewhere(void *words) {
    CUresult result = 999;
    char **next = words;
    cuCtxSetCurrent(context);
    while (next) {
        char **end = next;
        while (*end && strcmp(*end, ",")) end++;
        char **rest = *end ? end + 1 : NULL;
        *end = NULL;
        result = answer(next);
        next = rest;
    }
    return (void *)(size_t)result;
}

static void obey(int count, char **words) {
    void *result;
    pthread_t thread;
    if (!stream) {
        cuCtxGetCurrent(&context);
        cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING);
        cuEventCreate(&before, 0), cuEventCreate(&within, 0);
        cuEventRecord(before, NULL);
    }
    words[count] = NULL;
    if (strcmp(words[0], "elsewhere")) {
        printf("%d", answer(words));
        return;
    }
    pthread_create(&thread, NULL, elsewhere, words + 1);
    pthread_join(thread, &result);
    printf("%d", (int)(size_t)result);
}
