"""A node's cards and what is left of each. Plain counters: who holds them is the ledger's."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from tranche.words.cards import Card
from tranche.words.pod import Use

ALL_CORES: Final = 100
"""Percent. The unit that cores are promised in."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What cards have in common, so that a model is matched once for all of them."""

    vendor: str
    model: str
    mib: int


class Kinds:
    """Every kind seen so far, numbered, so that what is known of each can stand in a list."""

    def __init__(self) -> None:
        self.all: list[Kind] = []
        self._numbers: dict[Kind, int] = {}

    def number(self, card: Card) -> int:
        """The card's kind, as a place in `all`."""
        kind = Kind(card.vendor, card.model, card.mib)
        if kind not in self._numbers:
            self._numbers[kind] = len(self.all)
            self.all.append(kind)
        return self._numbers[kind]


@dataclass(frozen=True, slots=True)
class Hold:
    """What one pod takes of one card over its life; ``whole`` keeps everyone else off it."""

    use: Use
    whole: bool = False


@dataclass(slots=True)
class Taken:
    """What all pods together take of one card."""

    mib: int = 0
    cores: int = 0
    open: int = 0
    wholes: int = 0

    def add(self, hold: Hold, sign: int) -> None:
        """Put a hold on the counters, or with ``sign`` -1 take it off."""
        self.mib += sign * hold.use.mib
        self.cores += sign * hold.use.cores
        self.open += sign * hold.use.open
        self.wholes += sign * hold.whole


class Stock:
    """One card and what is left of it. Read by many, changed by `NodeStock` alone.

    Attributes:
        card: as its agent reports it.
        kind: its kind's number.
        free: MiB that nobody holds; 0 on a card that somebody has alone.
        promise: the most percent of cores that can still be promised. One percent is kept back
            from promises while a slice with no promise runs there: it would never run again.
        shut: every core is promised, so a slice with no promise may not come.
        taken: by all pods.
    """

    __slots__ = ("card", "free", "kind", "promise", "shut", "taken")

    def __init__(self, card: Card, kind: int, taken: Taken) -> None:
        self.card = card
        self.kind = kind
        self.taken = taken
        self.count()

    def count(self) -> None:
        """Work out what is left after ``taken`` changed."""
        taken = self.taken
        self.free = 0 if taken.wholes else max(0, self.card.mib - taken.mib)
        kept = 1 if taken.open else 0
        self.promise = max(0, ALL_CORES - kept - taken.cores)
        self.shut = taken.cores >= ALL_CORES

    def takes(self, mib: int, cores: int, open_: int) -> bool:
        """Whether this much more can be had beside what is taken."""
        if mib > self.free:
            return False
        cores += self.taken.cores
        return cores < ALL_CORES or (cores == ALL_CORES and not self.taken.open and not open_)


@dataclass(slots=True)
class NodeStock:
    """The cards of one node.

    What is taken is kept by uuid even of cards that the node does not report: a card that comes
    back, or a node whose pods were told of first, must find its holders.

    Attributes:
        name: the node's.
        text: the annotation that the cards were read from; None when there was none.
        cards: in the order of their uuids.
        kinds: theirs.
        tickets: units of the count resource that its kubelet hands out; None where that is not
            told. None are there while its node agent is away.
        taken_tickets: those that pods hold.
        fullness: the taken part of the memory of its healthy cards, 0.0 to 1.0.
    """

    name: str
    text: str | None = None
    cards: tuple[Stock, ...] = ()
    kinds: frozenset[int] = frozenset()
    tickets: int | None = None
    taken_tickets: int = 0
    fullness: float = 0.0
    _taken: dict[str, Taken] = field(default_factory=dict)

    def report(self, cards: Iterable[Card], kinds: Kinds) -> None:
        """Take in what the node says of its cards."""
        self.cards = tuple(
            Stock(card, kinds.number(card), self._taken.setdefault(card.uuid, Taken()))
            for card in sorted(cards, key=lambda card: card.uuid)
        )
        self.kinds = frozenset(stock.kind for stock in self.cards)
        reported = {stock.card.uuid for stock in self.cards}
        self._taken = {
            uuid: taken
            for uuid, taken in self._taken.items()
            if uuid in reported or taken != Taken()
        }
        self._weigh()

    def change(self, holds: Mapping[str, Hold], tickets: int, sign: int) -> None:
        """Put a pod's holds on the cards, or with ``sign`` -1 take them off."""
        self.taken_tickets += sign * tickets
        for uuid, hold in holds.items():
            self._taken.setdefault(uuid, Taken()).add(hold, sign)
        reported = set()
        for stock in self.cards:
            if stock.card.uuid in holds:
                reported.add(stock.card.uuid)
                stock.count()
        for uuid in holds.keys() - reported:
            if self._taken[uuid] == Taken():
                del self._taken[uuid]
        self._weigh()

    @property
    def free_tickets(self) -> int | None:
        """Tickets that nobody holds; None where it is not told how many there are."""
        return None if self.tickets is None else max(0, self.tickets - self.taken_tickets)

    @property
    def forgettable(self) -> bool:
        """It reports no cards and nobody holds any."""
        return not self.cards and all(taken == Taken() for taken in self._taken.values())

    def _weigh(self) -> None:
        mib = free = 0
        for stock in self.cards:
            if stock.card.healthy:
                mib += stock.card.mib
                free += stock.free
        self.fullness = 1.0 - free / mib if mib else 0.0
