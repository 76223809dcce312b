"""The few facts of a pod that placing it rests on, read from a watch's object or a filter's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from tranche.words.assignment import ASSIGNED_ANNOTATION, Assignment, load_assignment
from tranche.words.errors import Malformed, shorten
from tranche.words.pod import Member, members_of
from tranche.words.slices import SLICES_ANNOTATION

TERMINAL: Final = frozenset({"Succeeded", "Failed"})
"""Phases in which no container runs or will run again (Kubernetes, "Pod Lifecycle")."""


class _Container(msgspec.Struct, rename="camel"):
    name: str
    restart_policy: str | None = None


class _Spec(msgspec.Struct, rename="camel"):
    containers: list[_Container]
    init_containers: list[_Container] | None = None
    node_name: str | None = None


class _Metadata(msgspec.Struct):
    name: str
    namespace: str
    uid: str
    annotations: dict[str, str] | None = None


class _Status(msgspec.Struct):
    phase: str | None = None


class Pod(msgspec.Struct):
    """A pod as JSON, all but a few fields skipped."""

    metadata: _Metadata
    spec: _Spec
    status: _Status | None = None


@dataclass(frozen=True, slots=True)
class PodView:
    """What is kept of a pod.

    Attributes:
        node: ``spec.nodeName``; empty while it waits.
        over: it ended and holds nothing. A pod that is being deleted is not over until it is gone.
        slices: the annotation that the webhook wrote; None when it never saw the pod.
        assigned: the annotation that the Binding wrote; hostile until ``node`` is set.
    """

    uid: str
    namespace: str
    name: str
    node: str
    over: bool
    members: tuple[Member, ...]
    slices: str | None
    assigned: str | None

    def assignment(self) -> Assignment | None:
        """What the pod holds; None while it has no node, or was bound by no Binding of ours.

        Raises:
            Malformed: the annotation is unreadable, or tells of another node than the pod's.
        """
        if not self.node or self.over or self.assigned is None:
            return None
        assignment = load_assignment(self.assigned)
        if assignment.node != self.node:
            told = shorten(assignment.node)
            raise Malformed(f"{ASSIGNED_ANNOTATION}: tells of {told}, and runs on {self.node}")
        return assignment


def view(pod: Pod) -> PodView:
    """What is kept of a decoded pod."""
    about, annotations = pod.metadata, pod.metadata.annotations or {}
    return PodView(
        uid=about.uid,
        namespace=about.namespace,
        name=about.name,
        node=pod.spec.node_name or "",
        over=pod.status is not None and pod.status.phase in TERMINAL,
        members=members_of(msgspec.to_builtins(pod.spec)),
        slices=annotations.get(SLICES_ANNOTATION),
        assigned=annotations.get(ASSIGNED_ANNOTATION),
    )


def view_raw(raw: Mapping[str, Any]) -> PodView:
    """What is kept of a pod as the API server sent it.

    Raises:
        Malformed: it is no pod.
    """
    try:
        return view(msgspec.convert(raw, Pod))
    except msgspec.ValidationError as error:
        raise Malformed(f"not a pod: {error}") from error
