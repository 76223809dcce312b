"""The cards that each container of a pod gets on one node.

Containers are placed one after another, each on the first cards by its policy that still take it
beside what the pod itself took already; where that ends nowhere the last choice is taken back. The
search is bounded: nothing that a pod can write makes it long.
"""

from collections.abc import Iterator
from functools import reduce
from itertools import combinations
from operator import or_
from typing import Final

from tranche.words.pod import Use
from webhook.scheduling.fit import stopped
from webhook.scheduling.shape import Plan
from webhook.scheduling.stock import NodeStock, Stock

TRIES: Final = 256
"""Choices looked at for one pod on one node. Real pods need one per container; a pod that needs
more than this is told that its containers do not fit together."""

Placed = tuple[tuple[Stock, ...], ...]
"""The cards of each of a plan's demands, in their order."""

_Tally = dict[str, tuple[Use, ...]]
"""What the pod itself takes so far: by card's uuid, for each phase of its life."""


def place(node: NodeStock, plan: Plan) -> Placed | None:
    """The cards that a pod gets, or None where it has no room.

    ``plan`` must have learned the kinds of the node's cards.
    """
    return _Search(node, plan).result()


class _Search:
    def __init__(self, node: NodeStock, plan: Plan) -> None:
        self._cards = node.cards
        self._plan = plan
        self._order = tuple(plan.in_order())
        self._found: dict[int, tuple[Stock, ...]] = {}
        self._left = TRIES

    def result(self) -> Placed | None:
        if not self._from(0, {}):
            return None
        return tuple(self._found[part] for part in range(len(self._order)))

    def _from(self, step: int, tally: _Tally) -> bool:
        if step == len(self._order):
            return True
        part = self._order[step]
        for chosen in self._choices(part, tally):
            if not self._left:
                return False
            self._left -= 1
            more = {stock.card.uuid: self._with(stock, part, tally) for stock in chosen}
            self._found[part] = chosen
            if self._from(step + 1, tally | more):
                return True
        return False

    def _choices(self, part: int, tally: _Tally) -> Iterator[tuple[Stock, ...]]:
        """Sets of distinct cards that take the container, the best by its policy first."""
        demand = self._plan.demands[part]
        ranked = []
        for place_, stock in enumerate(self._cards):
            if stopped(stock, demand) is not None:
                continue
            before = reduce(or_, tally.get(stock.card.uuid, ()), Use())
            after = reduce(or_, self._with(stock, part, tally))
            if stock.takes(after):
                # What the pod holds at another time of its life costs nothing to use again.
                free = stock.free - before.mib
                by_policy = free if demand.binpack else -free
                ranked.append((after.mib > before.mib, by_policy, place_, stock))
        ranked.sort(key=lambda rank: rank[:3])
        cards = [stock for *_, stock in ranked]
        count = demand.request.count
        if not demand.request.same_numa:
            yield from combinations(cards, count)
            return
        # A driver that names no NUMA node says so of all its cards: they count as one node.
        for numa in dict.fromkeys(stock.card.numa for stock in cards):
            yield from combinations([s for s in cards if s.card.numa == numa], count)

    def _with(self, stock: Stock, part: int, tally: _Tally) -> tuple[Use, ...]:
        phases = self._plan.phases
        before = tally.get(stock.card.uuid) or (Use(),) * len(phases)
        use = self._plan.demands[part].use(stock)
        return tuple(
            held + use if part in phase else held
            for held, phase in zip(before, phases, strict=True)
        )
