"""The few facts of a pod's spec that accounting rests on: which containers run side by side.

Source of the order: Kubernetes, "Init Containers" and "Sidecar Containers": init containers run one
after another, those with ``restartPolicy: Always`` stay, and the app containers start last.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tranche.words.assignment import Grant


class Role(StrEnum):
    """When a container of a pod runs."""

    INIT = "init"
    SIDECAR = "sidecar"
    APP = "app"


@dataclass(frozen=True, slots=True)
class Member:
    """A container by its name and role, in the order of the pod's spec."""

    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Use:
    """What is taken of one card: MiB, percent of cores promised, and how many containers hold it.

    ``open`` counts the containers that hold some of the card without a promised share of cores.
    """

    mib: int = 0
    cores: int = 0
    open: int = 0

    def __add__(self, other: "Use") -> "Use":
        """Both side by side."""
        return Use(self.mib + other.mib, self.cores + other.cores, self.open + other.open)

    def __or__(self, other: "Use") -> "Use":
        """Enough for the one and then the other."""
        return Use(
            max(self.mib, other.mib), max(self.cores, other.cores), max(self.open, other.open)
        )


def members_of(spec: Mapping[str, Any]) -> tuple[Member, ...]:
    """The containers of a raw pod spec in the order they start; ephemeral ones take no slices."""
    first = tuple(
        Member(c["name"], Role.SIDECAR if c.get("restartPolicy") == "Always" else Role.INIT)
        for c in spec.get("initContainers") or ()
    )
    return first + tuple(Member(c["name"], Role.APP) for c in spec.get("containers") or ())


def phases(members: tuple[Member, ...]) -> Iterator[tuple[str, ...]]:
    """Each set of containers that run at the same time, in the order of the pod's life."""
    sidecars: tuple[str, ...] = ()
    for member in members:
        if member.role is Role.SIDECAR:
            sidecars = (*sidecars, member.name)
        elif member.role is Role.INIT:
            yield (*sidecars, member.name)
    yield sidecars + tuple(m.name for m in members if m.role is Role.APP)


def footprint(
    members: tuple[Member, ...], grants: Mapping[str, tuple[Grant, ...]]
) -> dict[str, Use]:
    """What a pod takes of each card, by uuid: the most of any phase of its life.

    A container that ``grants`` does not name takes nothing.
    """
    total: dict[str, Use] = {}
    for names in phases(members):
        phase: dict[str, Use] = {}
        for name in names:
            for grant in grants.get(name, ()):
                taken = Use(grant.mib, grant.cores, 0 if grant.cores else 1)
                phase[grant.card] = phase.get(grant.card, Use()) + taken
        for card, use in phase.items():
            total[card] = total.get(card, Use()) | use
    return total
