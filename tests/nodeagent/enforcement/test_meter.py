"""Slices are surcharged what the driver sees them take beyond their launches' prices."""

import os
import struct
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from nodeagent.enforcement import interposer, layout, meter
from nodeagent.enforcement.layout import SURCHARGE_WHOLE as WHOLE
from nodeagent.enforcement.meter import Meter
from nodeagent.enforcement.shares import Sharer
from nodeagent.slices.cgroups import Home
from nodeagent.vendors.base import Busy
from tests.nodeagent.machine import A, B
from tranche.words.assignment import Grant

LOOK_NS = 2_000_000_000


class Node:
    """Slices in a folder, and a driver that says how busy each one's process was.

    Each slice is of a pod of its own name.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sharers: dict[str, Sharer] = {}
        self.now = LOOK_NS
        self.told: dict[str, tuple[Busy, ...]] = {}
        self.asked: list[Mapping[str, int]] = []
        self.homes: dict[int, Home | None] = {}
        self.meter = self.agent()

    def agent(self, home: Callable[[int], Home | None] | None = None) -> Meter:
        """Another agent, which knows nothing yet."""
        return Meter(
            self.sharers.values,
            names=lambda _pods: {},
            busy=self._busy,
            home=home or self.homes.__getitem__,
            clock=lambda: self.now,
        )

    def slice(self, name: str, *grants: Grant) -> None:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        (folder / "limits").write_bytes(interposer.limits(grants))
        (folder / "region").write_bytes(bytes(layout.REGION_SIZE))
        start = self.sharers[name].start + 1 if name in self.sharers else 0
        self.sharers[name] = Sharer(folder, start, grants, name, "main")

    def price(self, name: str, ns: int, index: int = 0) -> None:
        """The slice's launches were priced at so much since its start."""
        place = layout.region_card_offset(index) + layout.RegionCard.priced_ns.offset
        with (self.folder / name / "region").open("r+b") as file:
            os.pwrite(file.fileno(), struct.pack("<Q", ns % 2**64), place)

    def busy(self, card: str, **percents: int) -> None:
        """So the driver saw one process of each of these slices."""
        pids = {name: 100 + place for place, name in enumerate(self.sharers)}
        at = self.now // 1000
        self.told[card] = tuple(Busy(pids[name], some, at) for name, some in percents.items())
        self.homes |= {pids[name]: Home(name, "") for name in percents}

    async def look(self, **priced: int) -> None:
        """One look, a while after the last, by which the slices' prices are these."""
        self.now += LOOK_NS
        for name, ns in priced.items():
            self.price(name, ns)
        await self.meter.look()

    def surcharge(self, name: str, index: int = 0) -> int:
        return int(self._limits(name).cards[index].surcharge)

    def changes(self, name: str) -> int:
        return int(self._limits(name).generation)

    def _limits(self, name: str) -> layout.Limits:
        return layout.Limits.from_buffer_copy((self.folder / name / "limits").read_bytes())

    async def _busy(self, cards: Mapping[str, int]) -> Mapping[str, tuple[Busy, ...]]:
        self.asked.append(cards)
        return {card: self.told[card] for card in cards if card in self.told}


@pytest.fixture
def node(tmp_path: Path) -> Node:
    node = Node(tmp_path)
    node.slice("one", Grant(A, 3000, cores=30))
    node.slice("two", Grant(A, 3000, cores=70))
    node.busy(A, one=40, two=60)
    return node


async def test_what_two_looks_have_seen_beyond_the_prices_is_surcharged(node: Node):
    for look in range(3):
        assert node.surcharge("one") == 0
        await node.look(one=5_000 + look * 400_000_000, two=7_000 + look * 1_200_000_000)
    assert (node.surcharge("one"), node.surcharge("two")) == (WHOLE, 0)


async def test_one_odd_look_changes_nothing(node: Node):
    """As where a slice has run free, without prices, in a part of it."""
    priced = 0
    for taken in (800, 800, 100, 800, 800, 8000, 800):
        priced += taken * 1_000_000
        await node.look(one=priced)
    assert node.changes("one") == 0


async def test_what_stays_is_written_once(node: Node):
    for look in range(6):
        await node.look(one=look * 400_000_000, two=look * 1_200_000_000)
    assert (node.surcharge("one"), node.changes("one")) == (WHOLE, 1)


