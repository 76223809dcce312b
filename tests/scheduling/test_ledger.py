"""Whom the ledger believes."""

import pytest

from tests.scheduling.world import Raw, World, card, mib, node, pod, uid
from tranche.words.assignment import ASSIGNED_ANNOTATION, Assignment, Grant, dump_assignment


@pytest.fixture
def world() -> World:
    world = World()
    world.add(node("n", card("A", 1000)))
    return world


def bound(name: str, text: str, *, to: str = "n") -> Raw:
    raw = pod(name, mib(600))
    raw["spec"]["nodeName"] = to
    raw["metadata"]["annotations"][ASSIGNED_ANNOTATION] = text
    return raw


def assigned(amount: int = 600, *, to: str = "n") -> str:
    return dump_assignment(Assignment(to, {"main": (Grant("A", amount),)}))


async def free(world: World) -> int:
    answer = await world.ask(pod("probe", mib(100_000)))
    return int(answer.FailedAndUnresolvableNodes["n"].split()[3])


async def test_a_pod_on_its_node_holds_what_it_was_assigned(world: World):
    world.add(bound("p", assigned()))
    assert await free(world) == 400


async def test_an_assignment_on_a_pod_without_a_node_is_not_believed(world: World):
    raw = bound("p", assigned())
    del raw["spec"]["nodeName"]
    world.add(raw)
    assert await free(world) == 1000


async def test_an_assignment_for_another_node_is_not_believed_and_logged_once(world: World):
    raw = bound("p", assigned(to="elsewhere"))
    world.add(raw)
    world.add(raw)
    assert await free(world) == 1000
    assert len(world.warnings) == 1
    assert "elsewhere" in world.warnings[0]


@pytest.mark.parametrize("text", ["", "{}", "[", '{"v":9,"node":"n","containers":{}}'])
async def test_an_unreadable_assignment_holds_nothing_and_is_logged_once(world: World, text: str):
    world.add(bound("p", text))
    world.add(bound("p", text))
    assert await free(world) == 1000
    assert len(world.warnings) == 1


async def test_a_terminating_pod_holds_until_it_is_gone(world: World):
    raw = bound("p", assigned())
    raw["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    world.add(raw)
    assert await free(world) == 400
    world.delete(raw)
    world.tell()
    assert await free(world) == 1000


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
async def test_a_pod_that_ended_holds_nothing(world: World, phase: str):
    raw = bound("p", assigned())
    world.add(raw)
    world.phase(raw, phase)
    world.tell()
    assert await free(world) == 1000


@pytest.mark.parametrize("phase", ["Pending", "Running", "Unknown"])
async def test_a_pod_in_any_other_phase_holds(world: World, phase: str):
    raw = bound("p", assigned())
    world.add(raw)
    world.phase(raw, phase)
    world.tell()
    assert await free(world) == 400


async def test_pods_told_of_before_their_node_hold_all_the_same():
    world = World()
    world.add(bound("p", assigned()))
    world.add(node("n", card("A", 1000)))
    assert await free(world) == 400


async def test_a_card_that_comes_back_finds_its_holders(world: World):
    world.add(bound("p", assigned()))
    world.add(node("n", card("B", 500)))
    assert await free(world) == 500
    world.add(node("n", card("A", 1000)))
    assert await free(world) == 400
    world.ledger.node_gone("n")
    world.add(node("n", card("A", 1000), card("C", 1)))
    assert await free(world) == 400


async def test_a_card_that_shrank_below_what_is_held_has_nothing_left(world: World):
    world.add(bound("p", assigned()))
    world.add(node("n", card("A", 500)))
    assert await free(world) == 0
    world.ledger.pod_gone(uid(pod("p", None)))
    assert await free(world) == 500


async def test_what_is_gone_is_forgotten(world: World):
    raw = bound("p", assigned(), to="n")
    world.add(raw)
    world.delete(raw)
    world.tell()
    world.ledger.node_gone("n")
    world.ledger.node_gone("n")
    world.ledger.pod_gone("never seen")
    assert world.ledger.nodes == {}
    assert world.ledger.claims == {}
    assert world.ledger.held_by("default") == 0


async def test_a_pod_bound_by_someone_else_holds_nothing(world: World):
    raw = pod("p", mib(600))
    world.add(raw)
    await world.ask(raw)
    world.add(raw | {"spec": raw["spec"] | {"nodeName": "n"}})
    assert world.ledger.claims == {}


async def test_what_is_no_pod_is_logged_and_left(world: World):
    world.ledger.pod({"metadata": {"name": 3}})
    assert "not a pod" in world.warnings[0]
