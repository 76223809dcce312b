"""What a node lacks for a pod, and the cards that the pod gets there if it lacks nothing."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from webhook.scheduling.fit import Cause, stopped
from webhook.scheduling.place import Placed, Search
from webhook.scheduling.shape import Demand, Plan
from webhook.scheduling.stock import NodeStock, Stock


class Lack(NamedTuple):
    """Why a node will not do.

    Attributes:
        part: which of the plan's demands is stopped.
        cause: by what: at the card that came furthest.
        best: the most that the node had of it, in the unit of the cause's text.
    """

    part: int
    cause: Cause
    best: int = 0


NO_CARDS: Final = Lack(0, Cause.NO_CARDS)
"""Of a node that reports no cards, or is not known."""

APART: Final = Lack(0, Cause.TOGETHER)
"""Of a node that has room for each container, but not for all."""


def lack(node: NodeStock, plan: Plan) -> Lack | None:
    """What the node lacks for a pod; None when it has room.

    Cards come first: a person who asks for an A100 where there is none need not hear of tickets.
    ``plan`` must have learned the kinds of the node's cards. A pod of several containers is looked
    into as deeply on every node as on one, until its plan's `Plan.patience` is used up.
    """
    return _lack_of_cards(node, plan) or _lack_of_tickets(node, plan)


def _lack_of_tickets(node: NodeStock, plan: Plan) -> Lack | None:
    left = node.free_tickets
    return None if left is None or left >= plan.tickets else Lack(0, Cause.TICKETS, left)


def _lack_of_cards(node: NodeStock, plan: Plan) -> Lack | None:
    if len(plan.demands) == 1:
        return _alone(node, plan.demands[0], 0)
    for part, demand in enumerate(plan.demands):
        found = _alone(node, demand, part)
        if found is not None:
            return found
    if _one_card_takes_all(node.cards, plan):
        return None
    suited = _suited(node, plan)
    if _too_many(node.cards, plan, suited):
        return APART
    search = Search(node.cards, plan, suited, tries := plan.tries())
    placed = search.result()
    plan.patience -= tries - search.tries
    return APART if placed is None else None


def place(node: NodeStock, plan: Plan) -> Placed | None:
    """The cards that a pod gets, or None where it has no room; ``plan`` as for `lack`."""
    if _lack_of_tickets(node, plan):
        return None
    return Search(node.cards, plan, _suited(node, plan)).result()


def _alone(node: NodeStock, demand: Demand, part: int) -> Lack | None:
    # The inner loop of all scheduling: at 5,000 nodes of 8 cards a new shape takes 40,000 turns.
    count = demand.request.count
    enough = count if count == 1 or not demand.request.same_numa else len(node.cards) + 1
    passed = 0
    cause, best = Cause.NO_CARDS, 0
    for stock in node.cards:
        stop = stopped(stock, demand)
        if stop is None:
            passed += 1
            if passed == enough:
                return None
        elif stop.cause > cause:
            cause, best = stop
        elif stop.cause is cause:
            best = max(best, stop.had)
    if not passed:
        return Lack(part, cause, best)
    if passed < count:
        return Lack(part, Cause.COUNT, passed)
    together = _on_one_numa_node(node, demand)
    return Lack(part, Cause.NUMA, together) if together < count else None


def _on_one_numa_node(node: NodeStock, demand: Demand) -> int:
    """How many cards that would do share a NUMA node, at most.

    A driver that names no NUMA node says so of all its cards; they count as one node.
    """
    groups: dict[int | None, int] = {}
    for stock in node.cards:
        if stopped(stock, demand) is None:
            groups[stock.card.numa] = groups.get(stock.card.numa, 0) + 1
    return max(groups.values())


def _suited(node: NodeStock, plan: Plan) -> list[list[int]]:
    return [
        [at for at, stock in enumerate(node.cards) if stopped(stock, demand) is None]
        for demand in plan.demands
    ]


def _one_card_takes_all(cards: Sequence[Stock], plan: Plan) -> bool:
    """The short way to yes: most pods of several containers fit on one card, side by side."""
    return plan.stackable and any(
        stock.takes(*plan.stacked(stock.kind))
        and all(stopped(stock, demand) is None for demand in plan.demands)
        for stock in cards
    )


def _too_many(cards: Sequence[Stock], plan: Plan, suited: Sequence[Sequence[int]]) -> bool:
    """The short way to no: of needs this large, all cards together hold fewer than are asked.

    Only the containers that run side by side at the end of the pod's start are counted.
    """
    asked: list[int] = []
    for part in plan.last_phase:
        demand = plan.demands[part]
        least = min(demand.needs[cards[at].kind] for at in suited[part])
        asked += [least] * demand.request.count
    asked.sort(reverse=True)
    return any(
        (at == len(asked) or asked[at] < asked[at - 1])
        and sum(stock.free // asked[at - 1] for stock in cards) < at
        for at in range(1, len(asked) + 1)
    )
