"""What a program computes is the same with the library as without it."""

import pytest

from tests.gpu.rig import GpuRig


def same(gpu: GpuRig, program: str, **env: str) -> None:
    gpu.slice(8000)
    bare = gpu.python(program, interposed=False, **env)
    assert bare.strip()
    assert gpu.python(program, **env) == bare


@pytest.mark.usefixtures("torch")
@pytest.mark.parametrize("program", ["torch_results", "torch_graph"])
@pytest.mark.parametrize("allocator", ["", "backend:cudaMallocAsync", "expandable_segments:True"])
def test_pytorch(gpu: GpuRig, program: str, allocator: str) -> None:
    same(gpu, program, PYTORCH_CUDA_ALLOC_CONF=allocator)


@pytest.mark.usefixtures("torch")
def test_pytorch_under_a_share_of_the_cores(gpu: GpuRig) -> None:
    bare = gpu.python("torch_results", interposed=False)
    gpu.slice(8000, cores_percent=30)
    assert gpu.python("torch_results") == bare


@pytest.mark.usefixtures("jax")
def test_jax(gpu: GpuRig) -> None:
    same(gpu, "jax_sum")


@pytest.mark.usefixtures("triton", "torch")
def test_triton(gpu: GpuRig) -> None:
    same(gpu, "triton_add")
