"""Tells the slices of a card of each other: who else works on it, and who has to stand back.

A slice of policy ``balance`` runs free while nobody else works on its card, and one of priority 1
launches nothing while one of priority 0 works there. Who works is read from the slices' regions,
which are in their containers' hands: one that lies about it makes its neighbours keep to the shares
that they were promised, and no worse.
"""

import asyncio
import math
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from nodeagent.enforcement import interposer, layout
from nodeagent.enforcement.region import hostile
from tranche.words.assignment import Grant
from tranche.words.errors import Malformed

EVERY: Final = 0.05
"""Seconds between looks; a slice that runs free is to yield within a tenth of one."""

AT_WORK: Final = 1_000_000_000
"""Nanoseconds for which a slice counts as working after a launch."""

LEASE: Final = 500_000_000
"""Nanoseconds for which a slice is told to stand back; told anew when half of them are over, so
that nothing is held for long by an agent that has died."""

_HIGH: Final = 0
_LOW: Final = 1


@dataclass(frozen=True, slots=True)
class Sharer:
    """A container that holds parts of cards, as the interposer holds it.

    Attributes:
        folder: with its limits and region.
        start: another number each time that these are made anew.
        grants: in the order of its limits.
        pod: its pod's uid.
        container: its name in the pod.
        namespace: of the pod.
    """

    folder: Path
    start: int
    grants: tuple[Grant, ...]
    pod: str
    container: str
    namespace: str = ""


@dataclass(slots=True)
class _Place:
    """A sharer on one of its cards.

    Attributes:
        index: of the card in its limits.
        region: its region, opened once per start.
        active_at: where in that it says when it launched last.
        priority: as in `Grant`.
        neighbours: what its limits tell, as `held_until`.
        works_until: by what it has said so far, in nanoseconds.
    """

    folder: Path
    index: int
    region: int
    active_at: int
    priority: int | None
    neighbours: int
    held_until: int
    works_until: int = 0

    def ask(self, now: int) -> bool:
        """Whether it is at work by what its region says now."""
        said = int.from_bytes(os.pread(self.region, 8, self.active_at), "little")
        self.works_until = min(said, now) + AT_WORK if said else 0
        return self.works_until > now

    def tell(self, neighbours: int, held_at: int | None) -> None:
        """``held_at``: now, where it has to stand back."""
        fields = {}
        if neighbours != self.neighbours:
            fields["neighbours"] = self.neighbours = neighbours
        if held_at is not None and self.held_until - held_at < LEASE // 2:
            fields["held_until"] = self.held_until = held_at + LEASE
        if fields:
            interposer.tell(self.folder, self.index, **fields)


@dataclass(slots=True)
class _Card:
    """All that share a card.

    Attributes:
        at_work: whether each of them was at the last look.
        again: when the first of those that are held has to be told anew, in nanoseconds.
    """

    places: list[_Place] = field(default_factory=list)
    at_work: list[bool] = field(default_factory=list)
    again: float = math.inf

    def look(self, now: int) -> None:
        # One that works does so for as long as AT_WORK, and need not be asked meanwhile.
        at_work = [place.works_until > now or place.ask(now) for place in self.places]
        if at_work != self.at_work or now > self.again:
            self.at_work = at_work
            self._tell(now)

    def _tell(self, now: int) -> None:
        working = sum(self.at_work)
        both = list(zip(self.places, self.at_work, strict=True))
        first = any(own and place.priority == _HIGH for place, own in both)
        self.again = math.inf
        for place, own in both:
            held = first and place.priority == _LOW
            place.tell(working - own, now if held else None)
            if held:
                self.again = min(self.again, place.held_until - LEASE // 2)


@dataclass(frozen=True, slots=True)
class _Watched:
    """One sharer as it is from one start to the next."""

    sharer: Sharer
    region: int
    places: tuple[_Place, ...]


class Shares:
    """Keeps ``neighbours`` and ``held_until`` of all limits true.

    ``sharers`` gives the slices as they are now; ``clock`` is CLOCK_MONOTONIC in nanoseconds, which
    containers share with the host.
    """

    def __init__(
        self,
        sharers: Callable[[], Iterable[Sharer]],
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._sharers = sharers
        self._clock = clock
        self._watched: dict[Path, _Watched] = {}
        self._seen: tuple[Sharer, ...] | None = ()
        self._cards: dict[str, _Card] = {}

    async def run(self, every: float = EVERY) -> None:
        """Looks until cancelled."""
        try:
            while True:
                self.look()
                await asyncio.sleep(every)
        finally:
            self.close()

    def look(self) -> None:
        """One look at all cards, and what follows from it."""
        now = self._clock()
        for card in self._by_card().values():
            card.look(now)

    def close(self) -> None:
        """Lets go of the regions."""
        self._seen = None
        for folder in tuple(self._watched):
            self._forget(folder)

    def _by_card(self) -> Mapping[str, _Card]:
        """Put together anew only when a slice came, went or started again."""
        sharers = tuple(self._sharers())
        if sharers != self._seen:
            self._follow(sharers)
        return self._cards

    def _follow(self, sharers: tuple[Sharer, ...]) -> None:
        current = {sharer.folder: sharer for sharer in sharers}
        for folder, watched in tuple(self._watched.items()):
            if current.get(folder) != watched.sharer:
                self._forget(folder)
        self._cards = defaultdict(_Card)
        for sharer in current.values():
            opened = self._watched.get(sharer.folder) or self._open(sharer)
            for place in opened.places if opened is not None else ():
                self._cards[sharer.grants[place.index].card].places.append(place)
        # One that could not be opened is tried again at the next look.
        self._seen = sharers if len(self._watched) == len(current) else None

    def _open(self, sharer: Sharer) -> _Watched | None:
        try:
            limits = layout.Limits.from_buffer_copy((sharer.folder / "limits").read_bytes())
            with hostile(sharer.folder / "region") as region:
                own = os.dup(region)
        except (Malformed, OSError, ValueError):
            return None  # gone, or spoilt by its container: nobody's neighbour
        places = (
            _Place(
                folder=sharer.folder,
                index=index,
                region=own,
                active_at=layout.region_card_offset(index) + layout.RegionCard.active_at.offset,
                priority=grant.priority,
                neighbours=told.neighbours,
                held_until=told.held_until,
            )
            for index, (grant, told) in enumerate(zip(sharer.grants, limits.cards, strict=False))
        )
        watched = _Watched(sharer, own, tuple(places))
        self._watched[sharer.folder] = watched
        return watched

    def _forget(self, folder: Path) -> None:
        os.close(self._watched.pop(folder).region)
