"""nvshare, and the fork of it that has limits."""

import pytest

from tests.dialects.reading import pod, read, refusal, sentence
from tranche.dialects.nvshare import Nvshare
from tranche.words.request import Slice

NVSHARE = Nvshare()
CARD = {"nvshare.com/gpu": 1}


def test_a_card_in_turns_carries_no_memory():
    reading = read(NVSHARE, pod(CARD))
    assert reading.said.amount == Slice(None)
    assert "carries no amount of memory" in reading.warnings[0]
    assert "from 1 to 1" in refusal(NVSHARE, pod({"nvshare.com/gpu": 2}))


@pytest.mark.parametrize(
    ("memory", "cores", "says"),
    [
        ("4096", "", "4096Mi"),
        ("4Gi", "", "4096Mi"),
        ("4096", "60", "4096Mi and 60% cores"),
        ("", "60", "60% cores"),
    ],
)
def test_the_fork_s_limits(memory: str, cores: str, says: str):
    limits = {"nvshare.com/gpu-memory-limit": memory, "nvshare.com/gpu-core-limit": cores}
    assert sentence(read(NVSHARE, pod(CARD, annotations=limits))) == says


def test_limits_without_a_card_say_nothing():
    assert not NVSHARE.read(pod(annotations={"nvshare.com/gpu-memory-limit": "?"}))
