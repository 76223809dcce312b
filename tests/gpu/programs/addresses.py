"""Whether the driver's two ways to a function lead to one address: addresses.py GOLDEN.

Reads requests of a cudart (name, version, flags), asks cuGetProcAddress for each, and prints those
whose answer is no function that the library exports: only those could not be routed.
"""

import ctypes
import subprocess
import sys
from pathlib import Path

driver = ctypes.CDLL("libcuda.so.1")
with Path("/proc/self/maps").open() as maps:
    path = next(line.split()[-1] for line in maps if "libcuda.so" in line)
listing = subprocess.run(
    ["nm", "-D", "--defined-only", path], capture_output=True, text=True, check=True
)
names = [line.split()[-1].split("@")[0] for line in listing.stdout.splitlines()]
exported = {
    ctypes.cast(getattr(driver, name), ctypes.c_void_p).value
    for name in names
    if name.startswith("cu")
}
print(len(exported), "exported")
for line in Path(sys.argv[1]).read_text().splitlines():
    if line.startswith(" "):
        continue
    name, version, flags = line.split()
    at = ctypes.c_void_p()
    driver.cuGetProcAddress_v2(
        name.encode(), ctypes.byref(at), int(version), ctypes.c_ulonglong(int(flags)), None
    )
    if at.value and at.value not in exported:
        print("apart:", line)
