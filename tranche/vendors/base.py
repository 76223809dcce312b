"""What Tranche wants of a vendor: its words read, its sizes known, its stack spoken to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from tranche.vendors.choice import Choice
from tranche.words.request import Request
from tranche.words.said import Reading

Asked = Mapping[str, str | int | float]
"""Resources of one container as they stand in its limits: name to quantity."""


@dataclass(frozen=True, slots=True)
class Written:
    """What makes a stack give one container what it asked for.

    Attributes:
        resources: of the container's limits.
        env: of the container.
        annotations: of the pod.
        labels: of the pod.
        node_selector: of the pod.
        node_affinity: by label, the values of which the pod's node has to have one.
        runtime_class: of the pod; empty to leave it.
        scheduler: of the pod; empty to leave it.
        warnings: what is lost or changed on the way, for the person.
    """

    resources: Mapping[str, int | str]
    env: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    node_selector: Mapping[str, str] = field(default_factory=dict)
    node_affinity: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    runtime_class: str = ""
    scheduler: str = ""
    warnings: tuple[str, ...] = ()


class Vendor(Protocol):
    """One maker of cards, as a cluster sees it. Pure: no I/O. Settings come in when it is made."""

    key: ClassVar[str]
    """As in `Request.vendor`, in ``models.toml`` and in a node's ``tranche.dev/cards``."""

    title: ClassVar[str]
    """As people write it."""

    def __hash__(self) -> int:
        """Equal settings make equal vendors."""

    interposed: ClassVar[bool]
    """Whether Tranche's interposer holds slices of these cards; where not, it is not injected."""

    lent: ClassVar[bool]
    """Whether slices of these cards are HAMi's making, which the maker's own plugin knows not."""

    def names(self) -> frozenset[str]:
        """Every resource name that `read` understands."""

    def fixed(self) -> frozenset[str]:
        """Of these names, the partitions that the vendor's own plugin offers ready-made."""

    def read(self, asked: Asked) -> Reading:
        """What the resources of one container ask for; `NOTHING` where none is this vendor's.

        ``said.vendor`` is this vendor's key wherever something is said.

        Raises:
            Refusal: an amount that cannot be, with the resource in ``where``.
        """

    def fit(self, request: Request) -> tuple[Request, tuple[str, ...]]:
        """The request as this vendor's cards can be cut.

        Sizes are rounded up, each with a warning that names both numbers.

        Raises:
            Refusal: no size, or no number of cards, that the vendor has would do.
        """

    def write(self, request: Request) -> Written:
        """What the vendor's own stack takes for a request that `fit` has passed.

        The choice of cards is left out: Tranche's scheduler has it from the request itself, and
        annotations would speak for every container of the pod. See `choose`.

        Raises:
            Refusal: a part that this stack has no word for and that cannot be left out.
        """

    def choose(self, request: Request) -> Choice:
        """The choice of cards for the vendor's own scheduler, and what it has no word for."""
