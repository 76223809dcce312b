"""gpustack-operator: one card at a time, of nine vendors."""

import pytest

from tests.dialects.reading import pod, read, refusal, sentence
from tranche.dialects.gpustack import BASES, Gpustack
from tranche.words.request import Slice

STACK = Gpustack()


@pytest.mark.parametrize(("base", "vendor"), BASES.items())
def test_reads_a_slice_of_each_vendor(base: str, vendor: str):
    asked = {f"{base}.sliced": 1, f"{base}.sliced.memory-mib": 3000}
    reading = read(STACK, pod({**asked, f"{base}.sliced.cores-percentage": 30}))
    assert sentence(reading) == "3000Mi and 30% cores"
    assert reading.said.vendor == vendor
    share = {f"{base}.sliced": "1", f"{base}.sliced.memory-percentage": "50"}
    assert sentence(read(STACK, pod(share))) == "50%"


@pytest.mark.parametrize(("base", "vendor"), BASES.items())
def test_a_share_carries_no_memory(base: str, vendor: str):
    reading = read(STACK, pod({f"{base}.shared": 1}))
    assert reading.said.amount == Slice(None)
    assert reading.said.vendor == vendor
    assert "carries no amount of memory" in reading.warnings[0]


def test_reads_a_partition():
    asked = {"nvidia.com/gpu.partitioned": 1, "nvidia.com/gpu.partitioned.mig-3g.40gb": 1}
    assert sentence(read(STACK, pod(asked))) == "3g.40gb"
    assert read(STACK, pod(asked)).said.vendor == "nvidia"


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"nvidia.com/gpu.sliced": 2, "nvidia.com/gpu.sliced.memory-mib": 1}, "from 1 to 1"),
        ({"nvidia.com/gpu.shared": 2}, "from 1 to 1"),
        ({"nvidia.com/gpu.partitioned": 1}, "no partition is named"),
        ({"nvidia.com/gpu.partitioned.large": 1}, "not the name of a partition"),
        ({"nvidia.com/gpu.shared": 1, "amd.com/gpu.shared": 1}, "write one of them"),
        (
            {"nvidia.com/gpu.partitioned.mig-1g.10gb": 1, "nvidia.com/gpu.shared": 1},
            "write one of them",
        ),
        (
            {
                "nvidia.com/gpu.sliced.memory-mib": 1,
                "nvidia.com/gpu.sliced.memory-percentage": 1,
            },
            "leave one of them out",
        ),
    ],
)
def test_refuses(asked: dict[str, int], says: str):
    assert says in refusal(STACK, pod(asked))


def test_the_bases_alone_are_the_vendors():
    assert not STACK.read(pod(dict.fromkeys(BASES, 1)))
