"""Slices are charged what the driver says that they have, whoever lies and whatever is missing."""

import os
import struct
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from nodeagent.enforcement import audit, interposer, layout
from nodeagent.enforcement.audit import Auditor
from nodeagent.enforcement.shares import Sharer
from nodeagent.slices.cgroups import Home
from nodeagent.vendors.base import Process
from tests.nodeagent.machine import A, B
from tranche.words.assignment import Grant

MIB = 1 << 20


class Node:
    """Slices in a folder, a driver that says what the test wants, and processes where it puts them.

    Each slice is of a pod of its own name.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sharers: dict[str, Sharer] = {}
        self.listed: dict[str, tuple[Process, ...]] = {A: (), B: ()}
        self.homes: dict[int, Home | None] = {}
        self.while_asked = lambda: None
        self.auditor = self.agent()

    def agent(self) -> Auditor:
        """Another agent, which knows nothing yet."""
        return Auditor(
            self.sharers.values,
            names=self._names,
            processes=self._processes,
            home=self._home,
            owner=lambda pid: layout.owner_word(pid, 7),
        )

    def slice(self, name: str, *grants: Grant) -> None:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        for file in ("limits", "region"):
            (folder / file).unlink(missing_ok=True)
        (folder / "limits").write_bytes(interposer.limits(grants))
        (folder / "region").write_bytes(bytes(layout.REGION_SIZE))
        start = self.sharers[name].start + 1 if name in self.sharers else 0
        self.sharers[name] = Sharer(folder, start, grants, name, "main")

    def count(
        self, name: str, used: int, index: int = 0, *, slot: int = 0, pid: int | None = None
    ) -> None:
        """A process counts so much: one that `on` will put on the card, or of another pid."""
        pid = self.pid(name) if pid is None else pid
        owner = 9 << 43 | layout.owner_word(pid, 7)
        with (self.folder / name / "region").open("r+b") as file:
            os.pwrite(file.fileno(), struct.pack("<QI", layout.REGION_STAMP, slot + 1), 0)
            place = layout.Region.slots.offset + 64 * slot
            os.pwrite(file.fileno(), struct.pack("<Q", owner), place)
            place = layout.used_offset(index) + 8 * slot
            os.pwrite(file.fileno(), struct.pack("<Q", used), place)

    def pid(self, name: str) -> int:
        return 100 + [*self.sharers].index(name)

    def on(self, card: str, **used: int | None) -> None:
        """One process of each of these slices is on the card, and has so many bytes."""
        self.listed[card] = tuple(Process(self.pid(name), some) for name, some in used.items())
        self.homes |= {self.pid(name): Home(name, "") for name in used}

    async def look(self, times: int = 1) -> None:
        for _ in range(times):
            await self.auditor.look()

    def told(self, name: str, index: int = 0) -> int:
        return int(self._limits(name).cards[index].unaccounted_bytes)

    def changes(self, name: str) -> int:
        return int(self._limits(name).generation)

    def _limits(self, name: str) -> layout.Limits:
        return layout.Limits.from_buffer_copy((self.folder / name / "limits").read_bytes())

    def _names(self, _pods: Iterable[str]) -> Mapping[str, str]:
        return {}

    async def _processes(self, cards: Collection[str]) -> Mapping[str, tuple[Process, ...]]:
        self.while_asked()
        return {card: self.listed[card] for card in cards if card in self.listed}

    def _home(self, pid: int) -> Home | None:
        if pid not in self.homes:
            raise FileNotFoundError(pid)
        return self.homes[pid]


@pytest.fixture
def node(tmp_path: Path) -> Node:
    node = Node(tmp_path)
    node.slice("one", Grant(A, 3000), Grant(B, 3000))
    node.slice("two", Grant(B, 3000))
    return node


async def test_two_looks_charge_what_is_beyond_the_count(node: Node):
    node.count("one", 100 * MIB)
    node.on(A, one=130 * MIB)
    await node.look()
    assert node.told("one") == 0
    await node.look()
    assert (node.told("one"), node.told("one", 1)) == (30 * MIB, 0)
    await node.look(5)
    assert node.changes("one") == 1


async def test_each_card_of_each_slice_is_charged_its_own(node: Node):
    node.count("one", 10, index=1)
    node.on(A, one=1)
    node.on(B, one=12, two=3)
    await node.look(2)
    assert (node.told("one"), node.told("one", 1), node.told("two")) == (1, 2, 3)


async def test_what_has_ended_is_charged_no_longer(node: Node):
    node.on(A, one=30)
    await node.look(2)
    node.on(A)
    await node.look()
    assert node.told("one") == 30
    await node.look()
    assert node.told("one") == 0


async def test_what_the_dead_have_counted_hides_nothing_of_the_livings(node: Node):
    node.on(A, one=130)
    node.count("one", 100)
    node.count("one", 5000, slot=1, pid=999)
    await node.look(2)
    assert node.told("one") == 30


async def test_where_no_owner_is_found_among_the_living_all_that_is_counted_is_theirs(node: Node):
    node.on(A, one=130)
    node.count("one", 60, pid=999)
    node.count("one", 40, slot=1, pid=998)
    await node.look(2)
    assert node.told("one") == 30


async def test_an_allocation_while_the_driver_is_asked_is_not_charged_twice(node: Node):
    """Counted, taken, and given back, in the midst of every look."""
    node.on(A, one=100)
    for _ in range(3):
        node.count("one", 0)
        node.while_asked = lambda: node.count("one", 100)
        await node.look()
        node.while_asked = lambda: node.count("one", 0)
        await node.look()
    assert node.told("one") == 0


async def test_one_odd_look_changes_nothing(node: Node):
    node.on(A, one=30)
    await node.look(2)
    for odd in (0, 10**9):
        node.on(A, one=odd)
        await node.look()
        node.on(A, one=30)
        await node.look(3)
    assert (node.told("one"), node.changes("one")) == (30, 1)


async def test_where_the_driver_does_not_say_the_number_stays(node: Node):
    node.on(A, one=30)
    await node.look(2)
    node.on(A, one=None)
    await node.look(3)
    del node.listed[A]
    await node.look(3)
    assert node.told("one") == 30


@pytest.mark.parametrize("spoil", ["stamp", "slots", "cut", "empty"])
async def test_a_spoilt_region_counts_nothing(node: Node, spoil: str):
    """What its container has is then all beyond the count, and its neighbours see none of it."""
    node.count("one", 100)
    node.on(A, one=130)
    node.on(B, two=3)
    region = node.folder / "one/region"
    with region.open("r+b") as file:
        if spoil == "stamp":
            os.pwrite(file.fileno(), b"garbage!", 0)
        elif spoil == "slots":
            os.pwrite(file.fileno(), b"\xff" * 4, layout.Region.slots_high.offset)
        else:
            os.truncate(file.fileno(), layout.used_offset(0) + 4 if spoil == "cut" else 0)
    await node.look(2)
    assert (node.told("one"), node.told("two")) == (130, 3)


async def test_a_count_of_any_size_is_charged_as_it_is(node: Node):
    node.count("one", 2**64 - 1)
    node.on(A, one=2**64 - 1)
    await node.look(2)
    assert node.told("one") == 0


@pytest.mark.parametrize("there", ["nothing", "link"])
async def test_a_region_that_is_not_the_agents_own_says_nothing(node: Node, there: str):
    node.on(A, one=30)
    region = node.folder / "one/region"
    region.unlink()
    if there == "link":
        region.symlink_to("../two/region")
    await node.look(2)
    assert node.told("one") == 0


async def test_an_agent_goes_on_from_what_one_of_before_has_told(node: Node):
    node.on(A, one=30)
    await node.look(2)
    node.auditor = node.agent()
    await node.look(2)
    assert (node.told("one"), node.changes("one")) == (30, 1)
    node.on(A)
    await node.look(2)
    assert node.told("one") == 0


async def test_a_container_that_starts_again_is_looked_at_anew(node: Node):
    node.on(A, one=30)
    await node.look(2)
    node.slice("one", Grant(A, 3000), Grant(B, 3000))
    await node.look()
    assert node.told("one") == 0
    await node.look()
    assert node.told("one") == 30


async def test_what_was_seen_before_a_start_is_not_told_after_it(node: Node):
    node.on(A, one=30)
    await node.look()
    node.while_asked = lambda: node.slice("one", Grant(A, 3000), Grant(B, 3000))
    await node.look()
    assert node.told("one") == 0


async def test_a_slice_that_goes_while_the_driver_is_asked_is_forgotten(node: Node):
    node.on(A, one=30)
    await node.look()
    node.while_asked = lambda: node.sharers.pop("one", None)
    await node.look(2)
    assert node.told("one") == 0


async def test_pids_of_another_namespace_charge_nobody_and_are_told_of_once(node: Node):
    node.on(A, one=30)
    node.listed[B] = tuple(Process(pid, 5) for pid in (900, 901))
    with capture_logs() as logs:
        await node.look(3)
        assert node.told("one") == 0
        node.listed[B] = ()
        await node.look(2)
    assert node.told("one") == 30
    first, second = logs
    assert "not under the agent's /proc" in first["why"]
    assert second["log_level"] == "info"


async def test_a_driver_that_does_not_say_what_processes_have_is_told_of_once(node: Node):
    del node.listed[A]
    node.on(B, two=None)
    with capture_logs() as logs:
        await node.look(3)
    (line,) = logs
    assert f"{A}, {B}" in line["why"]


async def test_where_the_agent_is_alone_in_its_namespace_it_says_so_and_never_looks(
    node: Node, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(audit.os, "getpid", lambda: 1)
    node.while_asked = pytest.fail
    with capture_logs() as logs:
        await node.auditor.run(0)
    (line,) = logs
    assert "hostPID" in line["why"]
