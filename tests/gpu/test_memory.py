"""On a real card a program gets its slice and no more, by every allocator."""

import json
import shutil

import pytest

from tests.gpu.rig import BUILD, GpuRig

CONTEXT = 1200
"""MiB within which a context, cuBLAS's workspace and fragments of a caching allocator stay."""


def test_the_driver_refuses_the_first_mib_past_the_slice(gpu: GpuRig) -> None:
    told = json.loads(gpu.run(BUILD / "tools/fill", "--json"))
    assert (told["allocated_mib"], told["total_mib"]) == (4000, 4000)


def test_two_programs_share_the_slice(gpu: GpuRig) -> None:
    first = gpu.start(BUILD / "tools/fill", "--json", "--mib", "1000", "--hold", "forever")
    try:
        assert first.stdout is not None
        assert json.loads(first.stdout.readline())["allocated_mib"] == 1000
        assert json.loads(gpu.run(BUILD / "tools/fill", "--json"))["allocated_mib"] == 3000
    finally:
        first.kill()
        first.communicate()
    assert json.loads(gpu.run(BUILD / "tools/fill", "--json"))["allocated_mib"] == 4000


ALLOCATORS = {
    "native": "",
    "async": "backend:cudaMallocAsync",
    "segments": "expandable_segments:True",
}


@pytest.mark.usefixtures("torch")
@pytest.mark.parametrize("allocator", ALLOCATORS)
def test_pytorch_hits_the_limit_by_each_of_its_allocators(gpu: GpuRig, allocator: str) -> None:
    told = gpu.python("torch_fill", 64, PYTORCH_CUDA_ALLOC_CONF=ALLOCATORS[allocator])
    filled, total, free, again = map(int, told.split())
    assert total == 4000
    assert 4000 - CONTEXT <= free <= 4000
    assert 4000 - CONTEXT <= filled <= 4000
    assert again == 1


@pytest.mark.usefixtures("cupy")
def test_cupy_hits_the_limit(gpu: GpuRig) -> None:
    filled, total, _, _ = map(int, gpu.python("cupy_fill", 64).split())
    assert total == 4000
    assert 4000 - CONTEXT <= filled <= 4000


def test_nvidia_smi_shows_the_slice(gpu: GpuRig) -> None:
    if not shutil.which("nvidia-smi"):
        pytest.skip("nvidia-smi is not on this machine")
    asked = ("--query-gpu=uuid,memory.total", "--format=csv,noheader,nounits")
    lines = gpu.run("nvidia-smi", *asked).splitlines()
    assert lines == [f"{gpu.card.uuid}, 4000"]


def test_a_slice_that_is_shrunk_grants_nothing_more(gpu: GpuRig) -> None:
    gpu.slice(100)
    assert json.loads(gpu.run(BUILD / "tools/fill", "--json"))["allocated_mib"] == 100
