"""A region is in the container's hands: whatever it says, reading it does no harm."""

import os
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodeagent.enforcement import interposer, layout
from nodeagent.enforcement.region import Count, Slot, read_region, read_slots
from tests.nodeagent.machine import A, B
from tranche.words.assignment import Grant
from tranche.words.errors import Malformed

CARDS = (A, B)


def region(path: Path, *words: tuple[int, int], stamp: int = layout.REGION_STAMP, high: int = 2):
    content = bytearray(layout.REGION_SIZE)
    struct.pack_into("<QI", content, 0, stamp, high)
    for offset, value in words:
        struct.pack_into("<Q", content, offset, value)
    path.write_bytes(content)
    return path


def test_use_is_the_sum_over_the_slots(tmp_path: Path):
    second = layout.used_offset(1)
    path = region(
        tmp_path / "region",
        (second, 5),
        (second + 8, 7),
        (second + 16, 11),  # beyond slots_high: never owned
        (layout.region_card_offset(1), 3),
    )
    assert read_region(path, CARDS) == {A: Count(0, 0), B: Count(12, 3)}


def test_slots_are_told_with_their_owners_whatever_the_number_of_the_claim(tmp_path: Path):
    slots, second = layout.Region.slots.offset, layout.used_offset(1)
    path = region(
        tmp_path / "region",
        (slots, 77 << 43 | layout.owner_word(7, 5)),
        (slots + 64, 1 << 63 | layout.owner_word(8, 5)),
        (slots + 128, layout.owner_word(9, 5)),
        (second, 10),
        (second + 16, 30),
        (second + 24, 40),  # beyond slots_high: never owned
        high=3,
    )
    assert read_slots(path, CARDS) == {
        A: (),
        B: (Slot(5 << 22 | 7, 10), Slot(5 << 22 | 9, 30)),
    }


def test_a_region_that_no_process_has_come_to_counts_nothing(tmp_path: Path):
    path = region(tmp_path / "region", stamp=0, high=0)
    assert read_region(path, CARDS) == dict.fromkeys(CARDS, Count(0, 0))
    assert read_slots(path, CARDS) == dict.fromkeys(CARDS, ())


def test_counts_that_no_card_has_do_not_overflow(tmp_path: Path):
    first = layout.used_offset(0)
    path = region(tmp_path / "region", (first, 2**64 - 1), (first + 8, 2**64 - 1))
    assert read_region(path, CARDS)[A].used == 2**63 - 1


@pytest.mark.parametrize(("stamp", "high"), [(1, 2), (layout.REGION_STAMP, 1025)])
def test_nonsense_is_malformed(tmp_path: Path, stamp: int, high: int):
    with pytest.raises(Malformed):
        read_region(region(tmp_path / "region", stamp=stamp, high=high), CARDS)


def test_a_region_that_was_cut_is_malformed(tmp_path: Path):
    path = region(tmp_path / "region")
    os.truncate(path, layout.used_offset(0) + 8)
    with pytest.raises(Malformed):
        read_region(path, CARDS)


def test_a_link_is_not_followed(tmp_path: Path):
    (tmp_path / "link").symlink_to(region(tmp_path / "region"))
    with pytest.raises(OSError, match="symbolic links"):
        read_region(tmp_path / "link", CARDS)


def test_a_pipe_is_not_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "region")
    with pytest.raises(Malformed):
        read_region(tmp_path / "region", CARDS)


@given(st.binary(max_size=100))
def test_any_bytes_are_numbers_or_unknown(tmp_path_factory: pytest.TempPathFactory, head: bytes):
    folder = tmp_path_factory.mktemp("region")
    content = bytearray(layout.REGION_SIZE)
    content[: len(head)] = head
    (folder / "region").write_bytes(content)
    counts = interposer.read_use(folder, [Grant(A, 1), Grant(B, 1)])
    assert all(0 <= count.used < 2**63 for count in counts.values())


@given(
    high=st.integers(0, 2**32 - 1) | st.integers(0, layout.MAX_SLOTS),
    words=st.lists(
        st.tuples(st.integers(2, layout.REGION_SIZE // 8 - 1), st.integers(0, 2**64 - 1))
    ),
    size=st.just(layout.REGION_SIZE) | st.integers(0, 2 * layout.REGION_SIZE),
)
def test_a_region_of_any_words_and_any_size_is_numbers_or_malformed(
    tmp_path_factory: pytest.TempPathFactory, high: int, words: list[tuple[int, int]], size: int
):
    path = region(
        tmp_path_factory.mktemp("region") / "region", *((8 * i, v) for i, v in words), high=high
    )
    os.truncate(path, size)
    try:
        counts = read_region(path, CARDS)
        slots = read_slots(path, CARDS)
    except Malformed:
        assert high > layout.MAX_SLOTS or size < layout.REGION_SIZE
    else:
        for card, some in slots.items():
            assert min(sum(slot.used for slot in some), 2**63 - 1) == counts[card].used
        assert all(
            0 <= number < 2**63
            for count in counts.values()
            for number in (count.used, count.refused)
        )


def test_a_slice_that_is_gone_counts_nothing(tmp_path: Path):
    assert interposer.read_use(tmp_path / "none", [Grant(A, 1)]) == {}
