"""Where pods come from and where cards are told: the API server, or two files."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import msgspec
import structlog

from nodeagent.cluster.api import Api, ApiError
from nodeagent.cluster.credentials import from_kubeconfig, in_cluster
from nodeagent.cluster.watch import PodWatch
from nodeagent.cluster.writes import CardsAnnotation, uninstalled
from nodeagent.health.inventory import Inventory
from nodeagent.pods import Pod, PodBook, read_pod
from nodeagent.settings import Settings
from nodeagent.slices.files import write_file
from tranche.words.cards import dump_cards
from tranche.words.errors import Malformed

_log = structlog.get_logger("world")


class World(Protocol):
    """What surrounds the agent."""

    async def fetch(self) -> Sequence[Pod]:
        """This node's pods, now. Raises OSError."""

    async def follow(self) -> None:
        """Keeps the book of pods until cancelled."""

    async def publish(self, inventory: Inventory) -> None:
        """Tells of the cards, again at each change, until cancelled."""

    async def leaving(self) -> bool:
        """Whether the agent ends for good and the node is to be cleaned."""

    async def unpublish(self) -> None:
        """Takes back what was told of the cards. Raises OSError."""


def open_world(settings: Settings, book: PodBook) -> AbstractAsyncContextManager[World]:
    """The world that the settings name."""
    return _files(settings, book) if settings.standalone else _cluster(settings, book)


@asynccontextmanager
async def _cluster(settings: Settings, book: PodBook) -> AsyncIterator[World]:
    given = settings.kubeconfig
    credentials = from_kubeconfig(given) if given else in_cluster()
    async with Api(credentials) as api:
        yield Cluster(api, settings, book)


@asynccontextmanager
async def _files(settings: Settings, book: PodBook) -> AsyncIterator[World]:
    if settings.pods is None:
        raise ValueError("a world of files needs a file of pods")
    yield Files(settings.pods, settings.cards_out, book)


class Cluster:
    """The API server's."""

    def __init__(self, api: Api, settings: Settings, book: PodBook) -> None:
        self._api = api
        self._watch = PodWatch(api, settings.node_name, book)
        self._annotation = CardsAnnotation(api, settings.node_name)
        self._own = (settings.namespace, settings.daemon_set)
        self.fetch = self._watch.fetch
        self.follow = self._watch.run
        self.unpublish = self._annotation.remove

    async def publish(self, inventory: Inventory) -> None:
        """Keeps the node's annotation."""
        await self._annotation.keep(lambda: inventory.cards, inventory.changed)

    async def leaving(self) -> bool:
        """Whether our DaemonSet is gone or going."""
        return all(self._own) and await uninstalled(self._api, *self._own)


class Files:
    """A JSON file of pods (a list, or an object with ``items``), and a file that cards go to."""

    def __init__(self, pods: Path, cards: Path | None, book: PodBook) -> None:
        self._pods = pods
        self._cards = cards
        self._book = book

    async def fetch(self) -> Sequence[Pod]:
        """What the file says now."""
        try:
            raw: Any = msgspec.json.decode(self._pods.read_bytes())
            return [read_pod(one) for one in (raw["items"] if isinstance(raw, dict) else raw)]
        except (msgspec.MsgspecError, KeyError, TypeError, Malformed) as error:
            raise ApiError(f"{self._pods}: {error}") from error

    async def follow(self) -> None:
        """Reads the file whenever its time or size is another."""
        last: tuple[int, int, int] | None = None
        while True:
            try:
                stat = self._pods.stat()
                now = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
                if now != last:
                    self._book.replace(await self.fetch())
                    last = now
            except OSError as error:
                _log.debug("pods cannot be read", why=str(error))
            await asyncio.sleep(0.1)

    async def publish(self, inventory: Inventory) -> None:
        """Writes the file."""
        while True:
            seen = inventory.changed.count
            if self._cards is not None:
                write_file(self._cards, dump_cards(inventory.cards).encode(), 0o644)
            await inventory.changed.after(seen)

    async def leaving(self) -> bool:
        """Never: files do not say."""
        return False

    async def unpublish(self) -> None:
        """Removes the file of cards."""
        if self._cards is not None:
            self._cards.unlink(missing_ok=True)
