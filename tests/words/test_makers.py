"""A maker's name stands where a model does; one container gets cards of one maker."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tranche.words.catalogue import table
from tranche.words.errors import Refusal
from tranche.words.limits import check_limits
from tranche.words.makers import title_of, vendor_of
from tranche.words.models import (
    is_called,
    memory_of,
    parse_model,
    remark_on,
    vendor_of_model,
    within,
)
from tranche.words.namespace import read_rules
from tranche.words.pod import Member, Role
from tranche.words.request import Mebibytes, Model, Request, Slice
from tranche.words.said import Said, fill
from tranche.words.sentence import parse_sentence, print_sentence, read_sentence

MAKERS = table().makers


@pytest.mark.parametrize("key", MAKERS)
def test_each_word_of_a_maker_means_all_of_its_cards(key: str):
    for word in (key, *MAKERS[key].words, title_of(key)):
        assert read_sentence(f"2000Mi on {word}").said == Said(
            amount=Slice(Mebibytes(2000)), vendor=key
        )
    assert print_sentence(Request(Slice(None), vendor=key)) == f"on {key}"


@pytest.mark.parametrize("row", table().models, ids=lambda row: row.word)
def test_each_row_is_of_a_maker_and_its_word_tells_which(row):
    assert row.vendor in MAKERS
    assert vendor_of_model(parse_model(row.word)) == row.vendor
    assert vendor_of(parse_sentence(f"1Gi on {row.word}")) == row.vendor
    assert is_called(parse_model(row.vendor), row.names[0])


@pytest.mark.parametrize(
    ("written", "vendor", "models"),
    [
        ("on Hygon Z100L", "hygon", [Model(("z100l",))]),
        ("on NVIDIA A100 80G", "nvidia", [Model(("a100",), 80)]),
        ("on NVIDIA-A100-SXM4-80GB", "nvidia", [Model(("a100", "sxm4"), 80)]),
        ("on Huawei Ascend 910B4", "ascend", [Model(("910b4",))]),
        ("on Hygon 64G", "hygon", [Model(("hygon",), 64)]),
        ("on Hygon unheard", "hygon", [Model(("unheard",))]),
        ("on Z100L or Hygon", "hygon", []),
        ("on Hygon K100_AI or Z100L", "hygon", [Model(("k100", "ai")), Model(("z100l",))]),
        ("on Google TPU v5e", "google", [Model(("v5e",))]),
        ("on PPU-ZW810E", "thead", [Model(("zw810e",))]),
        ("on A100", None, [Model(("a100",))]),
    ],
)
def test_maker_and_models_are_told_apart_and_read_back(written, vendor, models):
    request = parse_sentence(written)
    assert (request.vendor, list(request.models)) == (vendor, models)
    assert parse_sentence(print_sentence(request)) == request
    assert vendor_of(request) == vendor_of_model((models or [Model((vendor,))])[0]) or vendor


@pytest.mark.parametrize(
    "written",
    [
        "1Gi on A100 or 910B4",
        "1Gi on Hygon or Ascend",
        "1Gi on Hygon A100",
        "1Gi on A100 or Hygon",
        "1Gi on Hygon on A100",
    ],
)
def test_two_makers_in_one_request_are_refused_with_both_named(written: str):
    with pytest.raises(Refusal, match="not of one maker, but of") as refused:
        parse_sentence(written)
    assert "name models of one maker" in str(refused.value)


def test_a_vendor_by_its_resource_and_models_of_another_are_refused_too():
    with pytest.raises(Refusal, match="AMD and A100 are not of one maker"):
        vendor_of(Request(Slice(None), vendor="amd", models=(Model(("a100",)),)))
    assert vendor_of(Request(Slice(None))) is None
    assert vendor_of(parse_sentence("1Gi on Rubin")) is None


def test_an_ambiguous_word_stays_so_behind_its_maker():
    with pytest.raises(Refusal, match="910A, 910B1"):
        parse_sentence("1Gi on Ascend 910")
    with pytest.raises(Refusal, match="several models"):
        parse_sentence("1Gi on NVIDIA 6000")


def test_what_a_default_says_of_one_maker_is_not_given_to_another_s_cards():
    default = read_sentence("3000Mi on A100 card GPU-1 spread").said
    filled = fill(read_sentence("on Hygon").said, default)
    assert filled.amount == Slice(Mebibytes(3000))
    assert filled.vendor == "hygon"
    assert (filled.models, filled.cards) == (None, None)
    assert filled.card_policy == "spread"
    assert fill(Said(vendor="nvidia"), default).models == default.models
    assert fill(Said(), read_sentence("1Gi on Hygon").said).vendor == "hygon"


def test_a_maker_can_be_avoided_and_allowed():
    avoid = parse_sentence("1Gi not on NVIDIA").not_models[0]
    assert is_called(avoid, "Tesla T4")
    assert is_called(avoid, "NVIDIA Unheard Of")
    assert not is_called(avoid, "K100_AI")
    hygon = parse_model("Hygon")
    assert within(parse_model("Z100L"), hygon)
    assert not within(parse_model("A100"), hygon)
    assert not remark_on(parse_model("AWS"))


def test_a_namespace_of_one_maker_admits_its_cards_alone():
    rules = read_rules({"tranche.dev/models": "Hygon"})
    members = (Member("main", Role.APP),)
    for sentence in ("1Gi on Hygon", "1Gi on Z100L"):
        check_limits(rules, members, {"main": parse_sentence(sentence)})
    for sentence in ("1Gi on Ascend", "1Gi on A100", "1Gi"):
        with pytest.raises(Refusal, match="the namespace allows HYGON"):
            check_limits(rules, members, {"main": parse_sentence(sentence)})


@pytest.mark.parametrize(
    ("words", "mib"),
    [
        ("910B4", 32768),
        ("MLU370-X4", 23308),
        ("MLU370", None),
        ("A100", None),
        ("A100 80G", 81920),
        ("L40", 46068),
        ("Z100L", None),
        ("Rubin", None),
    ],
)
def test_memory_of_a_model_is_known_where_it_has_one_size(words: str, mib: int | None):
    assert memory_of(parse_model(words)) == mib


WORDS = "on not or , Hygon Ascend NVIDIA moore threads t-head 64G A100 910B4 foo9 1Gi 2 x Z100L"


@given(st.lists(st.sampled_from(WORDS.split()), max_size=10))
def test_any_row_of_makers_and_models_is_read_back_or_refused(words: list[str]):
    try:
        request = parse_sentence(" ".join(words))
    except Refusal:
        return
    assert parse_sentence(print_sentence(request)) == request
