"""Compares the time that slices' launches are priced at with what the driver sees them take."""

import asyncio
import os
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from nodeagent.enforcement import interposer, layout
from nodeagent.enforcement.attribution import of_each, owners
from nodeagent.enforcement.region import read_priced
from nodeagent.enforcement.shares import Sharer
from nodeagent.enforcement.surcharge import believable, percents, surcharge
from nodeagent.enforcement.unaccounted import astray, settled
from nodeagent.slices.cgroups import Home
from nodeagent.vendors.base import Busy
from tranche.words.errors import Malformed

EVERY: Final = 1.0
"""Seconds between looks: a driver's sample is of up to one (nvmlUtilization_t)."""

_WHOLE: Final = 100
"""Percent."""

_STEP: Final = layout.SURCHARGE_WHOLE // 64
"""A change less than this is not worth waking a container's launches."""


@dataclass(frozen=True, slots=True)
class _Look:
    """At one card.

    Attributes:
        at: CLOCK_MONOTONIC in nanoseconds.
        since: up to when the driver had told, in microseconds of its own clock.
        priced: nanoseconds that each slice's launches were priced at by then.
    """

    at: int
    since: int
    priced: Mapping[Sharer, int]


@dataclass(slots=True)
class _Metered:
    """The surcharge of one slice on one card: what its limits say, and what the last look saw."""

    told: int
    last: int | None = None


class Meter:
    """Keeps ``surcharge`` of the limits of all slices true that have a share of a shared card.

    Args:
        sharers: the slices as they are now.
        names: of containers by the engine's ids, for the uids of their pods.
        busy: who has worked on each of some cards since, as `Vendor.busy`.
        home: where the process of a pid lives; raises OSError when it is not to be found.
        clock: CLOCK_MONOTONIC in nanoseconds.
    """

    def __init__(
        self,
        sharers: Callable[[], Iterable[Sharer]],
        *,
        names: Callable[[Iterable[str]], Mapping[str, str]],
        busy: Callable[[Mapping[str, int]], Awaitable[Mapping[str, Collection[Busy]]]],
        home: Callable[[int], Home | None],
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._sharers = sharers
        self._names = names
        self._busy = busy
        self._home = home
        self._clock = clock
        self._looks: dict[str, _Look] = {}
        self._metered: dict[tuple[Sharer, str], _Metered] = {}

    async def run(self, every: float) -> None:
        """Looks each ``every`` seconds until cancelled; never where no process can be seen."""
        if os.getpid() == 1:
            return
        while True:
            await self.look()
            await asyncio.sleep(every)

    async def look(self) -> None:
        """One look at all cards where a share is to be held beside a neighbour."""
        shared = _shared(self._sharers())
        self._forget_all_but(shared)
        since = {card: self._looks[card].since if card in self._looks else 0 for card in shared}
        for card, busy in (await self._busy(since)).items() if since else ():
            if busy:
                self._compare(card, shared[card], busy)

    def _forget_all_but(self, shared: Mapping[str, Collection[Sharer]]) -> None:
        self._looks = {card: look for card, look in self._looks.items() if card in shared}
        current = {(sharer, card) for card, members in shared.items() for sharer in members}
        self._metered = {at: metered for at, metered in self._metered.items() if at in current}

    def _compare(self, card: str, sharers: Collection[Sharer], busy: Collection[Busy]) -> None:
        before = self._looks.get(card)
        now = _Look(self._clock(), max(one.at for one in busy), _priced(card, sharers))
        self._looks[card] = now
        if before is None or not believable(busy):
            return
        pids = {one.pid for one in busy}
        homes = of_each(pids, self._home)
        if astray(pids, homes):
            return
        whose = owners(homes, sharers, self._names({sharer.pod for sharer in sharers}))
        took = percents(busy, whose, sharers)
        for sharer in now.priced.keys() & before.priced.keys():
            cores = _cores(sharer, card)
            if sharer.folder in took and cores:
                seen = took[sharer.folder] / _WHOLE * (now.at - before.at)
                priced = max(0, now.priced[sharer] - before.priced[sharer])
                self._learn(sharer, card, surcharge(seen, priced, cores=cores, slices=len(sharers)))

    def _learn(self, sharer: Sharer, card: str, now: int) -> None:
        metered = self._metered.get((sharer, card)) or _Metered(_told(sharer, card))
        self._metered[sharer, card] = metered
        wanted = settled(metered.told, metered.last, now)
        metered.last = now
        changed = abs(wanted - metered.told) >= _STEP
        if changed and interposer.tell(sharer.folder, _index(sharer, card), surcharge=wanted):
            metered.told = wanted


def _told(sharer: Sharer, card: str) -> int:
    """What the limits say, be it by an agent of before."""
    limits = interposer.read_cards(sharer.folder, sharer.grants)
    return int(limits[card].surcharge) if card in limits else 0


def _shared(sharers: Iterable[Sharer]) -> dict[str, list[Sharer]]:
    """The slices of each card that several are on, and one at least with a share of its time."""
    cards: dict[str, list[Sharer]] = defaultdict(list)
    for sharer in sharers:
        for grant in sharer.grants:
            cards[grant.card].append(sharer)
    return {
        card: members
        for card, members in cards.items()
        if len(members) > 1 and any(0 < _cores(sharer, card) < _WHOLE for sharer in members)
    }


def _index(sharer: Sharer, card: str) -> int:
    return [grant.card for grant in sharer.grants].index(card)


def _cores(sharer: Sharer, card: str) -> int:
    return sharer.grants[_index(sharer, card)].cores


def _priced(card: str, sharers: Iterable[Sharer]) -> dict[Sharer, int]:
    """By the slices' own word; without those whose region cannot be read."""
    priced: dict[Sharer, int] = {}
    for sharer in sharers:
        try:
            priced[sharer] = read_priced(sharer.folder / "region", _index(sharer, card))
        except (Malformed, OSError):
            continue
    return priced
