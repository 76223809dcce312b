"""The tables of fixed slices say what their sources say, and the least that does is chosen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vendors.stacks import VENDORS, put
from tranche.vendors.sizes import card_of, every_profile, fit_size, profiles_of, sizes
from tranche.words.errors import Refusal
from tranche.words.models import parse_model, rows_of, table
from tranche.words.request import Mebibytes, Partition, Percent, Request, Slice, Whole
from tranche.words.scanner import IS_PARTITION
from tranche.words.sentence import parse_sentence

TEMPLATES = {
    "910A": "vir02 2184/2, vir04 4369/4, vir08 8738/8, vir16 17476/16 of 32768/30",
    "910B2": "vir03_1c_8g 8192/3, vir06_1c_16g 16384/6, vir12_3c_32g 32768/12 of 65536/24",
    "910B3": "vir05_1c_16g 16384/5, vir10_3c_32g 32768/10 of 65536/20",
    "910B4-1": "vir05_1c_16g 16384/5, vir10_3c_32g 32768/10 of 65536/20",
    "910C": "vir05_1c_16g 16384/5, vir10_3c_32g 32768/10 of 65536/20",
    "910B4": "vir05_1c_8g 8192/5, vir10_3c_16g 16384/10 of 32768/20",
    "310P": "vir01 3072/1, vir02 6144/2, vir04 12288/4 of 21527/8",
    "S60": "1g.6gb 6144/1, 3g.20gb 20480/3, 6g.40gb 40960/6 of 40960/6",
    "P800": " 24576/1,  49152/2,  98304/4 of 98304/4",
}


def card(word: str):
    model = parse_model(word)
    return card_of(rows_of(model)[0].vendor, (model,))


@pytest.mark.parametrize("word", TEMPLATES)
def test_templates_are_those_of_the_reference(word: str):
    one = card(word)
    shown = ", ".join(f"{size.name} {size.mib}/{size.parts}" for size in one.sizes)
    assert f"{shown} of {one.mib}/{one.parts}" == TEMPLATES[word]


@pytest.mark.parametrize(
    ("word", "units"),
    [
        ("S4000", [2, 4, 8, 16, 32, 64, 96]),
        ("S5000", [2, 4, 8, 16, 32, 64, 96, 128, 160]),
        ("S80", [2, 4, 8, 16, 32]),
        ("S3000", [2, 4, 8, 16, 32, 64]),
    ],
)
def test_moore_threads_sizes_are_those_of_the_reference_that_the_card_can_hold(word, units):
    assert [size.mib // 512 for size in card(word).sizes] == units


def test_several_models_share_the_sizes_that_both_have():
    both = card_of("mthreads", (parse_model("S80"), parse_model("S5000")))
    assert [size.mib // 512 for size in both.sizes] == [2, 4, 8, 16, 32]
    assert card_of("ascend", (parse_model("910B1"),)) is None
    assert card_of("hygon", ()) is None


@pytest.mark.parametrize("row", sizes().cards, ids=lambda row: f"{row.vendor} {row.models}")
def test_the_data_is_sound(row):
    words = {one.word for one in table().models if one.vendor == row.vendor}
    assert set(row.models) <= words
    assert row.vendor in VENDORS
    mib = [size.mib for size in row.sizes]
    assert mib == sorted(set(mib))
    assert row.mib is None or mib[-1] <= row.mib
    assert all(size.parts <= row.parts for size in row.sizes)
    names = [size.name for size in row.sizes if size.name]
    for name in names + [variant for variant, _ in row.variants]:
        assert IS_PARTITION.fullmatch(name)
        assert parse_sentence(name).amount == Partition(name)
    assert {size for _, size in row.variants} <= set(names)


@pytest.mark.parametrize(
    ("word", "profile"),
    [
        ("A30", "1g.6gb"),
        ("A100 40G", "1g.5gb"),
        ("A100 80G", "1g.10gb+me"),
        ("H100 80G", "1g.20gb"),
        ("H100 NVL 94G", "3g.47gb"),
        ("H20 96G", "7g.96gb"),
        ("H200", "1g.18gb"),
        ("B200", "7g.180gb"),
        ("GB200", "7g.189gb"),
        ("B300", "7g.269gb"),
        ("RTX PRO 6000", "1g.24gb+me.all"),
    ],
)
def test_each_model_has_the_mig_profiles_of_its_size_and_no_others(word: str, profile: str):
    names = profiles_of((parse_model(word),))
    assert profile in names
    assert "1g.77gb" not in names
    assert names < every_profile()
    assert all(IS_PARTITION.fullmatch(name) for name in names)
    resource = f"nvidia.com/mig-{profile.replace('+', '.')}"
    assert put(f"{profile} on {word}")[1].resources == {resource: 1}


def test_a_model_of_two_sizes_has_the_profiles_of_both_and_an_unknown_one_all():
    assert {"1g.5gb", "7g.80gb"} <= profiles_of((parse_model("A100"),))
    assert profiles_of((parse_model("Rubin"),)) == profiles_of(()) == every_profile()


CARDS = [card(word) for word in TEMPLATES]
memories = st.none() | st.integers(1, 70000).map(Mebibytes) | st.integers(1, 100).map(Percent)


@given(st.sampled_from(CARDS), memories, st.none() | st.integers(1, 100))
def test_the_least_size_is_chosen_that_has_all_that_is_asked(one, memory, cores):
    try:
        fitted, warnings = fit_size(Slice(memory, cores), one, "card")
    except Refusal:
        assert isinstance(memory, Mebibytes)
        assert memory.mib > one.mib
        return
    needed = memory.mib if isinstance(memory, Mebibytes) else 0
    needed = -(-one.mib * memory.percent // 100) if isinstance(memory, Percent) else needed

    def enough(size) -> bool:
        return size.mib >= needed and size.parts * 100 >= (cores or 0) * one.parts

    if isinstance(fitted, Whole):
        assert not any(map(enough, one.sizes))
        return
    chosen = next(size for size in one.sizes if size.mib == fitted.memory.mib)
    assert enough(chosen)
    assert not any(enough(size) for size in one.sizes if size.mib < chosen.mib)
    grown = fitted.memory.mib != needed or cores not in (None, fitted.cores)
    assert bool(warnings) == grown
    if isinstance(memory, Mebibytes) and grown:
        assert f"{memory.mib}Mi" in warnings[0]
        assert f"{chosen.mib}Mi" in warnings[0]
    assert fit_size(fitted, one, "card") == (fitted, ())
    assert isinstance(Request(fitted).amount, Slice)
