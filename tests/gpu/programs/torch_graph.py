"""Captures a graph that allocates, replays it, and prints a checksum."""

import torch

torch.manual_seed(1)
a = torch.randn(1024, 1024, device="cuda")
side = torch.cuda.Stream()
with torch.cuda.stream(side):
    for _ in range(3):
        b = a @ a
torch.cuda.current_stream().wait_stream(side)
graph = torch.cuda.CUDAGraph()
with torch.cuda.graph(graph):
    b = torch.relu(a @ a).sum()
for _ in range(20):
    graph.replay()
torch.cuda.synchronize()
print(f"{b.item():.6e}")
