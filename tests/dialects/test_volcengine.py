"""Volcengine's mGPU: totals over cards that an annotation counts for each container."""

import pytest

from tests.dialects.reading import pod, read, refusal, sentence
from tranche.dialects.volcengine import Volcengine

MGPU = Volcengine()
PREFIX = "vke.volcengine.com/"


def words(**asked: int) -> dict[str, int]:
    return {f"{PREFIX}mgpu-{name}": n for name, n in asked.items()}


def counts(written: str) -> dict[str, str]:
    return {f"{PREFIX}container-multiple-gpu": written}


@pytest.mark.parametrize(
    ("asked", "counted", "says"),
    [
        (words(core=30, memory=4096), "", "4096Mi and 30% cores"),
        (words(core=100, memory=4096), "2", "2 x 2048Mi and 50% cores"),
        (words(core=100), "", "whole"),
        (words(core=200), "", "2 x whole"),
        (words(core=200), "2", "2 x whole"),
    ],
)
def test_reads(asked: dict[str, int], counted: str, says: str):
    reading = read(MGPU, pod(asked, annotations=counts(counted)))
    assert sentence(reading) == says
    assert not reading.warnings


def test_the_list_counts_for_each_container_in_its_order():
    containers = {
        "setup": {},
        "a": words(core=60, memory=2048),
        "b": {},
        "c": words(core=10, memory=1024),
    }
    found = MGPU.read(pod(annotations=counts("2,0,1"), containers=containers))
    assert {name: sentence(reading) for name, reading in found.items()} == {
        "a": "2 x 1024Mi and 30% cores",
        "c": "1024Mi and 10% cores",
    }


def test_the_policy_is_lost():
    annotations = {f"{PREFIX}mgpu-compute-policy": "fixed-share"}
    reading = read(MGPU, pod(words(core=30, memory=1024), annotations=annotations))
    assert "fixed-share is lost" in reading.warnings[0]


@pytest.mark.parametrize(
    ("asked", "counted", "says"),
    [
        (words(core=30, memory=1025), "2", "leaves a remainder"),
        (words(core=31, memory=1024), "2", "15% or 16%"),
        (words(core=150, memory=1024), "", "above 100 it means whole cards"),
        (words(core=30, memory=1024), "0", "its resources say otherwise"),
        (words(core=30, memory=1024), "1,1", "more numbers than containers"),
        (words(core=30, memory=1024), "1,", "not a quantity"),
        (words(core=30, memory=1024), "one", "not a quantity"),
        ({}, "1", "its resources say otherwise"),
    ],
)
def test_refuses(asked: dict[str, int], counted: str, says: str):
    assert says in refusal(MGPU, pod(asked, annotations=counts(counted)))
