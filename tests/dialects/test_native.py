"""Tranche's own keys: sentences, parts, and slips of the pen."""

import pytest

from tranche.dialects.native import read_words
from tranche.words.errors import Refusal
from tranche.words.request import Mebibytes, Model, Slice
from tranche.words.said import Said

WHOLE_SENTENCE = Said(Slice(Mebibytes(3000), 30), 2, (Model(("a100",)),))


def test_part_labels_combine_to_what_one_sentence_says():
    parts = {"memory": "3000Mi", "cores": "30", "model": "A100", "count": "2"}
    words = read_words({}, {f"tranche.dev/{key}": value for key, value in parts.items()})
    assert words.pod is not None
    assert words.pod.said == WHOLE_SENTENCE
    sentence = read_words({"tranche.dev/gpu": "2 x 3000Mi and 30% cores on A100"}, {})
    assert sentence.pod is not None
    assert sentence.pod.said == WHOLE_SENTENCE


def test_a_part_may_be_said_twice_with_one_value_and_not_with_two():
    read_words({"tranche.dev/gpu": "3000Mi"}, {"tranche.dev/memory": "3000Mi"})
    with pytest.raises(Refusal) as refused:
        read_words({"tranche.dev/gpu": "3000Mi"}, {"tranche.dev/memory": "2Gi"})
    assert str(refused.value) == (
        "memory is said twice: 3000Mi by annotation tranche.dev/gpu, and 2048Mi by label "
        "tranche.dev/memory; say it in one place"
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1Gi and 30% cores", "1Gi and 31% cores"),
        ("1 x 1Gi", "2 x 1Gi"),
        ("whole", "1Gi"),
        ("1g.10gb", "1g.20gb"),
        ("50%", "1Gi"),
        ("1Gi on A100", "1Gi on A100 80G"),
        ("1Gi card GPU-1", "1Gi card GPU-2"),
        ("1Gi spread", "1Gi binpack"),
    ],
)
def test_any_part_said_twice_with_two_values_is_refused(one: str, other: str):
    label = other.replace(" ", "_").replace("%", "pct")
    with pytest.raises(Refusal, match="is said twice"):
        read_words({"tranche.dev/gpu": one}, {"tranche.dev/gpu": label})


def test_the_order_of_models_is_no_contradiction():
    words = read_words(
        {"tranche.dev/gpu": "1Gi on A100 or T4"}, {"tranche.dev/model": "T4_or_A100"}
    )
    assert words.pod is not None


def test_a_container_is_named_in_the_key():
    words = read_words({"tranche.dev/gpu.side": "1Gi"}, {"tranche.dev/gpu.main": "2Gi"})
    assert words.pod is None
    assert sorted(words.named) == ["main", "side"]


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("tranche.dev/gpus", "1Gi", "did you mean tranche.dev/gpu?"),
        ("tranche.dev/GPU.main", "1Gi", "did you mean tranche.dev/gpu.main?"),
        ("tranche.dev/memory.main", "1Gi", "did you mean tranche.dev/gpu.main?"),
        ("tranche.dev/modle", "A100", "did you mean tranche.dev/model?"),
        ("tranche.dev/quota", "1Gi", "said of namespaces"),
        ("tranche.dev/memory", "3000", "write 3000Mi or 3000Gi"),
        ("tranche.dev/memory", "3000Mi_on_A100", "not an amount of memory"),
        ("tranche.dev/cores", "half", "a whole percent such as 30"),
        ("tranche.dev/cores", "101", "from 1 to 100"),
        ("tranche.dev/count", "0", "from 1 to 64"),
        ("tranche.dev/count", "two", "from 1 to 64"),
        ("tranche.dev/model", "spread", "spread"),
        ("tranche.dev/model", "910B", "910B4 or 910B4-1"),
        ("tranche.dev/gpu", "1Gi" + " " * 512, "longer than 512 characters"),
    ],
)
def test_refuses_with_the_key_and_a_way_out(key: str, value: str, says: str):
    for annotations, labels, kind in (
        ({key: value}, {}, "annotation"),
        ({}, {key: value}, "label"),
    ):
        with pytest.raises(Refusal) as refused:
            read_words(annotations, labels)
        assert str(refused.value).startswith(f"{kind} {key}: ")
        assert says in str(refused.value)


def test_a_key_that_is_near_to_none_is_remarked_on_only():
    words = read_words({"tranche.dev/owner": "team-7"}, {})
    assert words.pod is None
    assert "tranche.dev/owner" in words.warnings[0]
