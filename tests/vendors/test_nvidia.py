"""NVIDIA's resources on one container, in HAMi's names and units."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tranche.vendors.nvidia import Nvidia
from tranche.words.errors import Refusal
from tranche.words.request import Mebibytes, Percent, Request, Slice, Whole
from tranche.words.said import NOTHING, Reading, Said, request_of


def read(**asked: str | float):
    names = {"gpu": "gpu", "mem": "gpumem", "percent": "gpumem-percentage", "cores": "gpucores"}
    return unsaid(Nvidia().read({f"nvidia.com/{names[k]}": v for k, v in asked.items()}))


def unsaid(reading: Reading) -> Reading:
    """Without the maker, which is the same in all."""
    return replace(reading, said=replace(reading.said, vendor=None))


def test_the_words_mean_what_they_mean_to_hami():
    assert read(gpu="2", mem="3000", cores="30").said == Said(Slice(Mebibytes(3000), 30), 2)
    assert read(gpu=1, percent=50).said == Said(Slice(Percent(50)), 1)
    assert read(gpu="1").said == Said(count=1)


def test_3k_is_3000_mib_as_the_api_server_writes_3000_so():
    assert read(gpu="1", mem="3k").said.amount == Slice(Mebibytes(3000))
    assert not read(gpu="1", mem="3k").warnings


def test_a_binary_suffix_is_read_as_it_says_with_a_warning():
    reading = read(gpu="1", mem="4Gi")
    assert reading.said.amount == Slice(Mebibytes(4096))
    assert "4Gi is read as 4096 MiB" in reading.warnings[0]


def test_memory_or_cores_alone_mean_one_card():
    assert read(mem="3000").said == Said(Slice(Mebibytes(3000)), 1)
    assert read(cores="30").said == Said(Slice(None, 30), 1)


def test_no_card_asks_for_nothing_and_is_told_so():
    assert read(gpu="0").said == NOTHING
    assert read(gpu="0").warnings


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"gpu": "1.5"}, "nvidia.com/gpu: "),
        ({"gpu": "-1"}, "from 1 to 64"),
        ({"gpu": "65"}, "from 1 to 64"),
        ({"gpu": "0", "mem": "3000"}, "no card, yet nvidia.com/gpumem"),
        ({"mem": "3000.5"}, "not a whole number"),
        ({"mem": "-1"}, "not a whole number"),
        ({"mem": "0"}, "from 1 to"),
        ({"mem": "0Gi"}, "at least 1Mi"),
        ({"mem": "9Ti"}, "at most 2097152Mi"),
        ({"mem": "3M"}, "from 1 to 2097152"),
        ({"mem": "lots"}, "not a quantity"),
        ({"percent": "0"}, "from 1 to 100"),
        ({"percent": "101"}, "from 1 to 100"),
        ({"cores": "150"}, "from 1 to 100"),
        ({"cores": "0"}, "from 1 to 100"),
        ({"mem": "3000", "percent": "50"}, "in two ways"),
    ],
)
def test_refuses(asked: dict[str, str], says: str):
    with pytest.raises(Refusal) as refused:
        read(**asked)
    assert says in str(refused.value)


memories = st.builds(Mebibytes, st.integers(1, 100_000)) | st.builds(Percent, st.integers(1, 100))
slices = st.builds(Slice, memories, st.none() | st.integers(1, 100))


@given(slices, st.integers(1, 64))
def test_what_is_written_is_read_back(amount: Slice, count: int):
    written = Nvidia().write(Request(amount, count)).resources
    assert request_of(unsaid(Nvidia().read(written)).said) == Request(amount, count)


def test_whole_cards_are_counted_and_nothing_else():
    assert Nvidia().write(Request(Whole(), 2)).resources == {"nvidia.com/gpu": 2}
