"""Filter, prioritize and bind as kube-scheduler calls them, one pod overtaking the other."""

import asyncio

import pytest

from tests.scheduling.world import (
    Raw,
    World,
    bind_args,
    card,
    filter_args,
    mib,
    node,
    percent,
    pod,
    uid,
)
from tranche.words.request import Mebibytes, Placing, Request, Slice
from webhook.scheduling.binder import BindingRejected
from webhook.scheduling.extender import Extender
from webhook.settings import Settings

NODES = ("a", "b")


@pytest.fixture
def world() -> World:
    world = World()
    world.add(node("a", card("A", 1000)), node("b", card("B", 1000)))
    return world


def waiting(world: World, name: str, request: Request) -> Raw:
    raw = pod(name, request)
    world.add(raw)
    return raw


async def scores(world: World, raw: Raw) -> dict[str, int]:
    answer = await world.extender.prioritize(filter_args(raw, list(world.nodes)))
    return {score.Host: score.Score for score in answer}


async def test_forty_pods_of_5000_mib_on_two_cards_of_81920_bind_thirty_two():
    world = World()
    world.add(node("n", card("A"), card("B")))
    pods = [waiting(world, f"p{i}", mib(5000)) for i in range(40)]
    nodes = await asyncio.gather(*(world.schedule(raw) for raw in pods))
    assert nodes.count("n") == 32
    world.tell()
    held = [claim.holds for claim in world.ledger.claims.values()]
    assert sum("A" in holds for holds in held) == sum("B" in holds for holds in held) == 16
    assert len(world.writes) == 32
    for raw, where in zip(pods, nodes, strict=True):
        if not where:
            answer = await world.ask(raw)
            assert answer.FailedAndUnresolvableNodes == {
                "n": "largest free slice 1920 MiB of the 5000 asked"
            }


async def test_each_deletion_lets_one_in():
    world = World()
    world.add(node("n", card("A", 1000)))
    first, second = (waiting(world, name, mib(600)) for name in ("one", "two"))
    assert await world.schedule(first) == "n"
    world.tell()
    assert await world.schedule(second) == ""
    world.delete(first)
    assert await world.schedule(second) == ""
    world.tell()
    assert await world.schedule(second) == "n"


async def test_the_binding_is_one_write_with_the_assignment_and_the_uid(world: World):
    raw = waiting(world, "p", mib(300, 20))
    assert await world.schedule(raw) == "a"
    assert world.writes == [
        {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {
                "name": "p",
                "namespace": "default",
                "uid": uid(raw),
                "annotations": {
                    "tranche.dev/assigned": '{"containers":{"main":[{"card":"A","cores":20,'
                    '"mib":300}]},"node":"a","v":1}'
                },
            },
            "target": {"apiVersion": "v1", "kind": "Node", "name": "a"},
        }
    ]


async def test_what_a_filter_promised_is_taken_for_the_next(world: World):
    one, two, three = (waiting(world, name, mib(600)) for name in ("one", "two", "three"))
    assert (await world.ask(one)).NodeNames == ["a", "b"]
    assert (await world.ask(two)).NodeNames == ["b"]
    assert (await world.ask(three)).NodeNames == []
    assert await world.bind(one, "a") == ""
    assert await world.bind(two, "b") == ""


async def test_a_second_filter_replaces_the_first_one_s_hold(world: World):
    one, two = (waiting(world, name, mib(600)) for name in ("one", "two"))
    for _ in range(3):
        assert (await world.ask(one)).NodeNames == ["a", "b"]
    assert (await world.ask(two)).NodeNames == ["b"]


async def test_a_pod_that_no_longer_fits_gives_up_its_hold(world: World):
    one, two = (waiting(world, name, mib(600)) for name in ("one", "two"))
    await world.ask(one)
    assert (await world.extender.filter(filter_args(one, []))).NodeNames == []
    assert (await world.ask(two)).NodeNames == ["a", "b"]


async def test_a_hold_ends_after_thirty_seconds(world: World):
    one, two = (waiting(world, name, mib(600)) for name in ("one", "two"))
    await world.ask(one)
    world.now += 29.9
    assert (await world.ask(two)).NodeNames == ["b"]
    world.now += 0.1
    assert (await world.ask(two)).NodeNames == ["a", "b"]


async def test_a_hold_ends_with_its_pod(world: World):
    one, two = (waiting(world, name, mib(600)) for name in ("one", "two"))
    await world.ask(one)
    world.delete(one)
    world.tell()
    assert (await world.ask(two)).NodeNames == ["a", "b"]


async def test_the_node_of_the_hold_is_rated_above_all_others(world: World):
    filler = waiting(world, "filler", mib(300))
    await world.schedule(filler)
    raw = waiting(world, "p", mib(300))
    await world.ask(raw)
    assert await scores(world, raw) == {"a": 10, "b": 0}
    spread = waiting(world, "q", mib(300, node_policy=Placing.SPREAD))
    await world.ask(spread)
    assert await scores(world, spread) == {"a": 4, "b": 10}


