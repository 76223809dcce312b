"""Tells the slices of a card of each other: who else works on it, and who has to stand back.

A slice of policy ``balance`` runs free while nobody else works on its card, and one of priority 1
launches nothing while one of priority 0 works there. Who works is read from the slices' regions,
which are in their containers' hands: one that lies about it makes its neighbours keep to the shares
that they were promised, and no worse.
"""

import asyncio
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

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

_log = structlog.get_logger("shares")


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
class _Watched:
    """One sharer: its region, opened once per start, and what its limits tell it."""

    sharer: Sharer
    region: int
    limits: layout.Limits

    def at_work(self, index: int, now: int) -> bool:
        place = layout.region_card_offset(index) + layout.RegionCard.active_at.offset
        word = os.pread(self.region, 8, place)
        active_at = int.from_bytes(word, "little")
        return active_at > 0 and now - active_at < AT_WORK


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

    async def run(self, every: float = EVERY) -> None:
        """Looks until cancelled."""
        try:
            while True:
                self.look()
                await asyncio.sleep(every)
        finally:
            self.close()

    def look(self) -> None:
        """One look at all cards that more than one slice is on, and what follows from it."""
        now = self._clock()
        for members in self._by_card().values():
            at_work = {
                watched.sharer.folder: watched.at_work(index, now) for watched, index in members
            }
            first = any(
                at_work[watched.sharer.folder]
                for watched, index in members
                if watched.sharer.grants[index].priority == _HIGH
            )
            for watched, index in members:
                own = at_work[watched.sharer.folder]
                low = watched.sharer.grants[index].priority == _LOW
                self._tell(
                    watched, index, sum(at_work.values()) - own, now if first and low else None
                )

    def close(self) -> None:
        """Lets go of the regions."""
        for folder in tuple(self._watched):
            self._forget(folder)

    def _by_card(self) -> Mapping[str, list[tuple[_Watched, int]]]:
        current = {sharer.folder: sharer for sharer in self._sharers()}
        for folder, watched in tuple(self._watched.items()):
            if current.get(folder) != watched.sharer:
                self._forget(folder)
        cards: dict[str, list[tuple[_Watched, int]]] = defaultdict(list)
        for sharer in current.values():
            watched_ = self._watched.get(sharer.folder) or self._open(sharer)
            if watched_ is not None:
                for index, grant in enumerate(sharer.grants):
                    cards[grant.card].append((watched_, index))
        return cards

    def _open(self, sharer: Sharer) -> _Watched | None:
        try:
            limits = layout.Limits.from_buffer_copy((sharer.folder / "limits").read_bytes())
            with hostile(sharer.folder / "region") as region:
                watched = _Watched(sharer, os.dup(region), limits)
        except (Malformed, OSError, ValueError):
            return None  # gone, or spoilt by its container: nobody's neighbour
        self._watched[sharer.folder] = watched
        return watched

    def _forget(self, folder: Path) -> None:
        os.close(self._watched.pop(folder).region)

    def _tell(self, watched: _Watched, index: int, neighbours: int, held_at: int | None) -> None:
        told: layout.LimitsCard = watched.limits.cards[index]
        fields = {}
        if neighbours != told.neighbours:
            fields["neighbours"] = told.neighbours = neighbours
        if held_at is not None and told.held_until - held_at < LEASE // 2:
            fields["held_until"] = told.held_until = held_at + LEASE
        if not fields:
            return
        try:
            interposer.change(watched.sharer.folder, index, **fields)
        except OSError as error:
            _log.debug(
                "limits cannot be changed", folder=str(watched.sharer.folder), why=str(error)
            )
