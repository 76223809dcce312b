"""What a pod's event says when it fits nowhere: kube-scheduler counts nodes by equal text."""

from collections import Counter

from tests.scheduling.world import (
    T4,
    World,
    card,
    filter_args,
    mib,
    node,
    percent,
    pod,
)
from tranche.words.request import Model
from webhook.settings import Defaults, Settings

A100S = (Model(("a100",)),)


async def counted(world: World, request: object) -> Counter[str]:
    answer = await world.ask(pod("p", request))  # type: ignore[arg-type]
    return Counter(answer.FailedAndUnresolvableNodes.values())


async def test_nodes_that_fail_alike_get_one_text_with_the_best_of_them():
    world = World()
    world.add(node("a", card("A", 1024)), node("b", card("B", 2048)), node("c", card("C", 512)))
    assert await counted(world, mib(3000)) == {"largest free slice 2048 MiB of the 3000 asked": 3}


async def test_the_event_reads_as_promised():
    world = World()
    world.add(*(node(f"t{i}", card(f"T{i}", 15360, T4)) for i in range(3)))
    world.add(node("a", card("A", 2048)))
    assert await counted(world, mib(3000, models=A100S)) == {
        "no A100": 3,
        "largest free slice 2048 MiB of the 3000 asked": 1,
    }


async def test_a_group_is_of_the_nodes_asked_about():
    """A node that kube-scheduler ruled out itself lends no number to the others."""
    world = World()
    world.add(node("a", card("A", 1024)), node("b", card("B", 2048)))
    answer = await world.extender.filter(filter_args(pod("p", mib(3000)), ["a"]))
    assert answer.FailedAndUnresolvableNodes == {
        "a": "largest free slice 1024 MiB of the 3000 asked"
    }


async def test_a_node_that_is_unknown_or_reports_nothing_has_no_cards():
    world = World()
    world.add({"metadata": {"name": "plain"}}, node("empty"))
    assert await counted(world, mib(1, models=A100S)) == {"no cards": 2}


async def test_a_node_whose_cards_cannot_be_read_has_none_and_is_logged_once():
    world = World()
    broken = {"metadata": {"name": "n", "annotations": {"tranche.dev/cards": "{"}}}
    world.add(broken)
    world.add(broken)
    assert await counted(world, mib(1)) == {"no cards": 1}
    assert len(world.warnings) == 1
    assert "tranche.dev/cards" in world.warnings[0]
    world.add(node("n", card("A")))
    assert (await world.ask(pod("p", mib(1)))).NodeNames == ["n"]


async def test_a_pod_that_did_not_pass_the_webhook_is_told_so():
    world = World()
    world.add(node("a", card("A")), node("b", card("B")))
    assert await counted(world, None) == {"has not passed the Tranche webhook": 2}
    assert await counted(world, {}) == {"has not passed the Tranche webhook": 2}


async def test_slices_that_the_webhook_would_not_write_are_told_so():
    world = World()
    world.add(node("a", card("A")))
    raw = pod("p", mib(1))
    raw["metadata"]["annotations"]["tranche.dev/slices"] = "[]"
    (reason,) = (await world.ask(raw)).FailedAndUnresolvableNodes.values()
    assert reason.startswith("tranche.dev/slices: ")
    other = pod("p", mib(1))
    other["spec"]["containers"][0]["name"] = "other"
    (reason,) = (await world.ask(other)).FailedAndUnresolvableNodes.values()
    assert reason == "tranche.dev/slices names no container of the pod"


async def test_a_namespace_at_its_quota_waits_with_the_numbers():
    world = World()
    world.namespace("team-a", quota="65536Mi")
    world.add(node("a", card("A")), node("b", card("B", 15360, T4)))
    first = pod("first", mib(60000), namespace="team-a")
    world.add(first)
    assert await world.schedule(first) == "a"
    answer = await world.ask(pod("p", mib(8000), namespace="team-a"))
    assert Counter(answer.FailedAndUnresolvableNodes.values()) == {
        "namespace team-a holds 60000 of its 65536 MiB, and 8000 more are asked": 2
    }
    assert (await world.ask(pod("p", mib(5536), namespace="team-a"))).NodeNames == ["a", "b"]
    assert (await world.ask(pod("p", mib(8000), namespace="team-b"))).NodeNames == ["a", "b"]


