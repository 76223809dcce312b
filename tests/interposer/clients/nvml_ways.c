/* Asks NVML in its rarer ways: nvml_ways UUID OTHER-UUID SERIAL OTHER-SERIAL PID OTHER-PID. Prints a line
 * for each: what was asked, and numbers: results, then sizes in MiB or ids of processes. UUID's card is
 * asked about; what is told of others is told by their uuids. */
#define NVML_NO_UNVERSIONED_FUNC_DEFS
#include <dlfcn.h>
#include <nvml.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define F(name) ((__typeof__(&name))dlsym(library, #name))
#define MIB(bytes) ((bytes) >> 20)

static void *library;

static void uuids(const char *name, nvmlReturn_t result, unsigned count, nvmlDevice_t *devices) {
    char uuid[96];
    printf("%s %d", name, result);
    for (unsigned i = 0; !result && i < count; i++) {
        F(nvmlDeviceGetUUID)(devices[i], uuid, sizeof uuid);
        printf(" %s", uuid);
    }
    puts("");
}

static nvmlReturn_t by_uuid(const char *text) {
    nvmlUUID_t uuid = {nvmlUUID_v1, NVML_UUID_TYPE_ASCII, {""}};
    nvmlDevice_t device;
    strncpy(uuid.value.str, text, sizeof uuid.value.str - 1);
    return F(nvmlDeviceGetHandleByUUIDV)(&uuid, &device);
}

static void cards(char **words, nvmlDevice_t card) {
    nvmlDevice_t devices[8], device;
    printf("uuid %d %d\n", by_uuid(words[1]), by_uuid(words[2]));
    printf("serial %d %d\n", F(nvmlDeviceGetHandleBySerial)(words[3], &device),
           F(nvmlDeviceGetHandleBySerial)(words[4], &device));
    unsigned count = 0, filled = 8;
    nvmlReturn_t result = F(nvmlSystemGetTopologyGpuSet)(0, &count, NULL);
    printf("set_count %d %u\n", result, count);
    result = F(nvmlSystemGetTopologyGpuSet)(0, &filled, devices);
    uuids("set", result, filled, devices);
    filled = 8;
    result = F(nvmlDeviceGetTopologyNearestGpus)(card, NVML_TOPOLOGY_SYSTEM, &filled, devices);
    uuids("nearest", result, filled, devices);
    filled = 8;
    result = F(nvmlUnitGetDevices)(NULL, &filled, devices);
    uuids("unit", result, filled, devices);
    count = 77;
    nvmlExcludedDeviceInfo_t info;
    result = F(nvmlGetExcludedDeviceCount)(&count);
    printf("excluded %d %u %d\n", result, count, F(nvmlGetExcludedDeviceInfoByIndex)(0, &info));
}

static void sizes(nvmlDevice_t card) {
    nvmlMemory_t memory;
    nvmlConfComputeMemSizeInfo_t about = {0};
    nvmlGetMemoryLimits_v1_t limits = {0};
    nvmlReturn_t result = F(nvmlDeviceGetConfComputeProtectedMemoryUsage)(card, &memory);
    printf("protected %d %llu %llu\n", result, MIB(memory.total), MIB(memory.used));
    result = F(nvmlDeviceGetConfComputeMemSizeInfo)(card, &about);
    printf("protected_size %d %llu\n", result, about.protectedMemSizeKib >> 10);
    result = F(nvmlDeviceGetMemoryLimits_v1)(card, &limits);
    printf("limits %d %llu %llu\n", result, MIB(limits.hardLimit), MIB(limits.currentUsed));
}

static void processes(char **words, nvmlDevice_t card) {
    nvmlProcessUtilizationInfo_v1_t use[8];
    nvmlProcessesUtilizationInfo_t info = {nvmlProcessesUtilizationInfo_v1, 8, 0, use};
    printf("use %d", F(nvmlDeviceGetProcessesUtilizationInfo)(card, &info));
    for (unsigned i = 0; i < info.processSamplesCount; i++) printf(" %u", use[i].pid);
    nvmlProcessDetail_v1_t detail[8];
    nvmlProcessDetailList_t details = {nvmlProcessDetailList_v1, NVML_PROCESS_MODE_COMPUTE, 8, detail};
    printf("\ndetails %d", F(nvmlDeviceGetRunningProcessDetailList)(card, &details));
    for (unsigned i = 0; i < details.numProcArrayEntries; i++) printf(" %u", detail[i].pid);
    nvmlEncoderSessionInfo_t encoders[8];
    unsigned count = 8;
    printf("\nencoders %d", F(nvmlDeviceGetEncoderSessions)(card, &count, encoders));
    for (unsigned i = 0; i < count; i++) printf(" %u", encoders[i].pid);
    nvmlFBCSessionInfo_t captures[8];
    count = 8;
    printf("\ncaptures %d", F(nvmlDeviceGetFBCSessions)(card, &count, captures));
    for (unsigned i = 0; i < count; i++) printf(" %u", captures[i].pid);
    count = 0;
    printf("\nsessions %d", F(nvmlDeviceGetFBCSessions)(card, &count, NULL));
    nvmlAccountingStats_v2_t one = {.pid = (unsigned)atoi(words[5])}, other = {.pid = (unsigned)atoi(words[6])};
    printf(" %u\naccounts %d", count, F(nvmlDeviceGetAccountingStats_v2)(card, &one));
    printf(" %d\n", F(nvmlDeviceGetAccountingStats_v2)(card, &other));
}

int main(int argc, char **argv) {
    nvmlDevice_t card;
    library = dlopen("libnvidia-ml.so.1", RTLD_NOW);
    if (argc != 7 || F(nvmlInit_v2)() || F(nvmlDeviceGetHandleByUUID)(argv[1], &card)) return 1;
    cards(argv, card);
    sizes(card);
    processes(argv, card);
    return 0;
}
