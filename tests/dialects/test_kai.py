"""KAI and Run:ai: annotations that speak for one container of the pod."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dialects.reading import pod, read, refusal, sentence, settled
from tests.dialects.requests import counts, mebibytes, requests
from tranche.dialects.kai import Kai
from tranche.words.errors import Refusal
from tranche.words.request import Percent, Request, Slice
from tranche.words.sentence import parse_sentence

KAI = Kai()
PART = st.builds(Percent, st.integers(1, 99)) | mebibytes


@pytest.mark.parametrize(
    ("annotations", "says"),
    [
        ({"gpu-fraction": "0.5"}, "50%"),
        ({"gpu-fraction": ".07"}, "7%"),
        ({"gpu-fraction": "0.29"}, "29%"),
        ({"gpu-fraction": "0.5", "gpu-fraction-num-devices": "2"}, "2 x 50%"),
        ({"gpu-memory": "2000"}, "2000Mi"),
        ({"gpu-memory": "2000", "gpu-fraction-num-devices": "4"}, "4 x 2000Mi"),
    ],
)
def test_reads_of_each_device(annotations: dict[str, str], says: str):
    reading = read(KAI, pod(annotations=annotations))
    assert sentence(reading) == says
    assert not reading.warnings


def test_speaks_for_the_first_container_or_the_one_named():
    two = {"main": {}, "side": {}}
    assert set(KAI.read(pod(annotations={"gpu-fraction": "0.5"}, containers=two))) == {"main"}
    named = {"gpu-fraction": "0.5", "gpu-fraction-container-name": "side"}
    assert set(KAI.read(pod(annotations=named, containers=two))) == {"side"}
    other = {"gpu-fraction": "0.5", "gpu-fraction-container-name": "other"}
    assert "it has main, side" in refusal(KAI, pod(annotations=other, containers=two))


def test_the_queue_and_a_request_below_the_limit_are_lost():
    words = pod(
        annotations={"gpu-memory": "2000", "gpu-memory.limit": "3000"},
        labels={"kai.scheduler/queue": "team"},
    )
    reading = read(KAI, words)
    assert sentence(reading) == "3000Mi"
    assert ["2000 is lost" in reading.warnings[0], "team is lost" in reading.warnings[1]] == [
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("annotations", "says"),
    [
        ({"gpu-fraction": "1"}, "less than one card"),
        ({"gpu-fraction": "1.5"}, "less than one card"),
        ({"gpu-fraction": "0"}, "cannot be had"),
        ({"gpu-fraction": "-0.5"}, "less than nothing"),
        ({"gpu-fraction": "nan"}, "not a quantity"),
        ({"gpu-fraction": "0.333"}, "33% or 34%"),
        ({"gpu-memory": "2Gi"}, "takes no suffix"),
        ({"gpu-memory": "2000", "gpu-fraction": "0.5"}, "leave one of them out"),
        ({"gpu-memory": "2000", "gpu-fraction-num-devices": "0"}, "from 1 to 64"),
        ({"gpu-memory": "2000", "gpu-memory.limit": "1000"}, "write the two alike"),
    ],
)
def test_refuses(annotations: dict[str, str], says: str):
    assert says in refusal(KAI, pod(annotations=annotations))


@given(requests(amount=st.builds(Slice, PART), count=counts))
def test_what_is_written_is_read_back(request: Request):
    sized = replace(request.amount, cores=None)
    written = KAI.write({"side": request})["side"]
    assert not written.resources
    again = KAI.read(pod(annotations=written.annotations, containers={"main": {}, "side": {}}))
    assert replace(settled(again["side"]), vendor="nvidia") == replace(request, amount=sized)


def test_writes_the_queue_and_whole_cards():
    written = Kai(queue="team").write({"main": parse_sentence("2 x whole on H200 NVL")})["main"]
    assert written.resources == {"nvidia.com/gpu": 2}
    assert written.labels == {"kai.scheduler/queue": "team"}
    assert written.node_selector == {"nvidia.com/gpu.product": "NVIDIA-H200-NVL"}
    assert (written.annotations, written.scheduler) == ({}, "kai-scheduler")
    full = KAI.write({"main": parse_sentence("100%")})["main"]
    assert full.resources == {"nvidia.com/gpu": 1}
    assert "is a whole card to KAI" in full.warnings[0]


def test_cores_are_lost_and_rounding_is_told():
    rounds, cores = KAI.write({"main": parse_sentence("3000Mi and 30% cores")})["main"].warnings
    assert "rounds memory to a hundredth" in rounds
    assert "30% cores are lost" in cores


def test_shares_a_card_with_one_container_alone():
    two = {"a": parse_sentence("1Gi"), "b": parse_sentence("1Gi")}
    with pytest.raises(Refusal, match="one container of a pod"):
        KAI.write(two)
    wholes = {"a": parse_sentence("whole"), "b": parse_sentence("2 x whole")}
    assert KAI.write(wholes)["b"].resources == {"nvidia.com/gpu": 2}
    with pytest.raises(Refusal, match="no word for a partition"):
        KAI.write({"a": parse_sentence("1g.10gb")})
