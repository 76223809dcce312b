"""The pods of this node as the agent needs them, and a book of them that a watch keeps."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from nodeagent.signals import Signal
from tranche.words.assignment import ASSIGNED_ANNOTATION
from tranche.words.errors import Malformed
from tranche.words.pod import Member, members_of

_OVER: Final = frozenset({"Succeeded", "Failed"})
_STATUSES: Final = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")


@dataclass(frozen=True, slots=True)
class Pod:
    """What is read of a pod.

    Attributes:
        node: ``spec.nodeName``, empty when it has none.
        over: it has ended for good; the kubelet starts none of its containers again.
        members: its containers.
        assigned: the text of `ASSIGNED_ANNOTATION`, or None.
        containers: the engine's id of each container that was started, and its name.
    """

    uid: str
    namespace: str
    name: str
    node: str
    over: bool
    members: tuple[Member, ...]
    assigned: str | None
    containers: Mapping[str, str] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """As a person calls it."""
        return f"pod {self.namespace}/{self.name}"


def read_pod(raw: Mapping[str, Any]) -> Pod:
    """A pod as the API server sends it.

    Raises:
        Malformed: a field that every pod has is missing.
    """
    try:
        metadata, spec, status = raw["metadata"], raw["spec"], raw.get("status") or {}
        return Pod(
            uid=metadata["uid"],
            namespace=metadata["namespace"],
            name=metadata["name"],
            node=spec.get("nodeName") or "",
            over=status.get("phase") in _OVER,
            members=members_of(spec),
            assigned=(metadata.get("annotations") or {}).get(ASSIGNED_ANNOTATION),
            containers={
                one["containerID"].rpartition("://")[2]: one["name"]
                for statuses in _STATUSES
                for one in status.get(statuses) or ()
                if one.get("containerID")
            },
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise Malformed(f"pod: {type(error).__name__} {error}") from error


class PodBook:
    """The pods of this node by uid.

    Attributes:
        changed: raised at every change.
        synced: a whole list has been seen, so that a pod that is not here is not there.
    """

    def __init__(self) -> None:
        self.changed = Signal()
        self.synced = False
        self._pods: dict[str, Pod] = {}

    def get(self, uid: str) -> Pod | None:
        """A pod, or None when it is not known."""
        return self._pods.get(uid)

    def __iter__(self) -> Iterator[Pod]:
        return iter(tuple(self._pods.values()))

    def living(self) -> frozenset[str]:
        """The uids of pods that have not ended."""
        return frozenset(pod.uid for pod in self._pods.values() if not pod.over)

    def container_names(self, uids: Iterable[str]) -> Mapping[str, str]:
        """The names of these pods' containers, by the engine's ids of them."""
        pods = (self._pods[uid] for uid in uids if uid in self._pods)
        return {id_: name for pod in pods for id_, name in pod.containers.items()}

    def put(self, pod: Pod) -> None:
        """A pod came or changed."""
        if self._pods.get(pod.uid) != pod:
            self._pods[pod.uid] = pod
            self.changed.raise_()

    def drop(self, uid: str) -> None:
        """A pod is gone."""
        if self._pods.pop(uid, None) is not None:
            self.changed.raise_()

    def replace(self, pods: Iterable[Pod]) -> None:
        """A whole list: what is not on it is gone."""
        self._pods = {pod.uid: pod for pod in pods}
        self.synced = True
        self.changed.raise_()

    async def wait(self, uid: str, seconds: float) -> Pod | None:
        """A pod, once the watch has brought it, or None after ``seconds``."""
        until = time.monotonic() + seconds
        while True:
            seen = self.changed.count
            pod = self.get(uid)
            left = until - time.monotonic()
            if pod is not None or left <= 0:
                return pod
            await self.changed.after(seen, left)
