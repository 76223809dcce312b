"""Which cards a container gets, and what stops the others."""

import pytest

from tests.scheduling.world import A100, T4, World, card, mib, node, percent, pod
from tranche.words.cards import Card
from tranche.words.request import Model, Placing, Request, Whole
from webhook.settings import Settings

A100S = (Model(("a100",)),)


@pytest.fixture
def world() -> World:
    return World()


async def why(world: World, request: Request, name: str = "n") -> str:
    answer = await world.ask(pod("waiting", request))
    assert answer.NodeNames == []
    assert answer.FailedNodes == {}
    assert answer.Error == ""
    return answer.FailedAndUnresolvableNodes[name]


async def placed(world: World, request: Request, name: str = "p") -> list[str]:
    raw = pod(name, request)
    world.add(raw)
    assert await world.schedule(raw) == "n"
    return world.cards_of(raw)


async def test_percent_is_taken_of_the_card_chosen(world: World):
    world.add(node("n", card("A", 15360, T4)))
    raw = pod("p", percent(33))
    world.add(raw)
    await world.schedule(raw)
    assert world.assignment(raw).containers["main"][0].mib == 15360 * 33 // 100


async def test_percent_of_a_tiny_card_is_at_least_one_mebibyte(world: World):
    world.add(node("n", card("A", 50)))
    raw = pod("p", percent(1))
    world.add(raw)
    await world.schedule(raw)
    assert world.assignment(raw).containers["main"][0].mib == 1


async def test_the_model_asked_for_is_the_one_given(world: World):
    world.add(node("n", card("A", 15360, T4), card("B")))
    assert await placed(world, mib(100, models=A100S)) == ["B"]
    assert await placed(world, mib(100, not_models=A100S), "q") == ["A"]


async def test_the_maker_asked_for_is_the_one_given(world: World):
    world.add(node("n", card("A"), Card("B", "hygon", "K100_AI", 65520, holds=("driver",))))
    assert await placed(world, mib(100, vendor="hygon")) == ["B"]
    assert await placed(world, mib(100, vendor="nvidia"), "q") == ["A"]
    assert await why(world, mib(100, vendor="ascend")) == "no card of Ascend"


async def test_only_named_cards_and_none_that_are_ruled_out(world: World):
    world.add(node("n", card("GPU-0a"), card("GPU-1b"), card("GPU-2C")))
    chosen = await placed(world, mib(100, cards=("GPU-1b", "GPU-2C"), not_cards=("GPU-1b",)))
    assert chosen == ["GPU-2C"]


async def test_cards_of_one_container_are_distinct(world: World):
    world.add(node("n", card("A"), card("B"), card("C")))
    assert sorted(await placed(world, mib(50000, count=3))) == ["A", "B", "C"]


async def test_whole_takes_a_card_that_nobody_uses_and_keeps_it(world: World):
    world.add(node("n", card("A"), card("B")))
    assert await placed(world, mib(1)) == ["A"]
    assert await placed(world, Request(Whole()), "whole") == ["B"]
    assert await placed(world, mib(5), "third") == ["A"]
    assert await why(world, Request(Whole())) == "no card that nobody uses"
    assert await why(world, mib(81920)) == "largest free slice 81914 MiB of the 81920 asked"


async def test_a_whole_card_stays_its_holder_s_when_it_is_seen_to_grow(world: World):
    world.add(node("n", card("A", 1000)))
    await placed(world, Request(Whole()))
    world.add(node("n", card("A", 2000)))
    assert await why(world, mib(1)) == "largest free slice 0 MiB of the 1 asked"


async def test_a_card_without_a_means_to_hold_slices_is_only_had_whole(world: World):
    world.add(node("n", card("A", holds=())))
    assert await why(world, mib(1)) == "cards that can only be had whole"
    assert await placed(world, Request(Whole())) == ["A"]


async def test_promises_of_cores_end_at_a_hundred(world: World):
    world.add(node("n", card("A")))
    await placed(world, mib(1, 70))
    assert await why(world, mib(1, 31)) == "largest core share left 30% of the 31% asked"
    await placed(world, mib(1, 30), "rest")
    assert await why(world, mib(1, 1)) == "largest core share left 0% of the 1% asked"
    assert await why(world, mib(1)) == "all cores are promised"


