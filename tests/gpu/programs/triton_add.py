"""A Triton kernel, compiled and launched through cuLaunchKernelEx: prints a checksum."""

import torch
import triton
import triton.language as tl


@triton.jit
def add(x_ptr, y_ptr, out_ptr, n, block: tl.constexpr):
    at = tl.program_id(0) * block + tl.arange(0, block)
    inside = at < n
    tl.store(out_ptr + at, tl.load(x_ptr + at, inside) + tl.load(y_ptr + at, inside), inside)


x = torch.arange(100_000, device="cuda", dtype=torch.float32)
out = torch.empty_like(x)
add[(triton.cdiv(x.numel(), 1024),)](x, x, out, x.numel(), block=1024)
print(f"{out.sum().item():.6e}")
