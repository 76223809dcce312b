"""Slices of a card are told of each other: who works, and who has to stand back."""

import os
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from nodeagent.enforcement import interposer, layout
from nodeagent.enforcement.interposer import CoresPolicy
from nodeagent.enforcement.shares import AT_WORK, LEASE, Sharer, Shares
from tests.nodeagent.machine import A, B, Machine, assigned, eventually, raw_pod
from tranche.words.assignment import Grant

MS = 1_000_000


class Card:
    """Slices of cards in a folder, and a clock that the test moves."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = 5_000_000 * MS
        self.sharers: dict[str, Sharer] = {}
        self.shares = Shares(self.sharers.values, lambda: self.now)

    def slice(self, name: str, *grants: Grant) -> None:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        for file in ("limits", "region"):
            (folder / file).unlink(missing_ok=True)
        (folder / "limits").write_bytes(interposer.limits(grants, CoresPolicy.BALANCE))
        (folder / "region").write_bytes(bytes(layout.REGION_SIZE))
        start = self.sharers[name].start + 1 if name in self.sharers else 0
        self.sharers[name] = Sharer(folder, start, grants, "uid", name)

    def launch(self, name: str, index: int = 0, at: int | None = None) -> None:
        place = layout.region_card_offset(index) + layout.RegionCard.active_at.offset
        with (self.folder / name / "region").open("r+b") as file:
            os.pwrite(file.fileno(), struct.pack("<Q", self.now if at is None else at), place)

    def look(self, after: int = 50 * MS) -> None:
        self.now += after
        self.shares.look()

    def told(self, name: str, index: int = 0) -> layout.LimitsCard:
        file = layout.Limits.from_buffer_copy((self.folder / name / "limits").read_bytes())
        return file.cards[index]

    def neighbours(self, *names: str) -> list[int]:
        return [self.told(name).neighbours for name in names]

    def held(self, name: str) -> int:
        return max(0, self.told(name).held_until - self.now)


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Card]:
    card = Card(tmp_path)
    yield card
    card.shares.close()


def test_until_the_first_look_a_slice_is_not_alone(card: Card):
    card.slice("one", Grant(A, 100, 50))
    assert card.neighbours("one") == [1]


def test_a_slice_whose_neighbours_rest_is_alone(card: Card):
    card.slice("one", Grant(A, 100, 50))
    card.slice("two", Grant(A, 100, 50))
    card.launch("one")
    card.look()
    assert card.neighbours("one", "two") == [0, 1]


def test_a_neighbour_that_begins_to_work_is_told_at_the_next_look(card: Card):
    card.slice("one", Grant(A, 100, 50))
    card.slice("two", Grant(A, 100, 50))
    card.launch("one")
    card.look()
    card.launch("two")
    card.look()
    assert card.neighbours("one", "two") == [1, 1]
    card.look(AT_WORK)
    assert card.neighbours("one", "two") == [0, 0]


def test_who_works_on_another_card_is_no_neighbour(card: Card):
    card.slice("one", Grant(A, 100, 50), Grant(B, 100, 50))
    card.slice("two", Grant(B, 100, 50))
    card.launch("two")
    card.look()
    assert [card.told("one", index).neighbours for index in (0, 1)] == [0, 1]


def test_a_slice_that_is_gone_is_no_neighbour(card: Card):
    card.slice("one", Grant(A, 100, 50))
    card.slice("two", Grant(A, 100, 50))
    card.launch("two")
    card.look()
    assert card.neighbours("one") == [1]
    del card.sharers["two"]
    card.look()
    assert card.neighbours("one") == [0]


def test_a_container_that_starts_again_is_told_again(card: Card):
    card.slice("one", Grant(A, 100, 50))
    card.look()
    card.slice("one", Grant(A, 100, 50))
    assert card.neighbours("one") == [1]
    card.look()
    assert card.neighbours("one") == [0]


def test_priority_1_stands_back_while_priority_0_works(card: Card):
    card.slice("first", Grant(A, 100, priority=0))
    card.slice("last", Grant(A, 100, priority=1))
    card.slice("unsaid", Grant(A, 100))
    card.launch("last")
    card.look()
    assert card.held("last") == 0
    card.launch("first")
    card.look()
    assert card.held("last") == LEASE
    assert card.held("first") == card.held("unsaid") == 0
    for _ in range(20):
        card.launch("first")
        card.look()
        assert card.held("last") >= LEASE // 2 - 50 * MS
    card.look(AT_WORK)
    assert card.held("last") == 0


def test_who_is_held_by_an_agent_that_died_goes_on_by_itself(card: Card):
    card.slice("first", Grant(A, 100, priority=0))
    card.slice("last", Grant(A, 100, priority=1))
    card.launch("first")
    card.look()
    card.now += LEASE
    assert card.held("last") == 0


@pytest.mark.parametrize("spoil", ["cut", "gone", "link"])
def test_a_spoilt_region_is_nobodys_neighbour(card: Card, spoil: str):
    card.slice("one", Grant(A, 100, 50))
    card.slice("two", Grant(A, 100, 50))
    region = card.folder / "two/region"
    if spoil == "cut":
        os.truncate(region, 8)
    else:
        region.unlink()
    if spoil == "link":
        region.symlink_to("../one/region")
    card.launch("one")
    card.look()
    assert card.neighbours("one") == [0]


def test_one_that_says_it_works_in_the_future_is_asked_again(card: Card):
    card.slice("one", Grant(A, 100, 50))
    card.slice("two", Grant(A, 100, 50))
    card.launch("two", at=1 << 63)
    card.look()
    assert card.neighbours("one") == [1]
    card.launch("two", at=0)
    card.look(AT_WORK)
    assert card.neighbours("one") == [0]


def test_a_region_that_comes_late_is_found(card: Card):
    card.slice("one", Grant(A, 100, 50))
    card.slice("two", Grant(A, 100, 50))
    region = card.folder / "two/region"
    region.rename(card.folder / "elsewhere")
    card.look()
    assert card.neighbours("one") == [0]
    (card.folder / "elsewhere").rename(region)
    card.launch("two")
    card.look()
    assert card.neighbours("one") == [1]


def test_nothing_is_written_while_nothing_changes(card: Card):
    card.slice("one", Grant(A, 100, 50))
    card.slice("two", Grant(A, 100, 50))
    for _ in range(3):
        card.launch("two")
        card.look()
    limits = layout.Limits.from_buffer_copy((card.folder / "one/limits").read_bytes())
    assert limits.generation == 0


async def test_an_agent_tells_a_lone_slice_that_it_is_alone(node: Machine):
    await node.admit(assigned(raw_pod("one", {"main": 1}), main=[Grant(A, 3000, 30)]))
    name = await node.start("one")
    path = node.settings.state_dir / "slices" / name / "limits"

    def told() -> layout.LimitsCard:
        return layout.Limits.from_buffer_copy(path.read_bytes()).cards[0]

    await eventually(lambda: told().neighbours == 0)
    assert (told().cores_percent, told().cores_policy) == (30, layout.CORES_BALANCE)
