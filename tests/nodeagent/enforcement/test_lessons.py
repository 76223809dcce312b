"""Slices are told what a context takes once a process of their namespace has shown it."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from nodeagent.enforcement import layout
from nodeagent.vendors.base import Process
from tests.nodeagent.enforcement.audited import MIB, Node
from tests.nodeagent.machine import A, B
from tranche.words.assignment import Grant

CONTEXT = 300 * MIB


@pytest.fixture
async def node(tmp_path: Path) -> Node:
    """Two slices of one namespace and one of another, on cards where nobody has come yet."""
    node = Node(tmp_path)
    node.slice("team", Grant(A, 3000), Grant(B, 3000))
    node.slice("team-too", Grant(B, 3000), Grant(A, 3000))
    node.slice("other", Grant(A, 3000))
    await node.look()
    return node


async def taught(node: Node, name: str = "team", context: int = CONTEXT) -> None:
    """A process of this slice comes to card A, and has a context and 100 MiB there."""
    node.count(name, 100 * MIB)
    node.on(A, **{name: 100 * MIB + context})
    await node.look(2)


async def test_slices_of_the_namespace_on_the_card_are_told_and_no_others(node: Node):
    await taught(node)
    assert (node.context("team", 0), node.context("team", 1)) == (CONTEXT, 0)
    assert (node.context("team-too", 0), node.context("team-too", 1)) == (0, CONTEXT)
    assert node.context("other") == 0
    assert node.told("team") == CONTEXT, "it was not told before it had it"
    node.slice("team-new", Grant(A, 3000))
    await node.look(3)
    assert (node.context("team-new"), node.changes("team-new")) == (CONTEXT, 0)
    assert node.changes("team") == 1


async def test_who_was_told_is_not_charged_twice(node: Node):
    await taught(node)
    node.on(A, **{"team": 100 * MIB + CONTEXT, "team-too": CONTEXT + 7})
    node.count("team-too", CONTEXT, index=1)
    await node.look(2)
    assert (node.told("team"), node.told("team-too", 1)) == (CONTEXT, 7)
    assert node.context("team") == CONTEXT, "the other one has 7 bytes beside it"


async def test_a_context_that_is_seen_before_it_is_whole_is_not_believed(node: Node):
    node.count("team", MIB)
    node.on(A, team=MIB + 10)
    await node.look()
    await taught(node)
    assert node.context("team") == CONTEXT


async def test_a_lighter_process_corrects_what_is_told_to_all(node: Node):
    await taught(node, context=CONTEXT + 50 * MIB)
    node.on(A, **{"team-too": CONTEXT + MIB})
    node.count("team-too", CONTEXT + 51 * MIB, index=1)
    await node.look(2)
    assert node.context("team") == node.context("team-too", 1) == CONTEXT


async def test_a_slice_that_could_hold_no_such_context_is_not_told_and_can_correct_it(node: Node):
    node.slice("team-tiny", Grant(A, 200))
    node.slice("team-fits", Grant(A, 300))
    await taught(node)
    assert (node.context("team-tiny"), node.context("team-fits")) == (0, CONTEXT)
    node.on(A, **{"team-tiny": 150 * MIB})
    node.count("team-tiny", MIB)
    await node.look(2)
    for name in ("team", "team-tiny", "team-fits"):
        assert node.context(name) == 149 * MIB


@pytest.mark.parametrize("count", [100 * MIB + CONTEXT, 2**40, 2**64 - 1])
async def test_a_count_of_more_than_there_is_teaches_nothing(node: Node, count: int):
    node.count("team", count)
    node.on(A, team=100 * MIB + CONTEXT)
    await node.look(3)
    assert node.context("team") == 0


async def test_what_is_more_than_any_context_teaches_nothing(node: Node):
    await taught(node, context=2000 * MIB)
    assert (node.context("team"), node.told("team")) == (0, 2000 * MIB)


@pytest.mark.parametrize("context", [1, CONTEXT // 2, 2 * CONTEXT])
async def test_a_container_that_lies_has_the_harm_in_its_own_namespace(node: Node, context: int):
    await taught(node)
    await taught(node, "other", context)
    assert (node.context("team"), node.context("other")) == (CONTEXT, context)


async def test_a_spoilt_region_teaches_nothing(node: Node):
    node.count("team", 100 * MIB)
    node.on(A, team=100 * MIB + CONTEXT)
    with (node.folder / "team/region").open("r+b") as file:
        os.pwrite(file.fileno(), b"\xff" * 4, layout.Region.slots_high.offset)
    await node.look(3)
    assert node.context("team") == 0


async def test_a_process_whose_slot_is_not_surely_its_own_teaches_nothing(node: Node):
    """A slot of another; and, after exec, one of what the process was before."""
    node.on(A, team=100 * MIB + CONTEXT)
    node.count("team", 100 * MIB, pid=999)
    await node.look(3)
    node.count("team", 50 * MIB)
    node.count("team", 50 * MIB, slot=1)
    await node.look(3)
    assert node.context("team") == 0


async def test_a_process_that_may_be_of_two_containers_teaches_nothing(node: Node):
    node.count("team", 100 * MIB)
    other = node.sharers["other"]
    node.sharers["other"] = replace(other, pod="team", container="side", namespace="team")
    node.on(A, team=100 * MIB + CONTEXT)
    await node.look(3)
    assert node.context("team") == 0


async def test_while_memory_is_on_the_move_nothing_is_weighed(node: Node):
    node.on(A, team=100 * MIB + CONTEXT)
    for _ in range(3):
        node.count("team", 40 * MIB)
        node.while_asked = lambda: node.count("team", 100 * MIB)
        await node.look()
    assert node.context("team") == 0
    node.while_asked = lambda: None
    await node.look(2)
    assert node.context("team") == CONTEXT


async def test_where_the_driver_does_not_say_it_is_not_known(node: Node):
    """A card in MIG mode is left out."""
    node.count("team", 100 * MIB)
    node.on(A, team=None)
    await node.look(3)
    del node.listed[A]
    await node.look(3)
    assert node.context("team") == 0


async def test_who_was_there_before_the_agent_teaches_nothing(node: Node):
    node.auditor = node.agent()
    await taught(node)
    await node.look(3)
    assert (node.context("team"), node.told("team")) == (0, CONTEXT)


async def test_another_agent_goes_on_from_what_the_limits_say(node: Node):
    await taught(node)
    node.auditor = node.agent()
    node.slice("team-new", Grant(A, 3000))
    assert node.context("team-new") == 0
    await node.look()
    assert node.context("team") == node.context("team-new") == CONTEXT
    assert node.changes("team") == 1


async def test_pids_of_another_namespace_teach_nothing(node: Node):
    node.count("team", 100 * MIB)
    node.on(A, team=100 * MIB + CONTEXT)
    node.listed[B] = tuple(Process(pid, 5) for pid in (900, 901))
    await node.look(3)
    assert node.context("team") == 0
