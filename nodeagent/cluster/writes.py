"""What the agent writes: its node's annotation. And the one question it asks as it ends."""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from nodeagent.cluster.api import Api, ApiError
from nodeagent.signals import Signal
from tranche.words.cards import CARDS_ANNOTATION, Card, dump_cards

_NOT_FOUND: Final = 404
_PAUSE: Final = 5.0
_log = structlog.get_logger("cluster")


class CardsAnnotation:
    """`CARDS_ANNOTATION` of one node; written only when it says something else."""

    def __init__(self, api: Api, node: str) -> None:
        self._api = api
        self._path = f"/api/v1/nodes/{node}"

    async def keep(self, cards: Callable[[], tuple[Card, ...]], changed: Signal) -> None:
        """Writes what the cards are, again at each change, until cancelled.

        What stands there at the start is read first, so that a restart of the agent writes nothing.
        """
        stands: str | None = None
        read = False
        while True:
            seen = changed.count
            text = dump_cards(cards())
            try:
                if not read:
                    node = await self._api.get(self._path)
                    annotations = node["metadata"].get("annotations") or {}
                    stands, read = annotations.get(CARDS_ANNOTATION), True
                if text != stands:
                    await self._patch(text)
                    stands = text
                    _log.info("cards published", count=len(cards()))
            except ApiError as error:
                _log.warning("cards are not published; trying again", why=str(error))
                await changed.after(seen, _PAUSE)
            else:
                await changed.after(seen)

    async def remove(self) -> None:
        """Takes the annotation off. Raises ApiError."""
        await self._patch(None)

    async def _patch(self, text: str | None) -> None:
        await self._api.merge(self._path, {"metadata": {"annotations": {CARDS_ANNOTATION: text}}})


async def uninstalled(api: Api, namespace: str, daemon_set: str) -> bool:
    """Whether our DaemonSet is gone or going. No answer is a no: nothing is removed on a guess."""
    path = f"/apis/apps/v1/namespaces/{namespace}/daemonsets/{daemon_set}"
    try:
        async with asyncio.timeout(_PAUSE):
            found = await api.get(path)
    except ApiError as error:
        return error.status == _NOT_FOUND
    except TimeoutError:
        return False
    return bool(found["metadata"].get("deletionTimestamp"))