async def test_the_setting_decides_on_nodes_where_the_request_says_nothing():
    world = World(Settings(nodePolicy=Placing.SPREAD))
    world.add(node("a", card("A", 1000)), node("b", card("B", 1000)))
    assert await world.schedule(waiting(world, "one", mib(100))) == "a"
    assert await world.schedule(waiting(world, "two", mib(100))) == "b"
    packed = waiting(world, "three", mib(50, node_policy=Placing.BINPACK))
    assert await world.schedule(packed) == "a"


async def test_prioritize_without_a_filter_still_rates(world: World):
    await world.schedule(waiting(world, "filler", mib(500)))
    assert await scores(world, pod("p", mib(300))) == {"a": 4, "b": 0}
    assert await scores(world, pod("p", None)) == {"a": 0, "b": 0}


async def test_bind_on_another_node_moves_the_hold(world: World):
    one, two = (waiting(world, name, mib(600)) for name in ("one", "two"))
    await world.ask(one)
    assert await world.bind(one, "b") == ""
    assert (await world.ask(two)).NodeNames == ["a"]


async def test_bind_without_a_filter_works_from_what_the_watch_showed(world: World):
    """The process was restarted between the two."""
    one = waiting(world, "one", mib(600))
    await world.ask(one)
    world.restart()
    assert await world.bind(one, "a") == ""


async def test_bind_works_from_the_filter_when_the_watch_is_late(world: World):
    raw = pod("p", mib(600))
    await world.ask(raw)
    world.pods[uid(raw)] = raw
    assert await world.bind(raw, "a") == ""


async def test_bind_of_a_pod_that_nobody_told_of_is_an_error(world: World):
    assert "not known here yet" in await world.bind(pod("p", mib(600)), "a")
    assert world.writes == []


async def test_bind_on_a_full_node_says_what_is_missing(world: World):
    await world.schedule(waiting(world, "one", mib(600)))
    two = waiting(world, "two", mib(600))
    assert await world.bind(two, "a") == "a: largest free slice 400 MiB of the 600 asked"
    assert await world.bind(two, "nowhere") == "nowhere: no cards"
    assert await world.bind(waiting(world, "plain", None), "a") == (
        "a: has not passed the Tranche webhook"
    )


async def test_a_rejected_binding_gives_the_cards_back(world: World):
    one, two = (waiting(world, name, mib(600)) for name in ("one", "two"))
    world.refusing = "conflict"
    assert await world.bind(one, "a") == "conflict"
    world.refusing = ""
    assert (await world.ask(two)).NodeNames == ["a", "b"]


async def test_a_second_bind_for_the_same_node_posts_nothing(world: World):
    raw = waiting(world, "p", mib(600))
    assert await world.bind(raw, "a") == ""
    assert await world.bind(raw, "a") == ""
    world.tell()
    assert await world.bind(raw, "a") == ""
    assert len(world.writes) == 1
    assert await world.bind(raw, "b") == "a Binding to a was posted before"


async def test_binds_at_once_never_share_a_card_s_last_mebibyte(world: World):
    pods = [waiting(world, f"p{i}", mib(400)) for i in range(6)]
    answers = await asyncio.gather(*(world.bind(raw, "a") for raw in pods))
    assert answers.count("") == 2
    assert len(world.writes) == 2


class Slow:
    """An API server that answers when it is let."""

    def __init__(self, world: World, error: BaseException | None = None) -> None:
        self.let = asyncio.Event()
        self.world = world
        self.error = error
        world.extender = Extender(
            world.ledger, self.post, world.settings, lambda: world.now, patience=0
        )

    async def post(self, binding: Raw) -> None:
        await self.let.wait()
        if self.error is not None:
            raise self.error
        await self.world.post(binding)


async def test_a_bind_asked_again_while_it_runs_is_one_bind(world: World):
    slow = Slow(world)
    raw = waiting(world, "p", mib(600))
    first = asyncio.create_task(world.bind(raw, "a"))
    second = asyncio.create_task(world.bind(raw, "a"))
    await asyncio.sleep(0)
    assert await world.bind(raw, "b") == "is being bound to a"
    slow.let.set()
    assert await first == await second == ""
    assert len(world.writes) == 1


async def test_a_bind_runs_on_when_its_caller_has_gone(world: World):
    slow = Slow(world)
    raw = waiting(world, "p", mib(600))
    caller = asyncio.create_task(world.bind(raw, "a"))
    await asyncio.sleep(0)
    caller.cancel()
    slow.let.set()
    assert await world.bind(raw, "a") == ""
    assert len(world.writes) == 1


async def test_a_pod_whose_binding_is_out_is_offered_no_other_node(world: World):
    slow = Slow(world)
    raw = waiting(world, "p", mib(600))
    bind = asyncio.create_task(world.bind(raw, "a"))
    await asyncio.sleep(0)
    answer = await world.ask(raw)
    assert answer.NodeNames == ["a"]
    assert answer.FailedAndUnresolvableNodes == {"b": "a Binding to a was posted before"}
    slow.let.set()
    assert await bind == ""


