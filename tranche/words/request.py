"""What one container asks for, once read: the same whatever words it was written in."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

MAX_COUNT: Final = 64
"""Cards that one container may ask for. More than any machine sold today holds."""


@dataclass(frozen=True, slots=True)
class Mebibytes:
    """Memory per card as a whole number of MiB, at least 1."""

    mib: int


@dataclass(frozen=True, slots=True)
class Percent:
    """Memory per card as a share of the card chosen, 1 to 100."""

    percent: int


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a card.

    Attributes:
        memory: per card; None only before defaults are filled in.
        cores: percent of the card's compute per card, 1 to 100; None means no share is promised.
    """

    memory: Mebibytes | Percent | None
    cores: int | None = None


@dataclass(frozen=True, slots=True)
class Whole:
    """The card alone: all of its memory and cores, and no interposer."""


@dataclass(frozen=True, slots=True)
class Partition:
    """A vendor's fixed slice, by the vendor's own name, such as ``1g.10gb``."""

    name: str


Amount = Slice | Whole | Partition


class Placing(StrEnum):
    """Which of several cards (or nodes) that fit is taken first."""

    BINPACK = "binpack"
    SPREAD = "spread"


@dataclass(frozen=True, slots=True)
class Model:
    """A model as a person names it: the words in lower case, and the size if one was said.

    ``A100 80G`` is ``Model(("a100",), 80)``. See `tranche.words.models` for what matches.
    """

    tokens: tuple[str, ...]
    gigabytes: int | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What one container asks for.

    Attributes:
        amount: of each card.
        count: how many distinct cards, 1 to `MAX_COUNT`.
        models: any of these will do; empty means every model.
        not_models: none of these.
        cards: only these uuids; empty means every card.
        not_cards: none of these uuids.
        card_policy: which card first; None leaves it to the namespace, then to the cluster.
        node_policy: which node first; likewise.
        same_numa: all the cards on one NUMA node.
        priority: 0 (high) or 1 (low) as HAMi's users have it; None when not said.
        vendor: whose cards, by `tranche.vendors`' key; None leaves it to the models, then to the
            cluster.
    """

    amount: Amount
    count: int = 1
    models: tuple[Model, ...] = field(default=())
    not_models: tuple[Model, ...] = field(default=())
    cards: tuple[str, ...] = field(default=())
    not_cards: tuple[str, ...] = field(default=())
    card_policy: Placing | None = None
    node_policy: Placing | None = None
    same_numa: bool = False
    priority: int | None = None
    vendor: str | None = None
