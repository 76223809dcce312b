"""Compares what slices count with what the driver says, and charges them the difference.

From processes that come it also learns what a context takes, so that the next ones are counted
before they are made.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from nodeagent.enforcement import interposer
from nodeagent.enforcement.attribution import of_each, owners
from nodeagent.enforcement.contexts import Contexts, own_count
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
    context: int
    last: int | None = None


class Auditor:
    """Keeps ``unaccounted_bytes`` and ``context_bytes`` of all limits true.

    Args:
        sharers: the slices as they are now.
        contexts: what is known of contexts, which it adds to.
        names: of containers by the engine's ids, for the uids of their pods.
        processes: who is on each of some cards, by the card's uuid.
        home: where the process of a pid lives; raises OSError when it is not to be found.
        owner: how it is named in regions (`layout.owner_word`); raises the same.
    """

    def __init__(
        self,
        sharers: Callable[[], Iterable[Sharer]],
        *,
        contexts: Contexts,
        names: Callable[[Iterable[str]], Mapping[str, str]],
        processes: Callable[[Collection[str]], Awaitable[_Listed]],
        home: Callable[[int], Home | None],
        owner: Callable[[int], int],
    ) -> None:
        self._sharers = sharers
        self._contexts = contexts
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
        self._audited = {one: self._audited.get(one) or self._limits(one) for one in sharers}
        before = _slots(sharers)
        listed = await self._processes({g.card for one in sharers for g in one.grants})
        self._tell(self._seen(sharers, listed, (before, _slots(sharers))))

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
        whose = owners(homes, sharers, names)
        self._obituaries.look(
            {one: {pid for pid, of in whose.items() if of == [one]} for one in sharers}
        )
        # Where only one counts, it does not matter who it is, and asking costs a part of the look.
        several = {card for some in slots for (_, card), those in some.items() if len(those) > 1}
        seen: dict[Place, int | None] = {}
        for card, processes in listed.items():
            members = on.get(card, ())
            owned = owners(homes, members, names)
            new = self._contexts.newcomers(card, _namespaces(processes, owned))
            words = of_each({one.pid for one in processes} if card in several else new, self._owner)
            self._weigh(card, [one for one in processes if one.pid in new], owned, words, slots)
            counting = frozenset(words.values())
            for folder, has in taken(processes, owned, members).items():
                counts = [counted(some.get((folder, card)), counting) for some in slots]
                seen[folder, card] = beyond(has, counts)
        return seen

    def _weigh(
        self,
        card: str,
        new: Iterable[Process],
        owned: Mapping[int, Sequence[Sharer]],
        words: Mapping[int, int],
        slots: Collection[_Slots],
    ) -> None:
        """Only one that is surely known, slot and slice, shows what a context takes."""
        for one in new:
            if len(owned[one.pid]) == 1:
                place = (owned[one.pid][0].folder, card)
                word = words.get(one.pid, 0)
                counts = [own_count(some.get(place, ()), word) for some in slots]
                self._contexts.weigh(card, one.pid, one.used, counts)

    def _tell(self, seen: Mapping[Place, int | None]) -> None:
        """Changes the limits of those that were looked at and have not been made anew since."""
        current = frozenset(self._sharers())
        for sharer, cards in self._audited.items():
            if sharer not in current:
                continue
            for index, (grant, card) in enumerate(zip(sharer.grants, cards.values(), strict=False)):
                now = seen.get((sharer.folder, grant.card))
                wanted = settled(card.told, card.last, now)
                context = self._contexts.told(sharer.namespace, grant)
                card.last = now
                changed = (wanted, context) != (card.told, card.context)
                fields = {"unaccounted_bytes": wanted, "context_bytes": context}
                if changed and interposer.tell(sharer.folder, index, **fields):
                    card.told, card.context = wanted, context

    def _limits(self, sharer: Sharer) -> dict[str, _Audited]:
        """What the limits say, be it by an agent of before; in their order, by the card's uuid."""
        told = interposer.read_cards(sharer.folder, sharer.grants)
        for uuid, card in told.items():
            self._contexts.learn(sharer.namespace, uuid, card.context_bytes)
        return {
            uuid: _Audited(card.unaccounted_bytes, card.context_bytes)
            for uuid, card in told.items()
        }

    def _say(self, trouble: str) -> None:
        """Logs a trouble once, and its end once."""
        if trouble and trouble != self._said:
            _log.warning("what slices have beyond their count is not known", why=trouble)
        elif self._said and not trouble:
            _log.info("what slices have beyond their count is known again")
        self._said = trouble


def _namespaces(
    processes: Iterable[Process], owned: Mapping[int, Sequence[Sharer]]
) -> dict[int, str | None]:
    """Of the pods of all who are on a card, by pid; all slices that one may be of are one pod's."""
    some = {one.pid: owned.get(one.pid) for one in processes}
    return {pid: those[0].namespace if those else None for pid, those in some.items()}


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