@pytest.mark.parametrize(
    "error", [TimeoutError(), BindingRejected("timed out", certain=False), OSError("reset")]
)
async def test_a_binding_of_unknown_fate_keeps_its_cards_until_it_shows_or_lapses(
    world: World, error: Exception
):
    slow = Slow(world, error)
    slow.let.set()
    raw, other = waiting(world, "p", mib(600)), waiting(world, "other", mib(600))
    assert await world.bind(raw, "a")
    assert (await world.ask(other)).NodeNames == ["b"]
    slow.error = BindingRejected("already bound")
    assert await world.bind(raw, "a") == "already bound"
    assert (await world.ask(other)).NodeNames == ["b"]
    world.now += 30
    assert (await world.ask(other)).NodeNames == ["a", "b"]


async def test_a_watch_that_is_faster_than_the_answer_wins(world: World):
    slow = Slow(world, BindingRejected("too late"))
    raw, other = waiting(world, "p", mib(600)), waiting(world, "other", mib(600))
    bind = asyncio.create_task(world.bind(raw, "a"))
    await asyncio.sleep(0)
    (claim,) = world.ledger.claims.values()
    assert claim.node == "a"
    await world.post(
        {
            "metadata": {
                "uid": uid(raw),
                "annotations": {
                    "tranche.dev/assigned": '{"v":1,"node":"b","containers":'
                    '{"main":[{"card":"B","mib":700}]}}'
                },
            },
            "target": {"name": "b"},
        }
    )
    world.tell()
    slow.let.set()
    assert await bind == "too late"
    answer = await world.ask(other)
    assert answer.NodeNames == ["a"]
    assert answer.FailedAndUnresolvableNodes["b"].startswith("largest free slice 300 MiB")


async def test_a_pod_deleted_during_its_bind_leaves_nothing(world: World):
    slow = Slow(world)
    raw = waiting(world, "p", mib(600))
    bind = asyncio.create_task(world.bind(raw, "a"))
    await asyncio.sleep(0)
    world.delete(raw)
    world.tell()
    slow.let.set()
    assert await bind == "pods not found"
    assert not world.ledger.claims


async def test_a_binding_that_the_watch_never_shows_lapses_after_five_minutes(world: World):
    raw = waiting(world, "p", mib(600))
    await world.bind(raw, "a")
    other = waiting(world, "other", mib(600))
    world.now += 299
    assert (await world.ask(other)).NodeNames == ["b"]
    world.now += 2
    assert (await world.ask(other)).NodeNames == ["a", "b"]


async def test_a_pod_that_fits_nowhere_is_looked_at_twice_each_time_it_is_woken(world: World):
    """The deletion that woke it may come to our own watch a moment later."""
    old = waiting(world, "old", mib(1000))
    await world.schedule(old)
    world.tell()
    naps = []

    async def nap(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 3:
            world.delete(old)
            world.tell()

    extender = Extender(world.ledger, world.post, world.settings, lambda: world.now, sleep=nap)
    args = filter_args(pod("p", mib(1000)), ["a"])
    assert [(await extender.filter(args)).NodeNames for _ in range(3)] == [[], [], ["a"]]
    assert naps == [0.025] * 3


async def test_pods_that_wait_in_numbers_cost_a_tenth_of_the_scheduler_s_time(world: World):
    naps = []

    async def nap(seconds: float) -> None:
        naps.append(seconds)
        world.now += seconds

    extender = Extender(world.ledger, world.post, world.settings, lambda: world.now, sleep=nap)
    too_large = filter_args(pod("q", mib(9999)), ["a"])
    began = world.now
    for _ in range(4000):
        await extender.filter(too_large)
        world.now += 0.001
    assert 1 < sum(naps) <= 1.025 + (world.now - began) / 10


async def test_a_scheduler_that_sends_whole_nodes_is_told_what_to_configure(world: World):
    args = filter_args(pod("p", mib(1)), [])
    args.NodeNames = None
    assert "nodeCacheCapable" in (await world.extender.filter(args)).Error


async def test_of_many_shapes_the_verdicts_stay_true(world: World):
    """More shapes than are kept, and a ledger that changes between them."""
    for round_ in range(3):
        for size in range(1, 70):
            answer = await world.ask(pod("probe", percent(size)))
            free = {"a": 100 - 30 * round_, "b": 100}
            assert answer.NodeNames == [n for n in NODES if size <= free[n]]
        world.now += 31  # the last probe's hold
        assert await world.schedule(waiting(world, f"p{round_}", mib(300))) == "a"


async def test_a_hold_survives_a_repeated_bind_of_more_than_it_held(world: World):
    """The words of a waiting pod changed between filter and bind: the newer count."""
    raw = waiting(world, "p", mib(600))
    await world.ask(raw)
    world.add(pod("p", Request(Slice(Mebibytes(900)))))
    assert (await world.extender.bind(bind_args(raw, "a"))).Error == ""
    assert world.assignment(raw).containers["main"][0].mib == 900
