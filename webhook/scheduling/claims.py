"""What one pod holds, and on whose word."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tranche.words.assignment import Grant
from tranche.words.pod import Member, footprint, phases
from webhook.scheduling.stock import Hold

HELD_FOR: Final = 30.0
"""Seconds from filter to bind, and for a Binding of unknown fate to show. kube-scheduler binds
within milliseconds unless it waits for volumes or a permit; a hold that outlives that would only
keep others out."""

UNCONFIRMED_FOR: Final = 300.0
"""Seconds in which the watch must show a Binding that the API server took. It does so at once; the
limit is for a pod that came and went while the watch was down, which nobody will ever tell of."""


class Standing(StrEnum):
    """On whose word a claim stands."""

    HELD = "held"
    """Ours, between filter and bind. Ends by itself."""

    POSTED = "posted"
    """Ours, and a Binding that says so is on its way."""

    TAKEN = "taken"
    """The API server took the Binding; the watch has not shown it yet."""

    UNKNOWN = "unknown"
    """The Binding was sent and no answer came. The watch will show it, or it will lapse."""

    BOUND = "bound"
    """The API server's: the pod is seen on the node with this assignment."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A pod's hold on cards of one node.

    Attributes:
        grants: by container's name, as they stand, or would stand, in the assignment.
        holds: by card's uuid, the most of any phase of the pod's life.
        tickets: of the count resource that its containers hold at once, as the kubelet counts.
        until: seconds of the extender's clock after which it lapses; None for never.
    """

    uid: str
    namespace: str
    name: str
    node: str
    grants: Mapping[str, tuple[Grant, ...]]
    holds: Mapping[str, Hold]
    standing: Standing
    tickets: int = 0
    until: float | None = None

    @property
    def mib(self) -> int:
        """Memory of all its cards together, as a namespace's quota counts it."""
        return sum(hold.use.mib for hold in self.holds.values())


def holds_of(
    members: tuple[Member, ...], grants: Mapping[str, tuple[Grant, ...]]
) -> dict[str, Hold]:
    """What grants take of each card, by uuid."""
    alone = {grant.card for some in grants.values() for grant in some if grant.whole}
    return {uuid: Hold(use, uuid in alone) for uuid, use in footprint(members, grants).items()}


def tickets_of(members: tuple[Member, ...], grants: Mapping[str, tuple[Grant, ...]]) -> int:
    """Units of the count resource that a pod holds at once: one for each card of a container."""
    return max(sum(len(grants.get(name, ())) for name in names) for names in phases(members))
