"""Whatever comes in whatever order: no card is ever over, and a restart changes nothing."""

import asyncio
import random
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from tests.scheduling.world import (
    T4,
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
from tranche.words.assignment import ASSIGNED_ANNOTATION, load_assignment
from tranche.words.pod import Use, footprint, members_of
from tranche.words.request import Model, Placing, Request, Whole
from webhook.scheduling.binder import BindingRejected
from webhook.scheduling.extender import Extender
from webhook.scheduling.ledger import Ledger
from webhook.scheduling.stock import Taken

SIZES = {"A1": 1000, "A2": 1000, "B1": 700, "B2": 1500, "C1": 400}
HOMES = {"a": ("A1", "A2"), "b": ("B1", "B2"), "c": ("C1",)}


def cards_of(name: str, sick: frozenset[str] = frozenset()) -> Raw:
    models = {"C1": {"model": T4}}
    return node(
        name, *(card(u, SIZES[u], healthy=u not in sick, **models.get(u, {})) for u in HOMES[name])
    )


requests = st.one_of(
    st.just(Request(Whole())),
    st.builds(percent, st.integers(1, 100), st.none() | st.integers(1, 100)),
    st.builds(
        mib,
        st.integers(1, 1000),
        st.none() | st.integers(1, 100),
        count=st.integers(1, 2),
        models=st.sampled_from([(), (Model(("t4",)),), (Model(("a100",)),)]),
        cards=st.sampled_from([(), (), ("A1", "B2")]),
        card_policy=st.sampled_from([None, *Placing]),
        node_policy=st.sampled_from([None, *Placing]),
    ),
)
pods = st.dictionaries(
    st.sampled_from(["main", "second", "prepare", "proxy"]), requests, min_size=1, max_size=3
)
INIT = {"prepare": None, "proxy": "Always"}
outcomes = st.sampled_from(["taken", "taken", "taken", "refused", "lost", "taken and lost"])
names = st.lists(st.sampled_from(["a", "b", "c", "unknown"]), unique=True)


@dataclass
class Open:
    """A Binding that the API server has not answered."""

    binding: Raw
    answer: asyncio.Future[str]


def truth(world: World) -> dict[tuple[str, str], tuple[Use, int]]:
    """What the API server's objects take of each card, and how many pods have it alone."""
    taken: dict[tuple[str, str], tuple[Use, int]] = {}
    for raw in world.pods.values():
        text = raw["metadata"]["annotations"].get(ASSIGNED_ANNOTATION)
        if text and raw["spec"].get("nodeName") and raw["status"]["phase"] != "Succeeded":
            assignment = load_assignment(text)
            alone = {g.card for some in assignment.containers.values() for g in some if g.whole}
            held = footprint(members_of(raw["spec"]), assignment.containers)
            for which, use in held.items():
                sum_, wholes = taken.get((assignment.node, which), (Use(), 0))
                taken[assignment.node, which] = (sum_ + use, wholes + (which in alone))
    return taken


class Cluster(RuleBasedStateMachine):
    waiting = Bundle("waiting")

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.world = World()
        self.open: list[Open] = []
        self.count = 0
        self._own_extender()

    def teardown(self) -> None:
        for one in self.open:
            one.answer.set_result("refused")
        self.runner.run(self.settle())
        self.runner.close()

    def _own_extender(self) -> None:
        world = self.world
        world.extender = Extender(
            world.ledger, self.post, world.settings, lambda: world.now, patience=0
        )

    async def post(self, binding: Raw) -> None:
        one = Open(binding, asyncio.get_running_loop().create_future())
        self.open.append(one)
        match await one.answer:
            case "refused":
                raise BindingRejected("refused")
            case "lost":
                raise TimeoutError
            case "taken and lost":
                await self.world.post(binding)
                raise TimeoutError
            case _:
                await self.world.post(binding)

    async def settle(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0)

    @initialize()
    def nodes(self) -> None:
        self.world.add(*(cards_of(name) for name in HOMES))

    @rule(target=waiting, asked=st.lists(pods, min_size=1, max_size=4))
    def create(self, asked: list[dict[str, Request]]) -> MultipleResults[Raw]:
        return multiple(*map(self._create, asked))

    def _create(self, asked: dict[str, Request]) -> Raw:
        self.count += 1
        init = {name: INIT[name] for name in asked if name in INIT}
        raw = pod(f"p{self.count}", asked, init=init)
        self.world.pods[uid(raw)] = raw
        self.world.events.append(("pod", raw))
        return raw

    @rule(raw=waiting, among=names)
    def filter(self, raw: Raw, among: list[str]) -> None:
        """What is kept of a shape says the same as looking at everything anew."""
        args = filter_args(raw, among)
        kept = self.runner.run(self.world.extender.filter(args))
        fresh = Extender(
            self.world.ledger, self.post, self.world.settings, lambda: self.world.now, patience=0
        )
        anew = self.runner.run(fresh.filter(args))
        assert kept == anew
        assert {*kept.NodeNames, *kept.FailedAndUnresolvableNodes} == set(among)

    @rule(raw=waiting, to=st.sampled_from(["a", "b", "c", "unknown"]))
    def bind(self, raw: Raw, to: str) -> None:
        async def start() -> None:
            self.tasks = asyncio.create_task(self.world.extender.bind(bind_args(raw, to)))
            await self.settle()

        self.runner.run(start())

    @rule(raw=waiting, outcome=outcomes)
    def schedule(self, raw: Raw, outcome: str) -> None:
        answer = self.runner.run(self.world.ask(raw))
        if answer.NodeNames:
            self.bind(raw, answer.NodeNames[-1])
            self.answer(-1, outcome)

    @rule(which=st.integers(0, 5), outcome=outcomes)
    def answer(self, which: int, outcome: str) -> None:
        if self.open:
            self.open.pop(which % len(self.open)).answer.set_result(outcome)
            self.runner.run(self.settle())

    @rule(some=st.integers(1, 3))
    def tell(self, some: int) -> None:
        events = self.world.events
        later = events[some:]
        del events[some:]
        self.world.tell()
        self.world.events.extend(later)

    @rule(raw=consumes(waiting), how=st.sampled_from(["end", "delete"]))
    def end(self, raw: Raw, how: str) -> None:
        if uid(raw) in self.world.pods:
            if how == "end":
                self.world.phase(raw, "Succeeded")
            else:
                self.world.delete(raw)

    @rule(
        what=st.sampled_from(["health", "node", "time", "restart"]),
        name=st.sampled_from(["a", "b"]),
        sick=st.frozensets(st.sampled_from(list(SIZES)), max_size=2),
        seconds=st.sampled_from([1.0, 29.0, 301.0]),
    )
    def disturb(self, what: str, name: str, sick: frozenset[str], seconds: float) -> None:
        match what:
            case "health":
                self.world.add(cards_of(name, sick))
            case "node":
                self.world.ledger.node_gone(name)
                self.world.add(cards_of(name))
            case "time":
                # No watch is silent for as long as a claim of ours lasts.
                self.world.tell()
                self.world.now += seconds
            case "restart":
                self._restart()

    def _restart(self) -> None:
        """What was on its way was taken, and the answer lost with us; the list shows it."""
        for one in self.open:
            one.answer.set_result("taken and lost")
        self.open.clear()
        self.runner.run(self.settle())
        self.world.restart()
        self._own_extender()

    @invariant()
    def no_card_is_over(self) -> None:
        for (_, which), (use, wholes) in truth(self.world).items():
            assert use.mib <= SIZES[which]
            assert use.cores <= 100
            assert not (use.cores == 100 and use.open)
            assert not wholes or use.mib == SIZES[which]

    @invariant()
    def the_counters_are_the_sum_of_the_claims(self) -> None:
        ledger = self.world.ledger
        sums: dict[tuple[str, str], Taken] = {}
        spaces = 0
        for claim in ledger.claims.values():
            spaces += claim.mib
            for which, hold in claim.holds.items():
                sums.setdefault((claim.node, which), Taken()).add(hold, 1)
        for name, stock in ledger.nodes.items():
            for one in stock.cards:
                assert one.taken == sums.get((name, one.card.uuid), Taken())
                assert one.taken.mib <= one.card.mib
                assert one.taken.cores <= 100
        assert ledger.held_by("default") == spaces

    @invariant()
    def a_ledger_told_anew_in_any_order_is_the_same(self) -> None:
        if self.world.events:
            return
        told: list[Any] = [
            *((Ledger.node, raw) for raw in self.world.nodes.values()),
            *((Ledger.pod, raw) for raw in self.world.pods.values()),
        ]
        random.Random(self.count).shuffle(told)  # noqa: S311
        anew = Ledger()
        for tell, raw in told:
            tell(anew, raw)
        assert anew.snapshot() == self.world.ledger.snapshot()


Cluster.TestCase.settings = settings(max_examples=200, stateful_step_count=60, deadline=None)
TestCluster = Cluster.TestCase


@settings(max_examples=60, deadline=None)
@given(st.lists(pods, max_size=12), st.randoms(use_true_random=False))
def test_a_burst_bound_in_any_order_keeps_to_the_cards(
    burst: list[dict[str, Request]], order: random.Random
):
    """All are filtered first, then bound where they were held, in another order."""

    async def run() -> None:
        world = World()
        world.add(*(cards_of(name) for name in HOMES))
        raws = [
            pod(f"p{i}", asked, init={name: INIT[name] for name in asked if name in INIT})
            for i, asked in enumerate(burst)
        ]
        world.add(*raws)
        for raw in raws:
            await world.ask(raw)
        held = [
            (raw, world.ledger.claims[uid(raw)].node)
            for raw in raws
            if uid(raw) in world.ledger.claims
        ]
        order.shuffle(held)
        for raw, name in held:
            assert await world.bind(raw, name) == ""
        for (_, which), (use, _wholes) in truth(world).items():
            assert use.mib <= SIZES[which]

    asyncio.run(run())


def some_pod(dice: random.Random) -> dict[str, Request]:
    """Pods that share cards, more often than hypothesis thinks of them."""

    def request() -> Request:
        cores = dice.choice([None, None, None, 30, 50, 100])
        return dice.choice(
            [Request(Whole()), percent(dice.choice([10, 50, 100]), cores)]
            + [mib(dice.choice([100, 300, 500]), cores, count=dice.choice([1, 1, 1, 2]))] * 6
        )

    containers = dice.choice([["main"]] * 3 + [["main", "prepare"], ["main", "proxy", "second"]])
    return {name: request() for name in containers}


@pytest.mark.parametrize("seed", range(12))
def test_a_long_day_of_a_full_cluster_keeps_to_the_cards(seed: int):
    """The same steps as the machine's, taken 400 times on one cluster that stays nearly full."""
    dice = random.Random(seed)  # noqa: S311
    day = Cluster()
    day.nodes()
    raws: list[Raw] = []
    try:
        for _ in range(400):
            if len(raws) < 12:
                raws.append(day._create(some_pod(dice)))
            waiting = [raw for raw in raws if not day.world.pods[uid(raw)]["spec"].get("nodeName")]
            raw = dice.choice(raws)
            next_ = dice.choice(waiting or raws)
            outcome = dice.choice(["taken"] * 4 + ["refused", "lost", "taken and lost"])
            step = dice.random()
            if step < 0.4:
                day.schedule(next_, outcome)
            elif step < 0.5:
                day.bind(next_, dice.choice("abc"))
            elif step < 0.6:
                day.answer(dice.randrange(6), outcome)
            elif step < 0.65:
                day.filter(raw, list("abc"))
            elif step < 0.75:
                day.tell(dice.randint(1, 4))
            elif step < 0.96:
                raws.remove(raw)
                day.end(raw, dice.choice(["end", "delete"]))
            else:
                what = dice.choice(["health", "node", "time", "restart"])
                sick = frozenset(dice.sample(list(SIZES), dice.choice([0, 0, 1])))
                day.disturb(what, dice.choice("ab"), sick, dice.choice([1.0, 29.0, 301.0]))
            day.no_card_is_over()
            day.the_counters_are_the_sum_of_the_claims()
            day.a_ledger_told_anew_in_any_order_is_the_same()
    finally:
        day.teardown()
