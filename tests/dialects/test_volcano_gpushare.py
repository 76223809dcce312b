"""Volcano's older GPU sharing."""

import pytest

from tests.dialects.reading import pod, read, refusal, sentence
from tranche.dialects.volcano_gpushare import VolcanoGpushare

OLD = VolcanoGpushare()


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"volcano.sh/gpu-memory": 1024}, "1024Mi"),
        ({"volcano.sh/gpu-number": 2}, "2 x whole"),
    ],
)
def test_reads(asked: dict[str, int], says: str):
    assert sentence(read(OLD, pod(asked))) == says


def test_memory_is_of_one_card_and_not_beside_whole_ones():
    both = {"volcano.sh/gpu-memory": 1024, "volcano.sh/gpu-number": 2}
    assert "memory is of one card" in refusal(OLD, pod(both))


def test_the_word_is_not_that_of_vgpu():
    assert not OLD.read(pod({"volcano.sh/vgpu-memory": 1024}))
