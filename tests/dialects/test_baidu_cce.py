"""Baidu CCE's cGPU: the model is in the resource's name."""

import pytest

from tests.dialects.reading import pod, read, refusal, sentence
from tranche.dialects.baidu_cce import MODELS, BaiduCce
from tranche.words.models import remark_on

BAIDU = BaiduCce()


def words(model: str, **asked: int) -> dict[str, int]:
    suffix = {"count": "", "memory": "_memory", "share": "_memory_percent", "core": "_core"}
    return {f"baidu.com/{model}_cgpu{suffix[name]}": n for name, n in asked.items()}


@pytest.mark.parametrize(
    ("model", "asked", "says"),
    [
        ("a100_80g", {"count": 1, "memory": 10, "core": 30}, "10240Mi and 30% cores on a100 80G"),
        ("a100_40g", {"count": 2, "memory": 10}, "2 x 5120Mi on a100 40G"),
        ("v100_16g", {"count": 2, "share": 100, "core": 40}, "2 x 50% and 20% cores on v100 16G"),
        ("rtx_4090", {"count": 2}, "2 x whole on rtx 4090"),
        ("l20", {"memory": 1}, "1024Mi on l20"),
    ],
)
def test_reads_totals_and_the_model(model: str, asked: dict[str, int], says: str):
    reading = read(BAIDU, pod(words(model, **asked)))
    assert sentence(reading) == says
    assert reading.said.vendor == "nvidia"


@pytest.mark.parametrize("model", MODELS)
def test_every_model_is_one_that_tranche_knows(model: str):
    said = read(BAIDU, pod(words(model, memory=1))).said
    assert said.models
    assert not remark_on(said.models[0])


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (words("t4_16g", count=3, memory=10), "leaves a remainder"),
        (words("t4_16g", count=2, share=75), "37% or 38%"),
        ({**words("t4_16g", memory=1), **words("l40", memory=1)}, "write one model"),
        (words("t4_16g", memory=1, share=1), "leave one of them out"),
    ],
)
def test_refuses(asked: dict[str, int], says: str):
    assert says in refusal(BAIDU, pod(asked))
