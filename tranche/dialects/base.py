"""What Tranche wants of a dialect: another system's words read, and written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, ClassVar, Final, Protocol

import msgspec

from tranche.vendors.base import Asked, Vendor, Written
from tranche.words.request import Request
from tranche.words.said import Reading


@dataclass(frozen=True, slots=True)
class PodWords:
    """All of a pod that may speak of cards.

    Attributes:
        containers: by name, in the order they start: the resources of each.
        default: the container that speaks for the pod.
        scheduler: the pod's ``schedulerName``; empty when it has none.
    """

    annotations: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    node_selector: Mapping[str, str] = field(default_factory=dict)
    containers: Mapping[str, Asked] = field(default_factory=dict)
    default: str = ""
    scheduler: str = ""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """What a cluster decides about one other system. A dialect is its settings, filled in."""


class Spoken(Settings, frozen=True):
    """A dialect that can be read, and what most of them have not."""

    shared: ClassVar[frozenset[str]] = frozenset()
    schedulers: ClassVar[frozenset[str]] = frozenset()


Domain = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?\Z")]
"""The part of a key before ``/``, where a cluster can rename it."""


class Dialect(Protocol):
    """One other system's words. Pure: no I/O. Settings come in when it is made."""

    key: ClassVar[str]
    """As in the settings and in ``tranche explain --to``."""

    title: ClassVar[str]
    """As its users call it."""

    @property
    def claims(self) -> frozenset[str]:
        """Resource names, and keys of annotations, labels and node selectors, that it reads.

        One that ends in ``*`` stands for all that begin so. A name that two dialects claim is
        refused unless the setting names its owner.
        """

    @property
    def shared(self) -> frozenset[str]:
        """Of its claims, those that it reads as HAMi does; who shares a name does not collide."""

    schedulers: ClassVar[frozenset[str]]
    """What its users write for ``schedulerName``; where the dialect is read, Tranche's is meant."""

    def read(self, pod: PodWords) -> Mapping[str, Reading]:
        """What the pod says in this dialect, by container; those that say nothing are left out.

        Of a container in the answer all claims were read; in others they were left as they stand.
        What is lost in translation is in the reading's warnings.

        Raises:
            Refusal: words that are not understood or cannot be kept exactly, with the field named.
        """


NO_VENDORS: Final[Mapping[str, Vendor]] = MappingProxyType({})


class Writer(Protocol):
    """A dialect that can also be written: some other system places the pod."""

    key: ClassVar[str]
    title: ClassVar[str]

    def write(
        self, requests: Mapping[str, Request], vendors: Mapping[str, Vendor] = NO_VENDORS
    ) -> Mapping[str, Written]:
        """What makes that system give each container what it asked for.

        Annotations, labels and selectors speak for the whole pod, so they must be equal in all.
        ``vendors``, by key, speak for cards other than NVIDIA's.

        Raises:
            Refusal: requests that this system has no words for.
        """
