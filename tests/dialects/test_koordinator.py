"""Koordinator: totals over the cards, and bytes."""

from dataclasses import replace

import pytest
from hypothesis import given

from tests.dialects.reading import pod, read, refusal, sentence, settled
from tests.dialects.requests import requests
from tranche.dialects.koordinator import Koordinator
from tranche.words.errors import Refusal
from tranche.words.request import Request
from tranche.words.sentence import parse_sentence

KOORDINATOR = Koordinator()


def words(**asked: str | int) -> dict[str, str | int]:
    names = {"memory": "gpu-memory", "ratio": "gpu-memory-ratio", "core": "gpu-core"}
    names |= {"shared": "gpu.shared", "gpu": "gpu"}
    return {f"koordinator.sh/{names[name]}": value for name, value in asked.items()}


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (words(shared=1, core=50, memory="16Gi"), "16384Mi and 50% cores"),
        (words(shared=2, core=100, memory="32Gi"), "2 x 16384Mi and 50% cores"),
        (words(shared=2, ratio=100), "2 x 50%"),
        (words(memory=2**30), "1024Mi"),
        (words(memory="1e9"), "954Mi"),
        (words(ratio=50, core=50), "50% and 50% cores"),
        (words(ratio=200, core=200), "2 x 100% and 100% cores"),
        (words(gpu=50), "50% and 50% cores"),
        (words(gpu=100), "whole"),
        (words(gpu=200), "2 x whole"),
        (words(shared=2), "2 x whole"),
    ],
)
def test_reads(asked: dict[str, str | int], says: str):
    assert sentence(read(KOORDINATOR, pod(asked))) == says


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (words(shared=3, memory="32Gi"), "over 3 cards leaves a remainder"),
        (words(shared=2, ratio=75), "37% or 38%"),
        (words(shared=4, memory="10Mi"), "2 or 3 MiB of each"),
        (words(shared=2, memory="1000M"), "leaves a remainder"),
        (words(gpu=150), "above 100 it means whole cards"),
        (words(ratio=150), "above 100 it means whole cards"),
        (words(gpu=50, core=50), "write one of them"),
        (words(memory="1Gi", ratio=50), "leave one of them out"),
        (words(shared=2, core=300, ratio=50), "cannot be had"),
    ],
)
def test_refuses_a_remainder_and_two_ways_to_say_it(asked: dict[str, str | int], says: str):
    assert says in refusal(KOORDINATOR, pod(asked))


def test_bytes_of_one_card_are_rounded_up_with_a_warning():
    reading = read(KOORDINATOR, pod(words(memory="1000M")))
    assert sentence(reading) == "954Mi"
    assert "rounded up to 954Mi" in reading.warnings[0]


def test_the_model_is_a_label_of_the_node():
    selector = {"node.koordinator.sh/gpu-model": "NVIDIA-A100-SXM4-80GB"}
    reading = read(KOORDINATOR, pod(words(ratio=50), selector=selector))
    assert sentence(reading) == "50% on nvidia a100 sxm4 80G"


@pytest.mark.parametrize(
    "key", ["device-allocate-hint", "device-joint-allocate", "gpu-partition-spec"]
)
def test_hints_are_lost(key: str):
    annotations = {f"scheduling.koordinator.sh/{key}": "{}"}
    reading = read(KOORDINATOR, pod(words(ratio=50), annotations=annotations))
    assert "is lost" in reading.warnings[0]


def test_words_of_an_npu_are_ascend_s_and_its_template_is_lost():
    asked = {**words(memory="8Gi"), "huawei.com/npu-core": 4, "huawei.com/npu-dvpp": 4}
    reading = read(KOORDINATOR, pod(asked))
    assert reading.said.vendor == "ascend"
    assert [warning.split()[0] for warning in reading.warnings] == [
        "huawei.com/npu-core",
        "huawei.com/npu-dvpp",
    ]
    assert not KOORDINATOR.read(pod({"huawei.com/npu-core": 4}))


@given(requests())
def test_what_is_written_is_read_back(request: Request):
    written = KOORDINATOR.write({"main": request})["main"]
    again = settled(read(KOORDINATOR, pod(written.resources, labels=written.labels)))
    assert replace(again, vendor="nvidia") == request


def test_writes_totals_and_asks_for_isolation():
    written = KOORDINATOR.write({"main": parse_sentence("2 x 3000Mi and 30% cores on H200 NVL")})
    assert written["main"].resources == words(shared=2, memory="6000Mi", core=60)
    assert written["main"].labels == {"koordinator.sh/gpu-isolation-provider": "HAMi-core"}
    assert written["main"].node_selector == {"node.koordinator.sh/gpu-model": "NVIDIA-H200-NVL"}
    assert written["main"].scheduler == "koord-scheduler"
    mixed = {"a": parse_sentence("whole"), "b": parse_sentence("50%")}
    assert all(one.labels for one in KOORDINATOR.write(mixed).values())
    whole = KOORDINATOR.write({"main": parse_sentence("2 x whole spread")})["main"]
    assert whole.resources == words(gpu=200)
    assert not whole.labels
    assert "card policy spread is lost" in whole.warnings[0]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("1Gi card GPU-1", "no word for uuids"),
        ("1Gi not on T4", "no word for what not to take"),
        ("1Gi on A100", "write one full name"),
        ("30% cores", "say how much memory"),
        ("1g.10gb", "no word for a partition"),
    ],
)
def test_has_no_words_for(asked: str, says: str):
    with pytest.raises(Refusal, match=says):
        KOORDINATOR.write({"main": parse_sentence(asked)})
