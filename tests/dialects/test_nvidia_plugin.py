"""NVIDIA's own plugin: read, and written by the backend ``plugin``."""

import pytest

from tests.dialects.reading import pod, read, refusal, sentence
from tranche.dialects.nvidia_plugin import NvidiaPlugin
from tranche.words.request import Slice
from tranche.words.said import Said

NVIDIA = NvidiaPlugin()


def test_a_shared_card_carries_no_memory():
    reading = read(NVIDIA, pod({"nvidia.com/gpu.shared": 1}))
    assert reading.said == Said(amount=Slice(None), vendor="nvidia")
    assert "carries no amount of memory" in reading.warnings[0]
    assert "no more of a card" in refusal(NVIDIA, pod({"nvidia.com/gpu.shared": 2}))


@pytest.mark.parametrize(
    ("asked", "says", "warns"),
    [
        ({"mig-1g.10gb": 1}, "1g.10gb", False),
        ({"mig-3g.40gb": 2}, "2 x 3g.40gb", False),
        ({"mig-1g.5gb.me": 1}, "1g.5gb+me", False),
        ({"mig-1g.10gb.shared": 1}, "1g.10gb", True),
    ],
)
def test_reads_mig(asked: dict[str, int], says: str, warns: bool):  # noqa: FBT001
    reading = read(NVIDIA, pod({f"nvidia.com/{name}": n for name, n in asked.items()}))
    assert sentence(reading) == says
    assert bool(reading.warnings) is warns


@pytest.mark.parametrize(
    "product",
    ["NVIDIA-A100-SXM4-80GB", "NVIDIA-A100-SXM4-80GB-SHARED", "NVIDIA-A100-SXM4-80GB-MIG-1g.10gb"],
)
def test_the_model_is_the_product_without_what_is_added_to_it(product: str):
    words = pod({"nvidia.com/mig-1g.10gb": 1}, selector={"nvidia.com/gpu.product": product})
    assert sentence(read(NVIDIA, words)) == "1g.10gb on nvidia a100 sxm4 80G"


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"nvidia.com/mig-1g.10gb": 1, "nvidia.com/mig-2g.20gb": 1}, "write one of them"),
        ({"nvidia.com/mig-1g.10gb": 1, "nvidia.com/gpu.shared": 1}, "write one of them"),
        ({"nvidia.com/mig-large": 1}, "no such profile"),
        ({"nvidia.com/mig-1g.10gb": 0}, "from 1 to 64"),
    ],
)
def test_refuses(asked: dict[str, int], says: str):
    assert says in refusal(NVIDIA, pod(asked))


def test_a_bare_card_is_left_to_the_vendor():
    assert not NVIDIA.read(pod({"nvidia.com/gpu": 2}))
