"""Trains a small network for a few steps; prints every loss, so that two runs can be compared."""

import torch

torch.manual_seed(7)
torch.use_deterministic_algorithms(mode=True, warn_only=True)
net = torch.nn.Sequential(
    torch.nn.Linear(256, 1024), torch.nn.GELU(), torch.nn.Linear(1024, 10)
).cuda()
optimiser = torch.optim.SGD(net.parameters(), lr=0.05)
x, y = torch.randn(512, 256, device="cuda"), torch.randint(10, (512,), device="cuda")
for _ in range(10):
    loss = torch.nn.functional.cross_entropy(net(x), y)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    print(f"{loss.item():.9e}")
