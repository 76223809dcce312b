"""The sentence: what it means, what is forgiven, and what is refused with a way out."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tranche.words.errors import Refusal
from tranche.words.models import RESERVED
from tranche.words.request import (
    Mebibytes,
    Model,
    Partition,
    Percent,
    Placing,
    Request,
    Slice,
    Whole,
)
from tranche.words.sentence import parse_sentence, print_sentence, read_sentence

A100, V100, T4 = Model(("a100",)), Model(("v100",)), Model(("t4",))

MEANINGS = {
    "3000Mi on A100": Request(Slice(Mebibytes(3000)), models=(A100,)),
    "2 x 50% on A100 or V100": Request(Slice(Percent(50)), 2, models=(A100, V100)),
    "8Gi and 30% cores on 910B4": Request(Slice(Mebibytes(8192), 30), models=(Model(("910b4",)),)),
    "4 x whole on H100": Request(Whole(), 4, models=(Model(("h100",)),)),
    "1g.10gb on H100": Request(Partition("1g.10gb"), models=(Model(("h100",)),)),
    "vir05_1c_16g": Request(Partition("vir05_1c_16g")),
    "2Gi not on T4 spread": Request(
        Slice(Mebibytes(2048)), not_models=(T4,), card_policy=Placing.SPREAD
    ),
    "30% cores": Request(Slice(None, 30)),
    "1Gi same-numa node-spread priority 1": Request(
        Slice(Mebibytes(1024)), node_policy=Placing.SPREAD, same_numa=True, priority=1
    ),
    "1Gi card GPU-1a, GPU-2b not card GPU-3c": Request(
        Slice(Mebibytes(1024)), cards=("GPU-1a", "GPU-2b"), not_cards=("GPU-3c",)
    ),
    "1Gi on A100 80G, V100": Request(Slice(Mebibytes(1024)), models=(Model(("a100",), 80), V100)),
    "on A100": Request(Slice(None), models=(A100,)),
    "2 x": Request(Slice(None), 2),
}


@pytest.mark.parametrize("sentence", MEANINGS)
def test_means(sentence: str):
    assert parse_sentence(sentence) == MEANINGS[sentence]


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("  3000mi   ON a100 ", "3000Mi on A100"),
        ("3000 Mi on A100", "3000Mi on A100"),
        ("3000MiB on A100", "3000Mi on A100"),
        ("2x50% on A100,V100", "2 x 50% on A100 or V100"),
        ("2 × 50 % on A100 , V100", "2 x 50% on A100 or V100"),  # noqa: RUF001
        ("30%cores and 8Gi memory", "8Gi and 30% cores"),
        ("8Gi and 30pct cores", "8Gi and 30% cores"),
        ("half on A100", "50% and 50% cores on A100"),
        ("2 x Quarter", "2 x 25% and 25% cores"),
        ("1Gi spread on A100 spread", "1Gi on A100 spread"),
        ("1Gi on A100 80 GB", "1Gi on A100 80G"),
        ("1 Ti on RTX 2080 Ti", "1024Gi on RTX 2080-Ti"),
    ],
)
def test_forgives(written: str, same: str):
    assert parse_sentence(written) == parse_sentence(same)


@pytest.mark.parametrize(
    ("label", "sentence"),
    [
        ("3000Mi_on_A100", "3000Mi on A100"),
        ("2_x_50pct_on_A100_or_V100", "2 x 50% on A100 or V100"),
        ("8Gi_and_30pct_cores", "8Gi and 30% cores"),
        ("vir05_1c_16g_on_910B3", "vir05_1c_16g on 910B3"),
        ("2_x_vir10_3c_16g_nm", "2 x vir10_3c_16g_nm"),
        ("1Gi_on_K100_AI", "1Gi on K100 AI"),
    ],
)
def test_a_label_says_the_same_with_underscores(label: str, sentence: str):
    assert parse_sentence(label, label=True) == parse_sentence(sentence)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("", "empty sentence"),
        ("3000", "write 3000Mi or 3000Gi"),
        ("50", "write 50Gi (memory) or 50% (a share of the card)"),
        ("1", "write 1 x whole (1 card) or 1Gi"),
        ("3221225472", "write 3072Mi or 3Gi (if it was bytes)"),
        ("3e9", "a number with no unit"),
        ("3GB", "write 3Gi"),
        ("500MB", "write 500Mi"),
        ("3gb", "write 3Gi"),
        ("3000m", "write 3000Mi"),
        ("3k", "write 3000Mi or 3Gi"),
        ("3bananas", "bananas is not a unit"),
        ("0Gi", "at least 1Mi"),
        ("-3Gi", "cannot be negative"),
        ("3Ti", "at most 2097152Mi per card"),
        ("0%", "1 to 100"),
        ("101%", "1 to 100"),
        ("33.3%", "whole percent"),
        ("101% cores", "1 to 100"),
        ("30 cores", "write 30% cores"),
        ("8Gi and 30%", "write 30% cores"),
        ("8Gi and 9Gi", "memory is said twice"),
        ("8Gi and", "a share of cores"),
        ("0 x 1Gi", "from 1 to 64"),
        ("65 x 1Gi", "from 1 to 64"),
        ("1.5 x 1Gi", "from 1 to 64"),
        ("3000Mi of A100", 'the word "of" (number 2)'),
        ("3000Mi on", "ends too early"),
        ("3000Mi on or", "a model, such as A100"),
        ("3000Mi on A100 on V100", "models is said twice"),
        ("1Gi spread binpack", "card policy is said twice"),
        ("1Gi spraed", "did you mean spread?"),
        ("1Gi card spread", "nvidia-smi -L"),
        ("1Gi priority 2", '"0" (high) or "1" (low)'),
        ("hello", "3000Mi, 50%"),
        ("1Gi on 80G", "not the name of a model"),
        ("1Gi on A100 40G 80G", "two sizes"),
    ],
)
def test_refuses_and_says_what_could_stand_there(written: str, says: str):
    with pytest.raises(Refusal) as refused:
        parse_sentence(written)
    assert says in str(refused.value)


def test_what_is_not_whole_is_rounded_up_and_said():
    reading = read_sentence("2.7Gi")
    assert reading.said.amount == Slice(Mebibytes(2765))
    assert reading.warnings == ("2.7Gi is 2764.80 MiB, rounded up to 2765Mi",)
    assert read_sentence("3000M").said.amount == Slice(Mebibytes(2862))
    assert read_sentence("3072000Ki").warnings == ()


def test_a_refusal_quotes_hostile_text_bounded_and_printable():
    with pytest.raises(Refusal) as refused:
        parse_sentence("\x1b[2J" + "A" * 5000)
    assert len(str(refused.value)) < 600
    assert str(refused.value).isprintable()


tokens = st.from_regex(r"[a-z]{1,3}[0-9]{1,4}[a-z]{0,2}", fullmatch=True).filter(
    lambda token: token not in RESERVED and not token[0].isdigit()
)
models = st.builds(
    Model,
    st.lists(tokens, min_size=1, max_size=3).map(tuple),
    st.none() | st.integers(1, 9999),
)
uuids = st.from_regex(r"GPU-[0-9a-f]{8}-[0-9a-f]{4}", fullmatch=True)
percents = st.integers(1, 100)
slices = st.builds(
    Slice,
    st.none()
    | st.builds(Mebibytes, st.integers(1, 2 * 1024 * 1024))
    | st.builds(Percent, percents),
    st.none() | percents,
)
requests = st.builds(
    Request,
    amount=slices | st.just(Whole()) | st.sampled_from(["1g.10gb", "vir05_1c_16g"]).map(Partition),
    count=st.integers(1, 64),
    models=st.lists(models, max_size=4, unique=True).map(tuple),
    not_models=st.lists(models, max_size=4, unique=True).map(tuple),
    cards=st.lists(uuids, max_size=4, unique=True).map(tuple),
    not_cards=st.lists(uuids, max_size=4, unique=True).map(tuple),
    card_policy=st.none() | st.sampled_from(Placing),
    node_policy=st.none() | st.sampled_from(Placing),
    same_numa=st.booleans(),
    priority=st.none() | st.sampled_from([0, 1]),
)


@given(requests)
@example(Request(Slice(None)))
def test_what_is_printed_is_read_back_as_it_was(request_: Request):
    assert parse_sentence(print_sentence(request_)) == request_


def read_or_refused(text: str, *, label: bool) -> None:
    try:
        request_ = parse_sentence(text, label=label)
    except Refusal:
        return
    assert parse_sentence(print_sentence(request_)) == request_


@given(text=st.text(max_size=200), label=st.booleans())
def test_any_text_is_read_or_refused(*, text: str, label: bool):
    read_or_refused(text, label=label)


VOCABULARY = (
    "2 x 3000Mi 50% and 30% cores core whole 1g.10gb on not or , A100 910B4-1 80G 6000 card "
    "GPU-1 spread binpack same-numa priority 0 1 memory % Mi 3k 2x 4xwhole"
)


@given(text=st.lists(st.sampled_from(VOCABULARY.split()), max_size=12), label=st.booleans())
def test_any_row_of_the_grammars_words_is_read_or_refused(*, text: list[str], label: bool):
    """Nearer to the grammar than any text, so that the parser's far corners are reached."""
    read_or_refused(" ".join(text), label=label)
