"""As torch_fill.py, by CuPy's pool."""

import sys

import cupy

step = int(sys.argv[1]) << 20
held = []
free, total = cupy.cuda.runtime.memGetInfo()
try:
    while True:
        held.append(cupy.cuda.alloc(step))
except cupy.cuda.memory.OutOfMemoryError:
    pass
print(len(held) * (step >> 20), total >> 20, free >> 20, 1)
