"""Takes memory by PyTorch's allocator until it is refused: torch_fill.py STEP_MIB.

Prints the MiB that were granted, the total and the free that the driver showed at first, and
whether memory could be had again afterwards.
"""

import sys

import torch

step = int(sys.argv[1]) << 20
held = []
torch.cuda.init()
free, total = torch.cuda.mem_get_info()
try:
    while True:
        held.append(torch.empty(step, dtype=torch.uint8, device="cuda"))
except torch.OutOfMemoryError:
    pass
count = len(held)
held.clear()
torch.cuda.empty_cache()
again = torch.empty(step, dtype=torch.uint8, device="cuda")
print(count * (step >> 20), total >> 20, free >> 20, int(again.numel() == step))
