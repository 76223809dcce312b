"""Keeps a `PodBook` true to the API server: a list, then a watch, then again."""

import asyncio
import random
from collections.abc import Sequence
from typing import Any, Final

import structlog

from nodeagent.cluster.api import Api, ApiError
from nodeagent.pods import Pod, PodBook, read_pod
from tranche.words.errors import Malformed

_PODS: Final = "/api/v1/pods"
_GONE: Final = 410
_SHORTEST_PAUSE: Final = 0.1
_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 30.0
_log = structlog.get_logger("cluster")


class PodWatch:
    """The pods of one node."""

    def __init__(self, api: Api, node: str, book: PodBook) -> None:
        self._api = api
        self._selector = f"spec.nodeName={node}"
        self._book = book

    async def fetch(self) -> Sequence[Pod]:
        """Every pod of the node, now.

        Raises:
            OSError: the API server does not answer.
        """
        pods, _ = await self._list()
        return pods

    async def run(self) -> None:
        """Lists and watches until cancelled. While the API server is away the book stays as it was.

        After a lost watch a pod may have gone unseen, so a list replaces the book whole.
        """
        pause = _FIRST_PAUSE
        version = ""
        while True:
            try:
                if not version:
                    pods, version = await self._list()
                    self._book.replace(pods)
                    pause = _FIRST_PAUSE
                version = await self._follow(version)
            except ApiError as error:
                if error.status == _GONE:
                    version = ""  # too old to go on from
                _log.warning("pods are not watched; trying again", why=str(error), seconds=pause)
            except Malformed as error:
                _log.error("the API server sent what cannot be read", why=str(error))
                version = ""
            else:
                await asyncio.sleep(_SHORTEST_PAUSE)
                continue
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _list(self) -> tuple[list[Pod], str]:
        raw = await self._api.get(_PODS, fieldSelector=self._selector)
        try:
            return [read_pod(one) for one in raw["items"]], raw["metadata"]["resourceVersion"]
        except (KeyError, TypeError) as error:
            raise Malformed(f"list of pods: {error!r}") from error

    async def _follow(self, version: str) -> str:
        """Takes events until the server ends the watch; returns the version to go on from."""
        events = self._api.watch(
            _PODS,
            fieldSelector=self._selector,
            resourceVersion=version,
            allowWatchBookmarks="true",
        )
        async for event in events:
            version = self._take(event) or version
        return version

    def _take(self, event: Any) -> str:
        try:
            kind, raw = event["type"], event["object"]
            if kind == "ERROR":
                raise ApiError(f"watch of pods: {raw.get('message')}", raw.get("code", 0))
            version: str = raw["metadata"]["resourceVersion"]
        except (KeyError, TypeError, AttributeError) as error:
            raise Malformed(f"watch of pods: {error!r}") from error
        if kind == "DELETED":
            self._book.drop(raw["metadata"]["uid"])
        elif kind in {"ADDED", "MODIFIED"}:
            self._book.put(read_pod(raw))
        return version
