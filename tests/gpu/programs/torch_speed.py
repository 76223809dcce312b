"""Throughput, in passes a second: torch_speed.py matmul|small|train SECONDS."""

import sys
import time

import torch

kind, seconds = sys.argv[1], float(sys.argv[2])
size = {"matmul": 4096, "small": 64, "train": 512}[kind]
a = torch.randn(size, size, device="cuda", dtype=torch.float16)
net = torch.nn.Sequential(*(torch.nn.Linear(size, size) for _ in range(8))).cuda().half()


def once() -> None:
    """One piece of work."""
    if kind == "train":
        net(a).sum().backward()
        return
    for _ in range(10 if kind == "matmul" else 200):
        torch.mm(a, a)


for _ in range(5):
    once()
torch.cuda.synchronize()
count, start = 0, time.perf_counter()
while time.perf_counter() - start < seconds:
    once()
    torch.cuda.synchronize()
    count += 1
print(count / (time.perf_counter() - start))
