"""The quick answers and the bounded search agree with looking at every possibility."""

from collections.abc import Iterator
from itertools import combinations, product

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.scheduling.world import card, mib, percent
from tranche.words.assignment import Grant
from tranche.words.pod import Member, Role, Use, footprint
from tranche.words.request import Placing, Request, Whole
from webhook.scheduling.fit import Cause
from webhook.scheduling.lack import _suited, lack, place
from webhook.scheduling.place import Search
from webhook.scheduling.shape import Plan, Shape
from webhook.scheduling.stock import Hold, Kinds, NodeStock

SIZES = (100, 100, 60)

requests = st.one_of(
    st.just(Request(Whole())),
    st.builds(percent, st.sampled_from([30, 50, 100]), st.sampled_from([None, 40, 60, 100])),
    st.builds(
        mib,
        st.integers(1, 70),
        st.sampled_from([None, None, 40, 60, 100]),
        count=st.integers(1, 2),
        same_numa=st.booleans(),
    ),
)
shapes = st.lists(st.tuples(st.sampled_from(Role), requests), min_size=1, max_size=3).map(
    lambda parts: Shape(
        tuple(role for role, _ in parts),
        tuple(request for _, request in parts),
        Placing.BINPACK,
        Placing.BINPACK,
    )
)
taken = st.lists(
    st.none() | st.builds(Use, st.integers(1, 60), st.sampled_from([0, 40]), st.just(0)),
    min_size=3,
    max_size=3,
)


def node_of(taken_: list[Use | None]) -> tuple[NodeStock, Kinds]:
    kinds, node = Kinds(), NodeStock("n")
    node.report([card(f"C{i}", size, numa=i // 2) for i, size in enumerate(SIZES)], kinds)
    for i, use in enumerate(taken_):
        if use is not None:
            open_ = 0 if use.cores else 1
            node.change({f"C{i}": Hold(Use(use.mib, use.cores, open_))}, 0, 1)
    return node, kinds


def grants_of(plan: Plan, placed: object) -> dict[str, tuple[Grant, ...]]:
    return {
        str(part): tuple(demand.grant(stock) for stock in stocks)
        for part, (demand, stocks) in enumerate(zip(plan.demands, placed, strict=True))  # type: ignore[call-overload]
    }


def all_ways(node: NodeStock, plan: Plan) -> Iterator[object]:
    """Every way to give each container distinct cards that would do for it alone."""
    sets = [
        [
            tuple(node.cards[at] for at in chosen)
            for chosen in combinations(some, demand.request.count)
            if not demand.request.same_numa or len({node.cards[at].card.numa for at in chosen}) == 1
        ]
        for some, demand in zip(_suited(node, plan), plan.demands, strict=True)
    ]
    yield from product(*sets)


def allowed(node: NodeStock, plan: Plan, placed: object) -> bool:
    members = tuple(Member(str(i), role) for i, role in enumerate(plan.shape.roles))
    held = footprint(members, grants_of(plan, placed))
    return all(
        stock.takes(use.mib, use.cores, use.open)
        for stock in node.cards
        if (use := held.get(stock.card.uuid))
    )


@settings(max_examples=600, deadline=None)
@given(shapes, taken)
def test_a_way_is_found_exactly_where_there_is_one(shape: Shape, taken_: list[Use | None]):
    node, kinds = node_of(taken_)
    plan = Plan(shape)
    plan.learn(kinds.all)
    exists = any(allowed(node, plan, way) for way in all_ways(node, plan))
    found = Search(node.cards, plan, _suited(node, plan), tries=10_000).result()
    assert (found is not None) == exists
    if found is not None:
        assert allowed(node, plan, found)
    assert (lack(node, plan) is None) == exists
    assert (place(node, plan) is not None) == exists


@settings(max_examples=300, deadline=None)
@given(shapes, taken)
def test_a_search_out_of_patience_errs_on_the_side_of_no(shape: Shape, taken_: list[Use | None]):
    node, kinds = node_of(taken_)
    plan = Plan(shape)
    plan.learn(kinds.all)
    plan.patience = 0
    found = lack(node, plan)
    if found is None:
        assert any(allowed(node, plan, way) for way in all_ways(node, plan))
    elif found.cause is not Cause.TOGETHER:
        assert not any(allowed(node, plan, way) for way in all_ways(node, plan))
