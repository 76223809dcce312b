"""What the process stands in: a cluster, or nothing but what a file says."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from webhook.cluster.watch import Watch
from webhook.health import Problem
from webhook.namespaces import Fetch, Namespaces
from webhook.scheduling.extender import Extender
from webhook.scheduling.ledger import Ledger


class Source(Protocol):
    """Where the certificate comes from."""

    def problem(self) -> str:
        """Why it cannot be trusted now; empty when it can."""

    async def round(self) -> float:
        """Look after it once; seconds until it wants to be looked after again."""


@dataclass(frozen=True, slots=True)
class World:
    """The outside, as the wiring needs it.

    Attributes:
        fetch: reads one namespace.
        extender: makes the extender that writes its Bindings there.
        feed: tells the ledger and the namespaces what there is, and returns the watches that will
            go on telling.
        source: of the certificate.
        conditions: of readiness that only this kind of world has.
        close: lets go of it.
    """

    fetch: Fetch
    extender: Callable[[Ledger], Extender]
    feed: Callable[[Ledger, Namespaces], list[Watch]]
    source: Source
    conditions: dict[str, Problem]
    close: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Teller:
    """Passes on what a watch tells."""

    put: Callable[[dict[str, Any]], None]
    gone: Callable[[str], None]
