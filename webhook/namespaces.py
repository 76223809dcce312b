"""What namespaces say about slices: from the watch, and for one just created by asking."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import structlog

from webhook import metrics
from webhook.cluster.errors import ApiError

PREFIX: Final = "tranche.dev/"
PATIENCE: Final = 2.0
"""Seconds that a pod's admission waits for its namespace at most."""

AT_ONCE: Final = 8
"""Namespaces asked for at the same time at most: reviews may name what does not exist."""

NONE: Final[Mapping[str, str]] = MappingProxyType({})
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")

_log = structlog.get_logger(__name__)

Told = Callable[[str, Mapping[str, str]], None]
Fetch = Callable[[str], Awaitable[dict[str, Any] | None]]
"""The raw namespace, or None where there is none; raises ApiError."""


async def nowhere(_name: str) -> None:
    """A `Fetch` for a process without an API server: what the watch has not shown is not there."""


class Namespaces:
    """The annotations of ours on each namespace.

    It is what the watch of namespaces tells, and passes on what it is told.
    """

    def __init__(self, fetch: Fetch, told: Told, gone: Callable[[str], None]) -> None:
        self._fetch = fetch
        self._told = told
        self._gone = gone
        self._seen: dict[str, Mapping[str, str]] = {}
        self._asking = asyncio.Semaphore(AT_ONCE)

    def put(self, raw: dict[str, Any]) -> None:
        """A namespace as it is now."""
        name = raw["metadata"]["name"]
        ours = _ours(raw)
        if self._seen.get(name) != ours:
            self._seen[name] = ours
            self._told(name, ours)

    def gone(self, key: str) -> None:
        """A namespace was deleted."""
        if self._seen.pop(key, None) is not None:
            self._gone(key)

    def get(self, name: str) -> Mapping[str, str] | None:
        """Its annotations of ours; None when the watch has not shown it."""
        return self._seen.get(name)

    async def ask(self, name: str) -> Mapping[str, str] | None:
        """Its annotations of ours, from the API server; none where there is no such namespace.

        Returns None when there was no answer in `PATIENCE` seconds.
        """
        if not _NAME.fullmatch(name):
            return NONE
        try:
            async with asyncio.timeout(PATIENCE), self._asking:
                raw = await self._fetch(name)
        except (ApiError, TimeoutError) as error:
            metrics.FETCHES.labels("failed").inc()
            _log.warning("a namespace could not be read", namespace=name, error=str(error))
            return None
        metrics.FETCHES.labels("found" if raw else "absent").inc()
        # Not remembered: the watch will tell, and an answer may be older than what it told.
        return _ours(raw) if raw else NONE


def _ours(raw: dict[str, Any]) -> Mapping[str, str]:
    annotations = raw["metadata"].get("annotations")
    return {k: v for k, v in annotations.items() if k.startswith(PREFIX)} if annotations else NONE
