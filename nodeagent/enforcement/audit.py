"""Compares what slices count with what the driver says, and charges them the difference."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from nodeagent.enforcement import interposer
from nodeagent.enforcement.attribution import of_each
from nodeagent.enforcement.attribution import owners as owners_of
from nodeagent.enforcement.obituaries import Obituaries
from nodeagent.enforcement.region import Slot, read_slots
from nodeagent.enforcement.shares import Sharer
from nodeagent.enforcement.unaccounted import astray, beyond, counted, settled, taken
from nodeagent.slices.cgroups import Home
from nodeagent.vendors.base import Process
from tranche.words.errors import Malformed

EVERY: Final = 2.0
"""Seconds between looks; two of them are needed to change what is charged."""

Place = tuple[Path, str]
"""A slice on one of its cards: the slice's folder, the card's uuid."""

_Listed = Mapping[str, Collection[Process]]
_Slots = Mapping[Place, Collection[Slot]]

_log = structlog.get_logger("audit")


@dataclass(slots=True)
class _Audited:
    """Of a slice on one card, in bytes: what its limits say, and what the last look saw."""

    told: int
    last: int | None = None


class Auditor:
    """Keeps ``unaccounted_bytes`` of all limits true.

    Args:
        sharers: the slices as they are now.
        names: of containers by the engine's ids, for the uids of their pods.
        processes: who is on each of some cards, by the card's uuid.
        home: where the process of a pid lives; raises OSError when it is not to be found.
        owner: how it is named in regions (`layout.owner_word`); raises the same.
    """

    def __init__(
        self,
        sharers: Callable[[], Iterable[Sharer]],
        *,
        names: Callable[[Iterable[str]], Mapping[str, str]],
        processes: Callable[[Collection[str]], Awaitable[_Listed]],
        home: Callable[[int], Home | None],
        owner: Callable[[int], int],
    ) -> None:
        self._sharers = sharers
        self._names = names
        self._processes = processes
        self._home = home
        self._owner = owner
        self._obituaries = Obituaries(owner)
        self._audited: dict[Sharer, Mapping[str, _Audited]] = {}
        self._said = ""

    async def run(self, every: float) -> None:
        """Looks each ``every`` seconds until cancelled; never where no process can be seen."""
        if os.getpid() == 1:
            self._say("the agent sees no processes but its own; its pod needs hostPID")
            return
        while True:
            await self.look()
            await asyncio.sleep(every)

    async def look(self) -> None:
        """One look at all slices, and what follows from it."""
        sharers = frozenset(self._sharers())
        before = _slots(sharers)
        listed = await self._processes({g.card for one in sharers for g in one.grants})
        self._tell(sharers, self._seen(sharers, listed, (before, _slots(sharers))))

    def _seen(
        self, sharers: AbstractSet[Sharer], listed: _Listed, slots: Collection[_Slots]
    ) -> Mapping[Place, int | None]:
        """Bytes beyond the count; what is not known is None or left out."""
        on: dict[str, list[Sharer]] = {}
        for sharer in sharers:
            for grant in sharer.grants:
                on.setdefault(grant.card, []).append(sharer)
        pids = {one.pid for processes in listed.values() for one in processes}
        homes = of_each(pids, self._home)
        if astray(pids, homes):
            self._say("most of the driver's processes are not under the agent's /proc")
            return {}
        silent = on.keys() - {
            card for card, processes in listed.items() if None not in {p.used for p in processes}
        }
        of = ", ".join(sorted(silent))
        self._say(of and f"the driver does not say what processes have of {of}")
        names = self._names({sharer.pod for sharer in sharers})
        whose = owners_of(homes, sharers, names)
        self._obituaries.look(
            {one: {pid for pid, of in whose.items() if of == [one]} for one in sharers}
        )
        # Where only one counts, it does not matter who it is, and asking costs a part of the look.
        several = {card for some in slots for (_, card), those in some.items() if len(those) > 1}
        seen: dict[Place, int | None] = {}
        for card, processes in listed.items():
            asked = [one.pid for one in processes] if card in several else []
            owners = frozenset(of_each(asked, self._owner).values())
            members = on.get(card, ())
            for folder, has in taken(processes, owners_of(homes, members, names), members).items():
                counts = [counted(some.get((folder, card)), owners) for some in slots]
                seen[folder, card] = beyond(has, counts)
        return seen

    def _tell(self, looked: AbstractSet[Sharer], seen: Mapping[Place, int | None]) -> None:
        """Changes the limits of those that were looked at and have not been made anew since."""
        audited = {
            sharer: self._audited.get(sharer) or _limits(sharer)
            for sharer in self._sharers()
            if sharer in looked
        }
        for sharer, cards in audited.items():
            for index, (uuid, card) in enumerate(cards.items()):
                now = seen.get((sharer.folder, uuid))
                wanted = settled(card.told, card.last, now)
                card.last = now
                if wanted != card.told and _change(sharer.folder, index, wanted):
                    card.told = wanted
        self._audited = audited

    def _say(self, trouble: str) -> None:
        """Logs a trouble once, and its end once."""
        if trouble and trouble != self._said:
            _log.warning("what slices have beyond their count is not known", why=trouble)
        elif self._said and not trouble:
            _log.info("what slices have beyond their count is known again")
        self._said = trouble


def _slots(sharers: Iterable[Sharer]) -> dict[Place, tuple[Slot, ...]]:
    """What the processes of slices count; slices whose region cannot be opened are left out.

    A region that is none, since its container has spoilt it, counts nothing: all that the driver
    says is then beyond the count.
    """
    slots: dict[Place, tuple[Slot, ...]] = {}
    for sharer in sharers:
        cards = [grant.card for grant in sharer.grants]
        try:
            read = read_slots(sharer.folder / "region", cards)
        except Malformed:
            read = dict.fromkeys(cards, ())
        except OSError:
            continue
        slots |= {(sharer.folder, card): some for card, some in read.items()}
    return slots


def _limits(sharer: Sharer) -> dict[str, _Audited]:
    """What the limits say, be it by an agent of before; in their order, by the card's uuid."""
    told = interposer.read_unaccounted(sharer.folder, sharer.grants)
    return {uuid: _Audited(unaccounted) for uuid, unaccounted in told.items()}


def _change(folder: Path, index: int, unaccounted: int) -> bool:
    try:
        interposer.change(folder, index, unaccounted_bytes=unaccounted)
    except OSError as error:
        _log.debug("limits cannot be changed", folder=str(folder), why=str(error))
        return False
    return True
