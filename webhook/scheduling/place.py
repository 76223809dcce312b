"""The cards that each container of a pod gets on one node.

Containers are placed one after another, each on the first cards by its policy that still take it
beside what the pod itself took already; where that ends nowhere the last choice is taken back. How
often that may happen is bounded: nothing that a pod can ask makes the search long.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final

from webhook.scheduling.shape import Plan
from webhook.scheduling.stock import Stock

TRIES: Final = 128
"""Choices that may be taken back for one pod on one node. Real pods need few; one that needs more
is told that its containers do not fit together."""

Suited = Sequence[Sequence[int]]
"""For each of a plan's demands, the places of the cards that would do for it alone."""

Placed = tuple[tuple[Stock, ...], ...]
"""The cards of each of a plan's demands, in their order."""

_Use = tuple[int, int, int]
"""MiB, percent of cores, and open slices, as `tranche.words.pod.Use` counts them."""

_Own = tuple[_Use, tuple[_Use, ...]]
"""What the pod itself takes of a card: at most, and in each phase of its life."""


class Search:
    """One search on one node.

    Attributes:
        tries: choices that may still be taken back.
    """

    def __init__(
        self, cards: Sequence[Stock], plan: Plan, suited: Suited, tries: int = TRIES
    ) -> None:
        self.tries = tries
        self._cards = cards
        self._plan = plan
        self._evenly = False
        self._suited = suited
        nothing: _Own = ((0, 0, 0), ((0, 0, 0),) * plan.phase_count)
        self._own = [nothing] * len(cards)
        self._found: list[tuple[int, ...]] = [()] * len(plan.demands)

    def result(self) -> Placed | None:
        """The cards that the pod gets, or None where it has no room.

        Where the policies' choices lead nowhere, the emptiest cards are tried first: a tight node
        is filled evenly or not at all.
        """
        half = self.tries // 2
        self.tries -= half
        if not self._from(0):
            self.tries += half
            self._evenly = True
            if not self._from(0):
                return None
        return tuple(tuple(self._cards[at] for at in chosen) for chosen in self._found)

    def _from(self, step: int) -> bool:
        if step == len(self._plan.order):
            return True
        part = self._plan.order[step]
        for chosen, after in self._choices(part):
            before = [self._own[at] for at in chosen]
            for at, own in zip(chosen, after, strict=True):
                self._own[at] = own
            self._found[part] = chosen
            if self._from(step + 1):
                return True
            for at, own in zip(chosen, before, strict=True):
                self._own[at] = own
            if not self.tries:
                return False
            self.tries -= 1
        return False

    def _choices(self, part: int) -> Iterator[tuple[tuple[int, ...], tuple[_Own, ...]]]:
        """Sets of distinct cards that take the container, the best by its policy first."""
        demand = self._plan.demands[part]
        ranked = []
        for at in self._suited[part]:
            after = self._after(at, part)
            if after is not None:
                held = self._own[at][0][0]
                free = self._cards[at].free - held
                # What the pod holds at another time of its life costs nothing to use again.
                grows = after[0][0] > held
                packed = demand.binpack and not self._evenly
                ranked.append((grows, free if packed else -free, at, after))
        ranked.sort(key=_by_policy)
        if demand.request.count == 1:
            yield from (((at,), (after,)) for _, _, at, after in ranked)
            return
        # A driver that names no NUMA node says so of all its cards: they count as one node.
        numa = {at: self._cards[at].card.numa for _, _, at, _ in ranked}
        groups = dict.fromkeys(numa.values()) if demand.request.same_numa else (None,)
        for group in groups:
            some = [
                (at, after)
                for _, _, at, after in ranked
                if not demand.request.same_numa or numa[at] == group
            ]
            for chosen in combinations(some, demand.request.count):
                yield tuple(at for at, _ in chosen), tuple(after for _, after in chosen)

    def _after(self, at: int, part: int) -> _Own | None:
        """What the pod takes of a card with one container more; None if the card has not that."""
        stock, demand = self._cards[at], self._plan.demands[part]
        need, cores = demand.needs[stock.kind], demand.cores
        (most_mib, most_cores, most_open), rows = self._own[at]
        phases = list(rows)
        for phase in self._plan.phases_of[part]:
            mib, promised, open_ = phases[phase]
            mib, promised, open_ = mib + need, promised + cores, open_ + (not cores)
            phases[phase] = (mib, promised, open_)
            most_mib = max(mib, most_mib)
            most_cores = max(promised, most_cores)
            most_open = max(open_, most_open)
        if not stock.takes(most_mib, most_cores, most_open):
            return None
        return (most_mib, most_cores, most_open), tuple(phases)


def _by_policy(rank: tuple[bool, int, int, _Own]) -> tuple[bool, int, int]:
    return rank[:3]
