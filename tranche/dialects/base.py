"""What Tranche wants of a dialect: another system's words read, and written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from tranche.vendors.base import Asked, Written
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


class Dialect(Protocol):
    """One other system's words. Pure: no I/O. Settings come in when it is made."""

    key: str
    """As in the settings and in ``tranche explain --to``."""

    title: str
    """As its users call it."""

    claims: frozenset[str]
    """Resource names, and keys of annotations, labels and node selectors, that it reads. A name
    that two dialects claim is refused unless one of them alone is switched on."""

    def read(self, pod: PodWords) -> Mapping[str, Reading]:
        """What the pod says in this dialect, by container; those that say nothing are left out.

        What is lost in translation is in the reading's warnings.

        Raises:
            Refusal: words that are not understood or cannot be kept exactly, with the field named.
        """


class Writer(Protocol):
    """A dialect that can also be written: some other system places the pod."""

    key: str

    def write(self, requests: Mapping[str, Request]) -> Mapping[str, Written]:
        """What makes that system give each container what it asked for.

        Annotations, labels and selectors speak for the whole pod, so they must be equal in all.

        Raises:
            Refusal: requests that this system has no words for.
        """
