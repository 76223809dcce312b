"""What the agent wants of a vendor."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from tranche.words.cards import Card


@dataclass(frozen=True, slots=True)
class Found:
    """A card and what only its own node needs to know of it.

    Attributes:
        card: what is published.
        names: what the vendor's own CDI spec may call it, the surest first.
        used: MiB in use by anyone, or None when the driver does not say.
        busy: percent of the time that kernels ran lately, or None.
        ailment: why ``card.healthy`` is False, for the log; empty when it is True.
    """

    card: Card
    names: tuple[str, ...]
    used: int | None = None
    busy: int | None = None
    ailment: str = ""


@dataclass(frozen=True, slots=True)
class Process:
    """One that is on a card.

    Attributes:
        pid: as the driver tells it; the host's, or nobody's that this agent can see.
        used: bytes that it has of the card, all told; None when the driver does not say.
    """

    pid: int
    used: int | None


@dataclass(frozen=True, slots=True)
class Busy:
    """One that has worked on a card.

    Attributes:
        pid: as in `Process`.
        percent: of the card's time.
        at: up to when, in microseconds of the driver's own clock.
    """

    pid: int
    percent: int
    at: int


class Vendor(Protocol):
    """Finds the cards of one vendor. Calls may block, and are made from one thread at a time."""

    key: str
    """As in `Card.vendor`."""

    cdi_kind: str
    """The kind that the vendor's own CDI specs carry."""

    visible: str
    """The environment variable by which the vendor's container runtime chooses cards."""

    def look(self) -> tuple[Found, ...]:
        """Every card there is or was since the start; never raises.

        A card that has gone missing stays listed and is not healthy, so that what runs on it keeps
        its accounts. No driver means no cards.
        """

    def processes(self, cards: Collection[str]) -> Mapping[str, tuple[Process, ...]]:
        """Who is on each of these cards, by the card's uuid; never raises.

        A card of which the driver does not say is left out.
        """

    def busy(self, cards: Mapping[str, int]) -> Mapping[str, tuple[Busy, ...]]:
        """Who has worked on each of these cards, by the card's uuid; never raises.

        Args:
            cards: since when, as in `Busy.at`; 0 for the time that the driver keeps.

        Returns:
            Nobody where the driver has measured nothing since; a card of which it does not say is
            left out.
        """

    def close(self) -> None:
        """Lets go of the driver."""
