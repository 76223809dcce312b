"""A node takes no more pods than its kubelet has tickets for, and wakes who waited for one."""

from tests.scheduling.world import Raw, World, card, mib, node, pod


def with_tickets(count: str | None, name: str = "a") -> Raw:
    allocatable = {"cpu": "2"} | ({} if count is None else {"nvidia.com/gpu": count})
    return node(name, card("A"), card("B")) | {"status": {"allocatable": allocatable}}


async def test_a_node_whose_agent_is_away_takes_nobody():
    """Its kubelet would fail the pod for good."""
    world = World()
    world.add(with_tickets("0"))
    answer = await world.ask(pod("p", mib(1)))
    assert answer.FailedAndUnresolvableNodes == {"a": "the node agent offers no more slices"}
    world.add(with_tickets(None))
    assert not (await world.ask(pod("p", mib(1)))).NodeNames
    world.add(with_tickets("200"))
    assert (await world.ask(pod("p", mib(1)))).NodeNames == ["a"]


async def test_pods_hold_their_tickets_until_they_are_gone():
    world = World()
    world.add(with_tickets("2"))
    for name in ("one", "two"):
        world.add(pod(name, mib(1)))
        assert await world.schedule(pod(name, mib(1))) == "a"
    world.tell()
    answer = await world.ask(pod("three", mib(1)))
    assert answer.FailedAndUnresolvableNodes == {"a": "the node agent offers no more slices"}
    world.delete(pod("one", mib(1)))
    world.tell()
    assert (await world.ask(pod("three", mib(1)))).NodeNames == ["a"]


async def test_a_pod_needs_one_for_each_card_of_each_container_at_one_time():
    world = World()
    world.add(with_tickets("2"))
    wide = pod("wide", {"one": mib(1, count=2), "two": mib(1)})
    assert (await world.ask(wide)).FailedAndUnresolvableNodes == {
        "a": "the node agent offers 2 more slices"
    }
    in_turn = pod("in-turn", {"i": mib(1, count=2), "main": mib(1, count=2)}, init={"i": None})
    assert (await world.ask(in_turn)).NodeNames == ["a"]


async def test_a_node_that_says_nothing_of_its_resources_is_not_bound_by_them():
    world = World()
    world.add(node("a", card("A")))
    assert (await world.ask(pod("p", mib(1)))).NodeNames == ["a"]


async def test_large_numbers_are_read_as_the_api_server_writes_them():
    world = World()
    world.add(with_tickets("3k"))
    assert world.ledger.nodes["a"].tickets == 3000
