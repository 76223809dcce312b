"""List and watch: every object of one kind, told to a sink once as it is and then as it changes.

The rules are those of the Kubernetes API concepts, "Efficient detection of changes": a list gives
the resourceVersion to watch from, bookmarks advance it, 410 Gone means list again. After any list
the sink is told of deletions that happened unseen.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import msgspec
import structlog

from webhook.cluster.backoff import Backoff
from webhook.cluster.client import Cluster
from webhook.cluster.errors import GONE, ApiError

PAGE: Final = 500
"""Objects per page of a list: bounds what is held at once while listing a large cluster."""

SILENCE: Final = 90.0
"""Seconds without a byte after which the watch is opened anew from where it stood. Where nothing
changes, an API server sends no bookmarks either, and only asking tells it from a dead one."""

LONGEST_LINE: Final = 16 * 1024 * 1024
"""Bytes. etcd takes objects of 1.5 MiB; what is far beyond is no event."""

SHORT: Final = 5.0
"""Seconds. A stream that ended sooner and told nothing counts as a failure."""

_log = structlog.get_logger(__name__)


class Told(Protocol):
    """Who is told of the objects. Neither call may block."""

    def put(self, raw: dict[str, Any]) -> None:
        """An object as it is now; the same one may be told again."""

    def gone(self, key: str) -> None:
        """It was deleted. ``key`` is what `Resource.key` said of it."""


@dataclass(frozen=True, slots=True)
class Resource:
    """What to watch.

    Attributes:
        name: for people: logs, metrics and readiness.
        path: the collection's, from the root.
        by_uid: objects are told apart by uid, else by name. A pod that was deleted and made again
            under its name is another pod; a node is the same.
        field_selector: as the API takes it; empty for all.
    """

    name: str
    path: str
    by_uid: bool = False
    field_selector: str = ""

    def key(self, raw: dict[str, Any]) -> str:
        """The object's uid or name; empty if it has none, which no API server sends."""
        return str(raw.get("metadata", {}).get("uid" if self.by_uid else "name", ""))


NODES: Final = Resource("nodes", "/api/v1/nodes")
NAMESPACES: Final = Resource("namespaces", "/api/v1/namespaces")


def pods_of(scheduler: str) -> Resource:
    """The pods of one scheduler profile in all namespaces."""
    return Resource(
        "pods",
        "/api/v1/pods",
        by_uid=True,
        field_selector=f"spec.schedulerName={scheduler}",
    )


class _ListMeta(msgspec.Struct):
    resourceVersion: str = ""  # noqa: N815  Kubernetes' own spelling
    continue_: str = msgspec.field(default="", name="continue")


class _Page(msgspec.Struct):
    metadata: _ListMeta
    items: list[msgspec.Raw] | None = None


class _Event(msgspec.Struct):
    type: str
    object: msgspec.Raw


_page = msgspec.json.Decoder(_Page)
_event = msgspec.json.Decoder(_Event)


