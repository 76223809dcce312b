"""The node's cards as they were last seen."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import structlog

from nodeagent.signals import Signal
from nodeagent.vendors.base import Busy, Found, Process, Vendor
from tranche.words.cards import Card

_T = TypeVar("_T")

_log = structlog.get_logger("cards")


class Inventory:
    """Cards of all vendors by uuid. Drivers are asked in one thread of its own, never in the loop.

    Attributes:
        changed: raised when a card came, went, or changed its health; not for use.
    """

    def __init__(self, vendors: Sequence[Vendor]) -> None:
        self.changed = Signal()
        self._vendors = {vendor.key: vendor for vendor in vendors}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="driver")
        self._found: Mapping[str, Found] = {}

    @property
    def found(self) -> Mapping[str, Found]:
        """By uuid, in the order of the vendors' own counting."""
        return self._found

    @property
    def cards(self) -> tuple[Card, ...]:
        """What is published."""
        return tuple(found.card for found in self._found.values())

    def vendor(self, uuid: str) -> Vendor:
        """Whose card it is.

        Raises:
            KeyError: no such card was ever seen.
        """
        return self._vendors[self._found[uuid].card.vendor]

    async def look(self) -> None:
        """Asks every vendor once."""
        loop = asyncio.get_running_loop()
        before = self.cards
        found: dict[str, Found] = {}
        for vendor in self._vendors.values():
            for one in await loop.run_in_executor(self._thread, vendor.look):
                found[one.card.uuid] = one
        self._tell(found)
        self._found = found
        if self.cards != before:
            self.changed.raise_()

    async def processes(self, cards: Collection[str]) -> Mapping[str, tuple[Process, ...]]:
        """Who is on each of these cards now; a card is left out where that is not known."""
        return await self._ask(cards, lambda vendor, some: vendor.processes(some))

    async def busy(self, cards: Mapping[str, int]) -> Mapping[str, tuple[Busy, ...]]:
        """Who has worked on each of these cards since; as `Vendor.busy`."""
        return await self._ask(
            cards, lambda vendor, some: vendor.busy({uuid: cards[uuid] for uuid in some})
        )

    async def _ask(
        self,
        cards: Iterable[str],
        question: Callable[[Vendor, Collection[str]], Mapping[str, tuple[_T, ...]]],
    ) -> Mapping[str, tuple[_T, ...]]:
        """What each card's own vendor says."""
        loop = asyncio.get_running_loop()
        by_vendor: dict[str, list[str]] = defaultdict(list)
        for uuid in cards:
            if uuid in self._found:
                by_vendor[self._found[uuid].card.vendor].append(uuid)
        told: dict[str, tuple[_T, ...]] = {}
        for key, some in by_vendor.items():
            vendor = self._vendors[key]
            told |= await loop.run_in_executor(self._thread, question, vendor, some)
        return told

    async def keep_looking(self, every: float) -> None:
        """Looks each ``every`` seconds until cancelled."""
        while True:
            await asyncio.sleep(every)
            await self.look()

    async def close(self) -> None:
        """Lets go of the drivers."""
        loop = asyncio.get_running_loop()
        for vendor in self._vendors.values():
            await loop.run_in_executor(self._thread, vendor.close)
        self._thread.shutdown()

    def _tell(self, found: Mapping[str, Found]) -> None:
        for uuid, now in found.items():
            last = self._found.get(uuid)
            if last is None:
                card = now.card
                _log.info("card found", uuid=uuid, model=card.model, mib=card.mib, numa=card.numa)
            if not now.card.healthy and (last is None or last.card.healthy):
                _log.warning("card is not healthy", uuid=uuid, why=now.ailment)
            if now.card.healthy and last is not None and not last.card.healthy:
                _log.info("card is well again", uuid=uuid)
