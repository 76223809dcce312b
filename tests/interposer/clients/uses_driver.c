/* A library that is linked with the driver: how many cards are there. */
int cuInit(unsigned flags);
int cuDeviceGetCount(int *count);

int cards_seen(void) {
    int count = -1;
    return cuInit(0) || cuDeviceGetCount(&count) ? -1 : count;
}