async def test_a_slice_without_a_promise_keeps_the_last_core_from_promises(world: World):
    world.add(node("n", card("A")))
    await placed(world, mib(1))
    assert await why(world, mib(1, 100)) == "largest core share left 99% of the 100% asked"
    await placed(world, mib(1, 99), "most")


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (mib(1, models=(Model(("h100",)),)), "no H100"),
        (mib(1, models=(Model(("h100",)), Model(("a100",), 40))), "no H100 or A100 40G"),
        (mib(1, models=tuple(Model((f"x{i}",)) for i in range(5))), "no X0 or X1 or X2 or 2 more"),
        (mib(1, not_models=(Model(("a100",)), Model(("t4",)))), "no card but A100 or T4"),
        (mib(1, cards=("GPU-9",)), "no card GPU-9"),
        (mib(1, cards=("GPU-8", "GPU-9")), "none of the 2 cards named"),
        (mib(1, not_cards=("A1", "B1", "C1")), "no card but those ruled out"),
        (mib(1, cards=("C1",)), "no healthy card"),
        (mib(1, models=(Model(("t4",)),)), "no healthy T4"),
        (mib(90000), "largest free slice 81920 MiB of the 90000 asked"),
        (mib(1, count=3), "2 of the 3 cards asked"),
        (mib(1, count=2, same_numa=True), "1 of the 2 cards asked on one NUMA node"),
        (mib(1, vendor="hygon"), "no card of Hygon"),
        (mib(1, models=(Model(("910b4",)),)), "no 910B4"),
    ],
)
async def test_a_node_tells_the_first_thing_that_is_missing(
    world: World, request_: Request, reason: str
):
    world.add(
        node(
            "n",
            card("A1", numa=0),
            card("B1", numa=1),
            card("C1", model=T4, healthy=False, numa=1),
        )
    )
    assert await why(world, request_) == reason


async def test_percent_tells_its_reason_in_percent(world: World):
    world.add(node("n", card("A", 1000)))
    await placed(world, mib(605))
    assert await why(world, percent(50)) == "largest free slice 39% of the 50% asked"


async def test_same_numa_takes_cards_of_one_numa_node(world: World):
    world.add(node("n", card("A", numa=0), card("B", numa=1), card("C", 90000, A100, numa=1)))
    assert sorted(await placed(world, mib(1, count=2, same_numa=True))) == ["B", "C"]


async def test_cards_of_unknown_numa_node_count_as_one_node(world: World):
    world.add(node("n", card("A"), card("B")))
    assert sorted(await placed(world, mib(1, count=2, same_numa=True))) == ["A", "B"]


async def test_binpack_fills_the_fullest_card_and_spread_the_emptiest(world: World):
    world.add(node("n", card("A"), card("B")))
    assert await placed(world, mib(100)) == ["A"]
    assert await placed(world, mib(100), "same") == ["A"]
    assert await placed(world, mib(100, card_policy=Placing.SPREAD), "other") == ["B"]


async def test_the_setting_decides_where_the_request_says_nothing():
    world = World(Settings(cardPolicy=Placing.SPREAD))
    world.add(node("n", card("A"), card("B")))
    assert await placed(world, mib(100)) == ["A"]
    assert await placed(world, mib(100), "same") == ["B"]
    assert await placed(world, mib(100, card_policy=Placing.BINPACK), "third") == ["A"]


async def test_app_containers_of_a_pod_add_up(world: World):
    world.add(node("n", card("A", 1000)))
    two = {"one": mib(600), "two": mib(500)}
    assert await why(world, two) == "each container fits alone, but not all together"  # type: ignore[arg-type]
    raw = pod("p", {"one": mib(600), "two": mib(400)})
    world.add(raw)
    assert await world.schedule(raw) == "n"


async def test_an_init_container_reuses_the_card_of_the_app(world: World):
    world.add(node("n", card("A", 1000), card("B", 2000)))
    raw = pod("p", {"prepare": mib(900), "main": mib(1000)}, init={"prepare": None})
    world.add(raw)
    await world.schedule(raw)
    assert world.cards_of(raw, "prepare") == world.cards_of(raw, "main") == ["A"]


async def test_a_sidecar_and_the_app_do_not_share_what_one_of_them_needs(world: World):
    world.add(node("n", card("A", 1000)))
    raw = pod("p", {"proxy": mib(300), "main": mib(701)}, init={"proxy": "Always"})
    assert (await world.ask(raw)).FailedAndUnresolvableNodes == {
        "n": "each container fits alone, but not all together"
    }


async def test_a_choice_that_leads_nowhere_is_taken_back(world: World):
    """Greedy binpack puts the first container on B, the only card that the second can have."""
    world.add(node("n", card("A1", 1000), card("B1", 900)))
    raw = pod("p", {"one": mib(800), "two": mib(700, cards=("B1",))})
    world.add(raw)
    assert await world.schedule(raw) == "n"
    assert world.cards_of(raw, "one") == ["A1"]


async def test_of_several_containers_the_reason_names_the_one(world: World):
    world.add(node("n", card("A", 1000)))
    raw = pod("p", {"one": mib(10), "two": mib(2000)})
    assert (await world.ask(raw)).FailedAndUnresolvableNodes == {
        "n": "two: largest free slice 1000 MiB of the 2000 asked"
    }


async def test_a_search_without_end_is_cut_short(world: World):
    """Twelve containers of just over half a card on eleven cards: no choice is right."""
    world.add(node("n", *(card(f"C{i:02}", 1000) for i in range(11))))
    raw = pod("p", {f"c{i}": mib(501) for i in range(12)})
    assert (await world.ask(raw)).NodeNames == []
