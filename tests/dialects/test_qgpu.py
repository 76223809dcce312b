"""Tencent's qGPU: GiB, and hundredths of a card that may be a total."""

import pytest

from tests.dialects.reading import pod, read, refusal, sentence
from tranche.dialects.qgpu import Qgpu

QGPU = Qgpu()


def words(**asked: int | str) -> dict[str, int | str]:
    return {f"tke.cloud.tencent.com/qgpu-{name}": n for name, n in asked.items()}


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (words(core=30, memory=5), "5120Mi and 30% cores"),
        (words(memory=5), "5120Mi"),
        (words(core=5), "5% cores"),
        (words(core=100), "whole"),
        (words(core=300), "3 x whole"),
        (words(core=150, memory=6), "2 x 3072Mi and 75% cores"),
    ],
)
def test_reads(asked: dict[str, int | str], says: str):
    reading = read(QGPU, pod(asked))
    assert sentence(reading) == says
    assert reading.said.vendor == "nvidia"
    assert not reading.warnings


def test_memory_beside_whole_cards_is_lost():
    reading = read(QGPU, pod(words(core=200, memory=5)))
    assert sentence(reading) == "2 x whole"
    assert "qgpu-memory is lost" in reading.warnings[0]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (words(core=33), "write 30 or 35"),
        (words(core=3), "write 5"),
        (words(core=250, memory=6), "2 cards at most"),
        (words(core=105, memory=6), "52% or 53%"),
        (words(core=150, memory="0.001"), "leaves a remainder"),
        (words(memory=0), "cannot be had"),
        (words(core=6500), "64 at most"),
    ],
)
def test_refuses(asked: dict[str, int | str], says: str):
    assert says in refusal(QGPU, pod(asked))
