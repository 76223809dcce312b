"""Takes slices back once their pod is gone from the API and from the node."""

import asyncio
from pathlib import Path
from typing import Final

import structlog

from nodeagent.pods import PodBook
from nodeagent.slices.cgroups import pods_with_cgroups
from nodeagent.slices.store import Store

_LINGER: Final = 1.0
_BREATH: Final = 0.2
"""Seconds between looks, however fast pods change."""

_log = structlog.get_logger("slices")


class Reclaimer:
    """Looks for slices of the dead.

    A pod is dead when a whole list of pods lacks it, or says that it has ended for good, and no
    cgroup of it is left. ``lock`` is the one of `nodeagent.slices.start.Starter`.
    """

    def __init__(
        self, store: Store, book: PodBook, cgroup_root: Path, library: str, lock: asyncio.Lock
    ) -> None:
        self._store = store
        self._book = book
        self._cgroups = cgroup_root
        self._library = library
        self._lock = lock

    async def run_once(self) -> bool:
        """One look; True when some of the dead linger. Does nothing before the first whole list."""
        if not self._book.synced:
            return False
        async with self._lock:
            living = self._book.living()
            dead = [r for r in self._store.records.values() if r.uid not in living]
            if not dead:
                return False
            lingering = await asyncio.to_thread(pods_with_cgroups, self._cgroups)
            for record in dead:
                if record.uid not in lingering:
                    await asyncio.to_thread(self._store.remove, record.name)
                    _log.info(
                        "slice taken back",
                        name=record.name,
                        pod=f"{record.namespace}/{record.pod}",
                        container=record.container,
                    )
            await asyncio.to_thread(self._store.prune_libraries, self._library)
            return any(record.uid in lingering for record in dead)

    async def run(self, every: float) -> None:
        """Looks after each change of pods, and every ``every`` seconds, until cancelled.

        A cgroup goes a moment after its pod and tells nobody, so those that linger are looked for
        each second.
        """
        while True:
            seen = self._book.changed.count
            lingering = await self.run_once()
            await self._book.changed.after(seen, min(every, _LINGER) if lingering else every)
            await asyncio.sleep(_BREATH)
