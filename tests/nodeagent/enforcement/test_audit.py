"""Slices are charged what the driver says that they have, whoever lies and whatever is missing."""

import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from nodeagent.enforcement import audit, layout
from nodeagent.vendors.base import Process
from tests.nodeagent.enforcement.audited import MIB, Node
from tests.nodeagent.machine import A, B
from tranche.words.assignment import Grant


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
