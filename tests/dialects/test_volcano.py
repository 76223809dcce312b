"""Volcano's vGPU: memory in a unit that the cluster sets, of each card."""

import pytest
from hypothesis import given

from tests.dialects.reading import pod, read, refusal, sentence, settled
from tests.dialects.requests import models, requests, uuids
from tranche.dialects.base import PodWords
from tranche.dialects.volcano import Volcano
from tranche.words.errors import Refusal
from tranche.words.request import Request
from tranche.words.sentence import parse_sentence

VOLCANO = Volcano(gpu_memory_factor=1)


@pytest.mark.parametrize(
    ("asked", "annotations", "says"),
    [
        ({"number": 1, "memory": 3000}, {}, "3000Mi"),
        ({"number": "2", "memory": "3k"}, {}, "2 x 3000Mi"),
        ({"memory": 3000}, {}, "3000Mi"),
        ({"number": 2, "memory-percentage": 50, "cores": 30}, {}, "2 x 50% and 30% cores"),
        ({"number": 2}, {}, "2 x whole"),
        ({"memory": 1}, {"nvidia.com/use-gputype": "A100,T4"}, "1Mi on a100 or t4"),
        ({"memory": 1}, {"nvidia.com/nouse-gputype": "T4"}, "1Mi not on t4"),
        ({"memory": 1}, {"volcano.sh/vgpu-use-gpuuuid": "GPU-1"}, "1Mi card GPU-1"),
        ({"memory": 1}, {"volcano.sh/vgpu-nouse-gpuuuid": "GPU-1"}, "1Mi not card GPU-1"),
        ({"memory": 1}, {"volcano.sh/vgpu-mode": "hami-core"}, "1Mi"),
    ],
)
def test_reads(asked: dict[str, str | int], annotations: dict[str, str], says: str):
    reading = read(VOLCANO, words(asked, **annotations))
    assert sentence(reading) == says
    assert reading.said.vendor == "nvidia"
    assert not reading.warnings


def test_the_factor_is_the_cluster_s_and_never_guessed():
    assert sentence(read(Volcano(gpu_memory_factor=10), words({"memory": 300}))) == "3000Mi"
    assert "have dialects.volcano.gpuMemoryFactor set" in refusal(Volcano(), words({"memory": 3}))
    assert sentence(read(Volcano(), words({"memory-percentage": 50}))) == "50%"
    with pytest.raises(Refusal, match="set gpuMemoryFactor"):
        Volcano().write({"main": parse_sentence("3000Mi")})


def test_a_binary_suffix_is_read_as_the_bytes_it_says():
    reading = read(Volcano(gpu_memory_factor=10), words({"memory": "4Gi"}))
    assert sentence(reading) == "4096Mi"
    assert "a plain number there counts 10 MiB" in reading.warnings[0]


def test_the_policy_of_pod_groups_is_lost():
    lost = read(VOLCANO, words({"number": 1}, **{"volcano.sh/vgpu-podgroup-policy": "spread"}))
    assert "spread is lost" in lost.warnings[0]


@pytest.mark.parametrize(
    ("asked", "annotations", "says"),
    [
        ({"number": "1.5"}, {}, "not a whole number from 0 to 64"),
        ({"number": 65}, {}, "not a whole number from 0 to 64"),
        ({"number": 0, "memory": 1}, {}, "no card, yet volcano.sh/vgpu-memory of it"),
        ({"memory": 1, "memory-percentage": 1}, {}, "leave one of them out"),
        ({"memory": 0}, {}, "0 MiB of a card cannot be had"),
        ({"memory": "-1"}, {}, "less than nothing"),
        ({"memory": "0.5"}, {}, "is not whole"),
        ({"memory": 10**9}, {}, "cannot be had"),
        ({"memory-percentage": 101}, {}, "cannot be had"),
        ({"cores": "12.5"}, {}, "comes to 12% or 13%"),
        ({"memory": 1}, {"volcano.sh/vgpu-mode": "mig"}, "cannot serve this mode yet"),
        ({"memory": 1}, {"volcano.sh/vgpu-use-gpuuuid": "all"}, "not the uuid of a card"),
    ],
)
def test_refuses(asked: dict[str, str | int], annotations: dict[str, str], says: str):
    assert says in refusal(VOLCANO, words(asked, **annotations))


def test_no_card_is_told_and_others_are_left_alone():
    assert read(VOLCANO, words({"number": 0})).warnings
    assert not VOLCANO.read(pod({"nvidia.com/gpu": 1}, annotations={"volcano.sh/vgpu-mode": "?"}))


@given(requests(models=models, not_models=models, cards=uuids, not_cards=uuids))
def test_what_is_written_is_read_back(request: Request):
    written = VOLCANO.write({"main": request})["main"]
    assert written.scheduler == "volcano"
    again = read(VOLCANO, pod(written.resources, annotations=written.annotations))
    assert settled(again) == request


def test_a_size_between_two_units_is_rounded_up_with_both_numbers():
    written = Volcano(gpu_memory_factor=256).write({"main": parse_sentence("3000Mi spread")})
    assert written["main"].resources["volcano.sh/vgpu-memory"] == 12
    lost, rounded = written["main"].warnings
    assert "card policy spread is lost" in lost
    assert "3000Mi is rounded up to 3072Mi" in rounded


def test_one_annotation_cannot_say_two_things():
    two = {"a": parse_sentence("1Gi on A100"), "b": parse_sentence("1Gi on T4")}
    with pytest.raises(Refusal, match="b asks otherwise than the first"):
        VOLCANO.write(two)
    with pytest.raises(Refusal, match="no word for a partition"):
        VOLCANO.write({"a": parse_sentence("1g.10gb")})


def words(asked: dict[str, str | int], **annotations: str) -> PodWords:
    resources = {f"volcano.sh/vgpu-{name}": value for name, value in asked.items()}
    return pod(resources, annotations=annotations)