async def test_what_is_held_between_filter_and_bind_counts_towards_the_quota():
    world = World()
    world.namespace("t", quota="1000Mi")
    world.add(node("a", card("A")))
    assert (await world.ask(pod("one", mib(600), namespace="t"))).NodeNames == ["a"]
    assert (await world.ask(pod("one", mib(600), namespace="t"))).NodeNames == ["a"]
    assert (await world.ask(pod("two", mib(600), namespace="t"))).NodeNames == []
    world.now += 31
    assert (await world.ask(pod("two", mib(600), namespace="t"))).NodeNames == ["a"]


async def test_a_percentage_counts_towards_the_quota_as_the_card_makes_it():
    """Half a T4 is within the quota, half an A100 is not."""
    world = World()
    world.namespace("t", quota="10000Mi")
    world.add(node("a", card("A")), node("t", card("T", 15360, T4)))
    answer = await world.ask(pod("p", percent(50), namespace="t"))
    assert answer.NodeNames == ["t"]
    assert answer.FailedAndUnresolvableNodes == {
        "a": "namespace t holds 0 of its 10000 MiB, and 40960 more are asked"
    }


async def test_the_quota_holds_at_bind_too():
    """On a node of both, binpack would take the fuller, larger card: the hold is refused there."""
    world = World()
    world.namespace("t", quota="10000Mi")
    full = pod("full", mib(81920 - 41000, models=A100S))
    world.add(node("both", card("A", 41000), card("T", 50000, T4)), full)
    raw = pod("p", percent(30), namespace="t")
    world.add(raw)
    answer = await world.ask(raw)
    assert answer.NodeNames == []
    assert "of its 10000 MiB" in answer.FailedAndUnresolvableNodes["both"]
    assert "of its 10000 MiB" in await world.bind(raw, "both")
    assert world.writes == []


async def test_a_namespace_whose_models_are_limited_gets_no_other():
    world = World()
    world.namespace("t", models="T4")
    world.add(node("a", card("A")), node("t", card("T", 15360, T4)))
    answer = await world.ask(pod("p", mib(1), namespace="t"))
    assert answer.NodeNames == ["t"]
    assert answer.FailedAndUnresolvableNodes == {
        "a": "no T4, and the namespace may use nothing else"
    }


async def test_a_namespace_whose_rules_cannot_be_read_waits_and_says_so():
    world = World()
    world.namespace("t", quota="lots")
    world.add(node("a", card("A")))
    (reason,) = (
        await world.ask(pod("p", mib(1), namespace="t"))
    ).FailedAndUnresolvableNodes.values()
    assert reason.startswith('t: namespace annotation tranche.dev/quota: "lots": ')


async def test_a_pod_larger_than_its_namespace_allows_waits_with_the_numbers():
    world = World()
    world.namespace("t", max="2Gi and 50% cores")
    world.add(node("a", card("A")))

    async def why(request: object) -> str:
        answer = await world.ask(pod("p", request, namespace="t"))  # type: ignore[arg-type]
        return answer.FailedAndUnresolvableNodes.get("a", "")

    assert await why(mib(2048, 50)) == ""
    assert await why(mib(2049)) == "namespace t allows a pod 2048 MiB, and 2049 are asked"
    assert await why(mib(1)) == "namespace t allows 50% cores, and 100% are asked"
    assert await why(mib(1, 51)) == "namespace t allows 50% cores, and 51% are asked"
    assert await why({"one": mib(1500), "two": mib(1500)}) == (
        "namespace t allows a pod 2048 MiB, and 3000 are asked"
    )


async def test_the_cluster_s_own_limits_hold_where_a_namespace_sets_none():
    world = World(Settings(defaults=Defaults(max="1Gi", models="A100")))
    world.namespace("own", max="4Gi")
    world.add(node("a", card("A")), node("t", card("T", 15360, T4)))
    answer = await world.ask(pod("p", mib(2000)))
    assert answer.FailedAndUnresolvableNodes == {
        "a": "namespace default allows a pod 1024 MiB, and 2000 are asked",
        "t": "no A100, and the namespace may use nothing else",
    }
    assert (await world.ask(pod("p", mib(2000), namespace="own"))).NodeNames == ["a"]
