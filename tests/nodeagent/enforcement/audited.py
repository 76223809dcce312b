"""Slices that an auditor looks at, with no driver and no processes but a test's."""

import os
import struct
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from pathlib import Path

from nodeagent.enforcement import interposer, layout
from nodeagent.enforcement.audit import Auditor
from nodeagent.enforcement.contexts import Contexts
from nodeagent.enforcement.shares import Sharer
from nodeagent.slices.cgroups import Home
from nodeagent.vendors.base import Process
from tests.nodeagent.machine import A, B
from tranche.words.assignment import Grant

MIB = 1 << 20


class Node:
    """Slices in a folder, a driver that says what the test wants, and processes where it puts them.

    Each slice is of a pod of its own name, in a namespace of its own: a name up to a dash.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sharers: dict[str, Sharer] = {}
        self.listed: dict[str, tuple[Process, ...]] = {A: (), B: ()}
        self.homes: dict[int, Home | None] = {}
        self.while_asked: Callable[[], object] = lambda: None
        self.auditor = self.agent()

    def agent(self) -> Auditor:
        """Another agent, which knows nothing yet."""
        self.contexts = Contexts()
        return Auditor(
            self.sharers.values,
            contexts=self.contexts,
            names=self._names,
            processes=self._processes,
            home=self._home,
            owner=lambda pid: layout.owner_word(pid, 7),
        )

    def slice(self, name: str, *grants: Grant) -> None:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        for file in ("limits", "region"):
            (folder / file).unlink(missing_ok=True)
        context = partial(self.contexts.told, name.partition("-")[0])
        (folder / "limits").write_bytes(interposer.limits(grants, context=context))
        (folder / "region").write_bytes(bytes(layout.REGION_SIZE))
        namespace = name.partition("-")[0]
        start = self.sharers[name].start + 1 if name in self.sharers else 0
        self.sharers[name] = Sharer(folder, start, grants, name, "main", namespace)

    def count(
        self, name: str, used: int, index: int = 0, *, slot: int = 0, pid: int | None = None
    ) -> None:
        """A process counts so much: one that `on` will put on the card, or of another pid."""
        pid = self.pid(name) if pid is None else pid
        owner = 9 << 43 | layout.owner_word(pid, 7)
        with (self.folder / name / "region").open("r+b") as file:
            os.pwrite(file.fileno(), struct.pack("<QI", layout.REGION_STAMP, slot + 1), 0)
            place = layout.Region.slots.offset + 64 * slot
            os.pwrite(file.fileno(), struct.pack("<Q", owner), place)
            place = layout.used_offset(index) + 8 * slot
            os.pwrite(file.fileno(), struct.pack("<Q", used), place)

    def pid(self, name: str) -> int:
        return 100 + [*self.sharers].index(name)

    def on(self, card: str, **used: int | None) -> None:
        """One process of each of these slices is on the card, and has so many bytes."""
        self.listed[card] = tuple(Process(self.pid(name), some) for name, some in used.items())
        self.homes |= {self.pid(name): Home(name, "") for name in used}

    async def look(self, times: int = 1) -> None:
        for _ in range(times):
            await self.auditor.look()

    def told(self, name: str, index: int = 0) -> int:
        return int(self._limits(name).cards[index].unaccounted_bytes)

    def context(self, name: str, index: int = 0) -> int:
        return int(self._limits(name).cards[index].context_bytes)

    def changes(self, name: str) -> int:
        return int(self._limits(name).generation)

    def _limits(self, name: str) -> layout.Limits:
        return layout.Limits.from_buffer_copy((self.folder / name / "limits").read_bytes())

    def _names(self, _pods: Iterable[str]) -> Mapping[str, str]:
        return {}

    async def _processes(self, cards: Collection[str]) -> Mapping[str, tuple[Process, ...]]:
        self.while_asked()
        return {card: self.listed[card] for card in cards if card in self.listed}

    def _home(self, pid: int) -> Home | None:
        if pid not in self.homes:
            raise FileNotFoundError(pid)
        return self.homes[pid]
