"""Huawei CCE's xGPU: units of 128 MiB over the cards of a label."""

import pytest

from tests.dialects.reading import pod, read, refusal, sentence
from tranche.dialects.huawei_cce import HuaweiCce

CCE = HuaweiCce()
MEMORY, CORES = "volcano.sh/gpu-mem.128Mi", "volcano.sh/gpu-core.percentage"


@pytest.mark.parametrize(
    ("asked", "cards", "says"),
    [
        ({MEMORY: 40, CORES: 25}, "", "5120Mi and 25% cores"),
        ({MEMORY: 16}, "", "2048Mi"),
        ({MEMORY: 16}, "2", "2 x 1024Mi"),
        ({MEMORY: 3, CORES: 20}, "2", "2 x 192Mi and 10% cores"),
        ({"nvidia.com/gpu": "0.5"}, "", "50%"),
        ({"nvidia.com/gpu": 0.1}, "", "10%"),
        ({"nvidia.com/gpu": 1, MEMORY: 8}, "", "1024Mi"),
    ],
)
def test_reads(asked: dict[str, float | str], cards: str, says: str):
    reading = read(CCE, pod(asked, labels={"volcano.sh/gpu-num": cards} if cards else {}))
    assert sentence(reading) == says
    assert reading.said.vendor == "nvidia"
    assert not reading.warnings


@pytest.mark.parametrize(
    ("asked", "cards", "says"),
    [
        ({MEMORY: 1}, "3", "leaves a remainder"),
        ({MEMORY: 8, CORES: 12}, "1", "write 10 or 15"),
        ({"nvidia.com/gpu": "1.5"}, "", "a fraction is of one card"),
        ({"nvidia.com/gpu": "0.333"}, "", "33% or 34%"),
        ({"nvidia.com/gpu": 2, MEMORY: 8}, "", "write the same number"),
        ({"nvidia.com/gpu": 0.5, MEMORY: 8}, "", "write the same number"),
    ],
)
def test_refuses(asked: dict[str, float | str], cards: str, says: str):
    assert says in refusal(CCE, pod(asked, labels={"volcano.sh/gpu-num": cards} if cards else {}))


def test_whole_cards_are_the_vendor_s():
    assert not CCE.read(pod({"nvidia.com/gpu": 2}))
