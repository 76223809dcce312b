"""The agent tells a region of its processes' deaths, and of no others."""

import os
import struct
from pathlib import Path

import pytest

from nodeagent.enforcement import layout
from nodeagent.enforcement.obituaries import Obituaries
from nodeagent.enforcement.shares import Sharer
from tests.nodeagent.machine import A
from tranche.words.assignment import Grant

START = 7
CLAIM = 5 << 43
"""Of an owner's word, what only its slot knows."""


class Slice:
    """A slice whose slots and living processes the test decides on. Pids are those of the host."""

    def __init__(self, folder: Path) -> None:
        self.region = folder / "region"
        self.region.write_bytes(bytes(layout.REGION_SIZE))
        self.sharer = Sharer(folder, 0, (Grant(A, 3000),), "pod", "main")
        self.living: dict[int, int] = {}
        self.obituaries = Obituaries(self._owner)

    def owns(self, slot: int, inner: int, start: int = START) -> int:
        """A process of that id in its own namespace has the slot: its word there."""
        word = CLAIM | layout.owner_word(inner, start)
        with self.region.open("r+b") as file:
            os.pwrite(file.fileno(), struct.pack("<QI", layout.REGION_STAMP, 8), 0)
            os.pwrite(file.fileno(), struct.pack("<Q", word), self._place(slot))
        return word

    def lives(self, pid: int, inner: int, start: int = START) -> None:
        self.living[pid] = layout.owner_word(inner, start)

    def met(self) -> int:
        """One that has slot 3 is on a card and was seen there, as pid 1000: its word."""
        word = self.owns(3, 12)
        self.lives(1000, 12)
        self.look(1000)
        return word

    def look(self, *pids: int) -> None:
        """These are on a card."""
        self.obituaries.look({self.sharer: set(pids)})

    def obituary(self, slot: int) -> int:
        with self.region.open("rb") as file:
            return int.from_bytes(os.pread(file.fileno(), 8, self._place(slot) + 24), "little")

    def _owner(self, pid: int) -> int:
        try:
            return self.living[pid]
        except KeyError:
            raise FileNotFoundError(pid) from None

    @staticmethod
    def _place(slot: int) -> int:
        return int(layout.Region.slots.offset) + 64 * slot


@pytest.fixture
def a_slice(tmp_path: Path) -> Slice:
    return Slice(tmp_path)


def test_one_that_was_seen_and_is_gone_has_an_obituary(a_slice: Slice):
    word = a_slice.met()
    del a_slice.living[1000]
    assert a_slice.obituary(3) == 0
    a_slice.look()
    assert a_slice.obituary(3) == word


def test_one_that_was_never_seen_has_none(a_slice: Slice):
    a_slice.owns(3, 12)
    a_slice.look(1000)
    a_slice.look()
    assert a_slice.obituary(3) == 0


def test_one_that_has_only_left_its_cards_lives(a_slice: Slice):
    a_slice.met()
    a_slice.look()
    assert a_slice.obituary(3) == 0
    del a_slice.living[1000]
    a_slice.look()
    assert a_slice.obituary(3)


def test_another_process_of_the_same_id_is_no_sign_of_life(a_slice: Slice):
    word = a_slice.met()
    a_slice.lives(1000, 12, start=START + 100)
    a_slice.look()
    assert a_slice.obituary(3) == word


def test_of_two_by_one_name_none_is_told_dead_while_one_lives(a_slice: Slice):
    """In two namespaces of the container, begun in one tick of the clock."""
    a_slice.owns(3, 12)
    a_slice.lives(1000, 12)
    a_slice.lives(1001, 12)
    a_slice.look(1000, 1001)
    del a_slice.living[1000]
    a_slice.look(1001)
    assert a_slice.obituary(3) == 0


def test_a_name_that_two_slots_have_tells_of_none(a_slice: Slice):
    a_slice.owns(3, 12)
    a_slice.owns(4, 12)
    a_slice.lives(1000, 12)
    a_slice.look(1000)
    del a_slice.living[1000]
    a_slice.look()
    assert (a_slice.obituary(3), a_slice.obituary(4)) == (0, 0)


def test_one_whose_name_the_kernel_does_not_tell_has_none(a_slice: Slice):
    a_slice.owns(3, 0, start=0)
    a_slice.living[1000] = 0
    a_slice.look(1000)
    del a_slice.living[1000]
    a_slice.look()
    assert a_slice.obituary(3) == 0


def test_a_slice_that_has_started_again_is_not_told_of_its_former_processes(a_slice: Slice):
    a_slice.met()
    del a_slice.living[1000]
    before = a_slice.sharer
    a_slice.sharer = Sharer(before.folder, 1, before.grants, before.pod, before.container)
    a_slice.look()
    assert a_slice.obituary(3) == 0


@pytest.mark.parametrize("there", ["garbage", "link", "nothing", "folder"])
def test_what_is_no_region_is_not_written_to(a_slice: Slice, there: str):
    a_slice.met()
    del a_slice.living[1000]
    target = a_slice.region.with_name("precious")
    content = a_slice.region.read_bytes()
    target.write_bytes(content)
    a_slice.region.unlink()
    if there == "garbage":
        a_slice.region.write_bytes(b"\xff" * 4096)
    elif there == "link":
        a_slice.region.symlink_to(target)
    elif there == "folder":
        a_slice.region.mkdir()
    a_slice.look()
    assert target.read_bytes() == content