class Watch:
    """One watch that does not end.

    Of each object only its key and resourceVersion are kept.

    Attributes:
        resource: what is watched.
        synced: set once the first list has been told in full.
        relists: how often all was listed again after the first time.
    """

    def __init__(
        self,
        cluster: Cluster,
        resource: Resource,
        told: Told,
        *,
        backoff: Backoff | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.resource = resource
        self.synced = asyncio.Event()
        self.relists = 0
        self._cluster = cluster
        self._told = told
        self._backoff = backoff or Backoff()
        self._clock = clock
        self._sleep = sleep
        self._known: dict[str, str] = {}
        self._version = ""
        self._heard = clock()

    def age(self) -> float:
        """Seconds since the API server last sent anything on this watch."""
        return self._clock() - self._heard

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            try:
                if not self._version:
                    await self._list()
                await self._follow()
            except ApiError as error:
                if error.status == GONE:
                    self._version = ""
                wait = self._backoff.failed(error.retry_after)
                _log.warning(
                    "watch broke", watch=self.resource.name, error=str(error), wait=round(wait, 2)
                )
                await self._sleep(wait)

    async def _list(self) -> None:
        query = {"limit": str(PAGE)}
        if self.resource.field_selector:
            query["fieldSelector"] = self.resource.field_selector
        seen: set[str] = set()
        while True:
            page = _decoded(
                _page,
                await self._cluster.call("GET", self.resource.path, query=query, timeout=60.0),
            )
            self._heard = self._clock()
            for item in page.items or ():
                seen.add(self._put(_object(item)))
                # A page of large nodes takes a while to tell; admission must not wait for it.
                if len(seen) % 50 == 0:
                    await asyncio.sleep(0)
            if not page.metadata.continue_:
                break
            query["continue"] = page.metadata.continue_
        for key in [key for key in self._known if key not in seen]:
            self._gone(key)
        self._version = page.metadata.resourceVersion
        self.relists += self.synced.is_set()
        self.synced.set()

    async def _follow(self) -> None:
        query = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": self._version,
            # The spread keeps the watches of all replicas from ending together.
            "timeoutSeconds": str(random.randint(240, 480)),  # noqa: S311
        }
        if self.resource.field_selector:
            query["fieldSelector"] = self.resource.field_selector
        began = self._clock()
        events = 0
        try:
            async with self._cluster.stream(self.resource.path, query, silence=SILENCE) as chunks:
                self._heard = self._clock()
                async for line in _lines(chunks):
                    self._heard = self._clock()
                    self._take(line)
                    events += 1
                    self._backoff.worked()
        finally:
            # However it ended: a stream that stood for a while was no failure to begin with.
            if self._clock() - began >= SHORT:
                self._backoff.worked()
        if not events and self._clock() - began < SHORT:
            raise ApiError(0, "the stream ended as soon as it began")

    def _take(self, line: bytes) -> None:
        try:
            event = _event.decode(line)
            raw = _object(event.object)
        except (msgspec.MsgspecError, ApiError) as error:
            # Asking again from here would bring the same line: begin with a list instead.
            raise ApiError(GONE, f"not an event: {error}") from error
        if event.type == "ERROR":
            raise ApiError(int(raw.get("code") or 0), str(raw.get("message") or "error event"))
        if event.type == "DELETED":
            self._gone(self.resource.key(raw))
        elif event.type != "BOOKMARK":
            self._put(raw)
        self._version = str(raw.get("metadata", {}).get("resourceVersion") or self._version)

    def _put(self, raw: dict[str, Any]) -> str:
        key = self.resource.key(raw)
        version = str(raw.get("metadata", {}).get("resourceVersion", ""))
        if not version or self._known.get(key) != version:
            self._known[key] = version
            self._tell(self._told.put, raw, key)
        return key

    def _gone(self, key: str) -> None:
        self._known.pop(key, None)
        self._tell(self._told.gone, key, key)

    def _tell(self, tell: Callable[[Any], None], what: object, key: str) -> None:
        try:
            tell(what)
        except Exception:  # noqa: BLE001
            # One object that its reader cannot digest must not blind the process to all others.
            _log.exception("an object could not be taken in", watch=self.resource.name, key=key)


def _decoded(decoder: msgspec.json.Decoder[_Page], body: bytes) -> _Page:
    try:
        return decoder.decode(body)
    except msgspec.MsgspecError as error:
        raise ApiError(0, f"not a list: {error}") from error


def _object(raw: msgspec.Raw) -> dict[str, Any]:
    found = msgspec.json.decode(raw)
    if not isinstance(found, dict):
        raise ApiError(0, "not an object")
    return found


async def _lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Whole lines of a stream; what stands behind the last newline when it ends is dropped."""
    rest = bytearray()
    async for chunk in chunks:
        start = 0
        while (end := chunk.find(b"\n", start)) >= 0:
            line = bytes(rest + chunk[start:end])
            rest.clear()
            start = end + 1
            if line.strip():
                yield line
        rest += chunk[start:]
        if len(rest) > LONGEST_LINE:
            raise ApiError(GONE, f"a line of more than {LONGEST_LINE} bytes")