async def test_a_surcharge_ends_when_prices_are_right(node: Node):
    for look in range(3):
        await node.look(one=look * 400_000_000)
    assert node.surcharge("one") == WHOLE
    for look in range(2):
        await node.look(one=800_000_000 + (look + 1) * 800_000_000)
    assert node.surcharge("one") == 0


async def test_the_driver_is_asked_for_what_came_after_what_it_has_told(node: Node):
    await node.look()
    (busy,) = {one.at for one in node.told[A]}
    await node.look()
    assert node.asked == [{A: 0}, {A: busy}]


async def test_only_cards_that_are_shared_and_have_shares_are_asked_about(node: Node):
    node.slice("alone", Grant(B, 3000, cores=30))
    await node.look()
    assert [*node.asked[0]] == [A]
    node.slice("one", Grant(A, 3000))
    node.slice("two", Grant(A, 3000, cores=100))
    await node.look()
    assert len(node.asked) == 1


async def test_a_look_at_which_nobody_worked_is_made_up_for_by_the_next(node: Node):
    await node.look(one=0)
    seen, node.told[A] = node.told[A], ()
    await node.look(one=400_000_000)
    node.told[A] = seen
    await node.look(one=800_000_000)
    await node.look(one=1_200_000_000)
    assert node.surcharge("one") == WHOLE


@pytest.mark.parametrize("percents", [(70, 70), (4_000_000, 1)])
async def test_what_cannot_be_parts_of_a_cards_time_changes_nothing(
    node: Node, percents: tuple[int, int]
):
    node.busy(A, one=percents[0], two=percents[1])
    for look in range(3):
        await node.look(one=look * 400_000_000)
    assert node.changes("one") == 0


async def test_a_driver_that_does_not_say_changes_nothing(node: Node):
    node.told = {}
    for look in range(3):
        await node.look(one=look * 400_000_000)
    assert node.changes("one") == 0


async def test_pids_of_another_namespace_change_nothing(node: Node):
    node.told[A] += tuple(Busy(pid, 0, 1) for pid in (900, 901, 902))
    node.meter = node.agent(_nobody)
    for look in range(3):
        await node.look(one=look * 400_000_000)
    assert node.changes("one") == 0


def _nobody(pid: int) -> None:
    raise FileNotFoundError(pid)


@pytest.mark.parametrize("there", ["garbage", "nothing", "link", "short"])
async def test_a_region_in_a_containers_hands_hurts_nobody(node: Node, there: str):
    await node.look(one=0, two=0)
    region = node.folder / "one/region"
    region.unlink()
    if there == "link":
        region.symlink_to("../two/region")
    elif there != "nothing":
        region.write_bytes(b"\xff" * (layout.REGION_SIZE if there == "garbage" else 10))
    await node.look(two=1_000_000_000)
    await node.look(two=2_000_000_000)
    assert (node.surcharge("one"), node.surcharge("two")) == (0, round(WHOLE / 5))


async def test_a_count_that_goes_back_is_taken_for_none(node: Node):
    await node.look(one=10**12)
    for look in range(4):
        await node.look(one=look * 400_000_000)
    assert node.surcharge("one") == WHOLE


async def test_limits_that_are_gone_stop_nothing(node: Node):
    await node.look()
    (node.folder / "one/limits").unlink()
    for look in range(1, 3):
        await node.look(one=look * 400_000_000, two=look * 1_000_000_000)
    assert node.surcharge("two") == round(WHOLE / 5)


async def test_an_agent_goes_on_from_what_one_of_before_has_told(node: Node):
    for look in range(3):
        await node.look(one=look * 400_000_000)
    node.meter = node.agent()
    for look in range(2, 5):
        await node.look(one=look * 400_000_000)
    assert (node.surcharge("one"), node.changes("one")) == (WHOLE, 1)


async def test_a_container_that_starts_again_is_measured_anew(node: Node):
    for look in range(2):
        await node.look(one=look * 400_000_000)
    node.slice("one", Grant(A, 3000, cores=30))
    for look in range(3):
        assert node.changes("one") == 0
        await node.look(one=look * 400_000_000)
    assert node.surcharge("one") == WHOLE


async def test_where_the_agent_sees_no_processes_it_never_looks(
    node: Node, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(meter.os, "getpid", lambda: 1)
    await node.meter.run(0)
    assert node.asked == []
