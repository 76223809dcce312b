"""Tencent's open gpu-manager: units of 256 MiB."""

import pytest

from tests.dialects.reading import pod, read, refusal, sentence
from tranche.dialects.gpu_manager import GpuManager

MANAGER = GpuManager()


def words(**asked: int) -> dict[str, int]:
    return {f"tencent.com/vcuda-{name}": n for name, n in asked.items()}


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (words(core=50, memory=30), "7680Mi and 50% cores"),
        (words(memory=1), "256Mi"),
        (words(core=100), "whole"),
        (words(core=200), "2 x whole"),
    ],
)
def test_reads(asked: dict[str, int], says: str):
    reading = read(MANAGER, pod(asked))
    assert sentence(reading) == says
    assert not reading.warnings


def test_a_bound_of_cores_and_memory_of_whole_cards_are_lost():
    limit = {"tencent.com/vcuda-core-limit": "80"}
    assert "80 is lost" in read(MANAGER, pod(words(core=50), annotations=limit)).warnings[0]
    assert "is lost" in read(MANAGER, pod(words(core=100, memory=8))).warnings[0]


def test_forks_rename_the_domain():
    fork = GpuManager(domain="example.com")
    assert sentence(read(fork, pod({"example.com/vcuda-memory": 2}))) == "512Mi"
    assert not fork.read(pod(words(core=50)))


def test_refuses_a_card_and_a_half():
    assert "above 100 it means whole cards" in refusal(MANAGER, pod(words(core=150)))
