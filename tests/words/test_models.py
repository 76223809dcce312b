"""A model's name matches whole tokens of what the driver reports, and its size within a window."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tranche.words.errors import Refusal
from tranche.words.models import (
    matches,
    parse_model,
    print_model,
    remark_on,
    same_cards,
    table,
)

REPORTED = {name: row for row in table().models for name in row.names}


@pytest.mark.parametrize(
    ("words", "reported", "mib"),
    [
        ("T4", "Tesla T4", 15360),
        ("Tesla T4", "NVIDIA T4", 15360),
        ("A100", "NVIDIA A100-SXM4-40GB", 40960),
        ("A100", "NVIDIA A100 80GB PCIe", 81920),
        ("A100 80G", "NVIDIA A100-SXM4-80GB", 81920),
        ("A100 PCIe", "NVIDIA A100 80GB PCIe", 81920),
        ("A100-PCIE", "NVIDIA A100-PCIE-40GB", 40960),
        ("A100 SXM", "NVIDIA A100-SXM4-80GB", 81920),
        ("NVIDIA-A100-SXM4-80GB", "NVIDIA A100-SXM4-80GB", 81920),
        ("A100", "NVIDIA-A100-SXM4-80GB-SHARED", 81920),
        ("A100", "NVIDIA-A100-SXM4-40GB-MIG-1g.5gb", 40960),
        ("H100 80G", "NVIDIA H100 80GB HBM3", 81559),
        ("H100 SXM", "NVIDIA H100 80GB HBM3", 81559),
        ("H20", "NVIDIA H20-3e", 143771),
        ("H20 141G", "NVIDIA H20-3e", 143771),
        ("L40 48G", "NVIDIA L40", 46068),
        ("L40 48G", "NVIDIA L40", 49140),
        ("4090", "NVIDIA GeForce RTX 4090", 24564),
        ("RTX 4090 48G", "NVIDIA GeForce RTX 4090", 49140),
        ("910B4", "910B4", 32768),
        ("Ascend910B4-1", "910B4-1", 65536),
        ("910C", "Ascend910", 65536),
        ("310P", "310P3", 21527),
        ("MR-V100", "Iluvatar MR-V100", 32768),
        ("K100 AI", "K100_AI", 65520),
        ("B200 192G", "NVIDIA B200", 183359),
    ],
)
def test_means(words: str, reported: str, mib: int):
    assert matches(parse_model(words), reported, mib)


@pytest.mark.parametrize(
    ("words", "reported", "mib"),
    [
        ("A10", "NVIDIA A100-SXM4-40GB", 40960),
        ("A10", "NVIDIA A10G", 23028),
        ("H20", "NVIDIA H200", 143771),
        ("H200", "NVIDIA GH200 480GB", 97871),
        ("B200", "NVIDIA GB200", 189471),
        ("L4", "NVIDIA L40", 46068),
        ("L40", "NVIDIA L40S", 46068),
        ("P4", "Tesla P40", 24576),
        ("V100", "Iluvatar MR-V100", 32768),
        ("V100", "Iluvatar BI-V100", 32768),
        ("910B4", "910B4-1", 65536),
        ("910B4-1", "910B4", 32768),
        ("4080", "NVIDIA GeForce RTX 4080 SUPER", 16376),
        ("2080", "NVIDIA GeForce RTX 2080 Ti", 11264),
        ("A100 80G", "NVIDIA A100-SXM4-40GB", 40960),
        ("H20 96G", "NVIDIA H20", 143771),
        ("RTX A6000", "NVIDIA RTX 6000 Ada Generation", 49140),
        ("A100 NVL", "NVIDIA A100-SXM4-40GB", 40960),
    ],
)
def test_does_not_mean(words: str, reported: str, mib: int):
    assert not matches(parse_model(words), reported, mib)


@pytest.mark.parametrize("word", [row.word for row in table().models])
def test_each_word_of_the_table_means_its_own_cards_and_no_other_row_s(word: str):
    model = parse_model(word)
    meant = {name for name in REPORTED if matches(model, name, 1)}
    assert meant == {name for name, row in REPORTED.items() if row.word == word}


@pytest.mark.parametrize("row", table().models, ids=lambda row: row.word)
def test_a_reported_name_copied_from_a_node_means_that_card(row):
    for name in row.names:
        if name != "Ascend910" and "GH200" not in name:
            assert any(matches(parse_model(name), name, mib) for mib in row.mib or (1,))


def test_an_ambiguous_word_is_refused_with_its_candidates():
    with pytest.raises(Refusal, match="RTX A6000, RTX 6000 Ada, RTX PRO 6000"):
        parse_model("6000")
    with pytest.raises(Refusal, match=r"910B1, .*910B4 or 910B4-1"):
        parse_model("Ascend 910B")


@pytest.mark.parametrize("candidates", table().ambiguous.values())
def test_every_candidate_can_be_written(candidates: tuple[str, ...]):
    for word in candidates:
        parse_model(word)


def test_the_window_of_a_size_is_its_nominal_times_090_to_105():
    model = parse_model("A100 40G")
    assert [matches(model, "NVIDIA A100", mib) for mib in (36863, 36864, 43008, 43009)] == [
        False,
        True,
        True,
        False,
    ]


def test_an_unknown_model_is_remarked_on_and_not_refused():
    assert "did you mean A100?" in remark_on(parse_model("A1000"))
    assert remark_on(parse_model("A100")) == ""
    assert "but 40G or 80G" in remark_on(parse_model("A100 64G"))
    assert remark_on(parse_model("A100 80G")) == ""
    assert "no card that Tranche knows" in remark_on(parse_model("Rubin R900"))


@given(st.text(max_size=60))
def test_any_words_are_a_model_or_refused(words: str):
    try:
        model = parse_model(words)
    except Refusal:
        return
    assert parse_model(print_model(model)) == model


@pytest.mark.parametrize(
    ("words", "hint"), [("A100 sprad", '"sprad" meant as spread'), ("A100 fast", '"fast" is no')]
)
def test_a_mistyped_option_behind_a_model_is_told_from_a_model(words: str, hint: str):
    assert hint in remark_on(parse_model(words))


@pytest.mark.parametrize(
    ("some", "others", "same"),
    [
        ("v6e", "tpu-v6e-slice", True),
        ("A100 40G", "NVIDIA A100-SXM4-40GB", False),
        ("A100", "A100 40G", False),
        ("unheard of", "unheard of", True),
        ("unheard of", "never seen", False),
    ],
)
def test_two_names_may_mean_the_same_cards(some: str, others: str, *, same: bool):
    assert same_cards((parse_model(some),), (parse_model(others),)) is same
