/* cuGetProcAddress: the driver chooses by version and flags, and we answer with our hook of exactly
 * the function it chose. Its status and its errors are passed on as they are. */
#include "../resolve/driver.h"
#include "grant.h"

static void route(const char *symbol, void **at) {
    if (!at || !*at || !symbol) return;
    void *routed = driver_route(symbol, *at);
    if (routed) *at = routed;
}

EXPORT CUresult cuGetProcAddress(const char *symbol, void **at, int version, cuuint64_t flags) {
    CUresult result = FORWARD(driver_cuda(), cuGetProcAddress, symbol, at, version, flags);
    if (result == CUDA_SUCCESS) route(symbol, at);
    return result;
}

EXPORT CUresult cuGetProcAddress_v2(const char *symbol, void **at, int version, cuuint64_t flags,
                                    int *status) {
    CUresult result = FORWARD(driver_cuda(), cuGetProcAddress_v2, symbol, at, version, flags, status);
    if (result == CUDA_SUCCESS) route(symbol, at);
    return result;
}
