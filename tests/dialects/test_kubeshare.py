"""KubeShare: labels, in decimal shares and bytes."""

import pytest

from tests.dialects.reading import pod, read, refusal, sentence
from tranche.dialects.kubeshare import Kubeshare

SHARE = Kubeshare()


def labels(request: str = "", limit: str = "", memory: str = "") -> dict[str, str]:
    said = {"gpu_request": request, "gpu_limit": limit, "gpu_mem": memory}
    return {f"sharedgpu/{name}": value for name, value in said.items() if value}


@pytest.mark.parametrize(
    ("said", "says"),
    [
        (labels("0.5", "0.5", "4294967296"), "4096Mi and 50% cores"),
        (labels("0.5", "0.5"), "50% cores"),
        (labels("1.0", "1.0", "1048576"), "1Mi and 100% cores"),
        (labels(memory="1048576"), "1Mi"),
    ],
)
def test_reads(said: dict[str, str], says: str):
    reading = read(SHARE, pod(labels=said))
    assert sentence(reading) == says
    assert not reading.warnings


def test_a_request_below_its_limit_is_lost():
    reading = read(SHARE, pod(labels=labels("0.3", "0.5", "1048576")))
    assert sentence(reading) == "1Mi and 50% cores"
    assert "0.3 is lost" in reading.warnings[0]


@pytest.mark.parametrize("key", ["sharedgpu/GPUID", "sharedgpu/priority"])
def test_groups_and_priorities_are_lost(key: str):
    reading = read(SHARE, pod(labels={**labels("0.5", "0.5"), key: "7"}))
    assert "7 is lost" in reading.warnings[0]


@pytest.mark.parametrize(
    ("said", "says"),
    [
        (labels("2", "2"), "cannot be had"),
        (labels("0.5", "0.3"), "write the two alike"),
        (labels("0.125", "0.125"), "12% or 13%"),
        (labels("half", "half"), "not a quantity"),
        (labels("0.5", "0.5", "0"), "cannot be had"),
    ],
)
def test_refuses(said: dict[str, str], says: str):
    assert says in refusal(SHARE, pod(labels=said))


def test_no_share_is_no_request():
    assert not SHARE.read(pod(labels=labels("0", "0")))
    assert not SHARE.read(pod(labels={"sharedgpu/GPUID": "abc"}))
