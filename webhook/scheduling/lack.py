"""What a node lacks for a pod."""

from typing import Final, NamedTuple

from webhook.scheduling.fit import Cause, stopped
from webhook.scheduling.place import place
from webhook.scheduling.shape import Demand, Plan
from webhook.scheduling.stock import NodeStock


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

    ``plan`` must have learned the kinds of the node's cards.
    """
    for part, demand in enumerate(plan.demands):
        found = _alone(node, demand, part)
        if found is not None:
            return found
    if len(plan.demands) > 1 and place(node, plan) is None:
        return APART
    return None


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
