"""Who holds the devices that the kubelet names in PreStartContainer.

The call carries device ids and nothing else. The checkpoint says which containers hold exactly
these; PodResources says which pods are active. Both are the kubelet's own words and must agree.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from nodeagent.kubelet.checkpoint import Held
from nodeagent.kubelet.proto import podresources_pb2 as pr
from nodeagent.pods import Pod
from tranche.words.errors import Refusal
from tranche.words.pod import Role

RETRY = "the kubelet asks again by itself; if this stays, delete the pod"


@dataclass(frozen=True, slots=True)
class Claim:
    """What the checkpoint says of a set of ids.

    Attributes:
        uids: every pod that holds any of them.
        exact: the containers that hold these and no others: one, or an init container and those
            that use its devices after it.
    """

    uids: frozenset[str]
    exact: tuple[Held, ...]

    def of(self, uid: str) -> tuple[Held, ...]:
        """The containers of one pod among ``exact``."""
        return tuple(held for held in self.exact if held.uid == uid)


def claim(held: Iterable[Held], resource: str, ids: frozenset[str]) -> Claim:
    """Who holds these ids of a resource, by the checkpoint."""
    touching = tuple(one for one in held if one.resource == resource and one.ids & ids)
    return Claim(
        uids=frozenset(one.uid for one in touching),
        exact=tuple(one for one in touching if one.ids == ids),
    )


def confirm(
    pod: Pod, held: Iterable[Held], active: pr.ListPodResourcesResponse, resource: str
) -> None:
    """Has PodResources bear the checkpoint out.

    A pod deleted by force and its successor of the same name can both be listed, so one entry of
    the pod's name that agrees is enough. Ordinary init containers are never listed.

    Raises:
        Refusal: the pod is not active, another pod is listed with one of the ids, or a container
            that is listed by its name holds others.
    """
    entries = [
        e for e in active.pod_resources if (e.namespace, e.name) == (pod.namespace, pod.name)
    ]
    if not entries:
        raise Refusal(
            "", "the kubelet does not count it among its active pods", RETRY, where=pod.where
        )
    roles = {member.name: member.role for member in pod.members}
    for one in held:
        for other in active.pod_resources:
            if (other.namespace, other.name) == (pod.namespace, pod.name):
                continue
            if any(ids & one.ids for ids in _listed(other, resource).values()):
                raise Refusal(
                    "",
                    f"pod {other.namespace}/{other.name} holds the same {resource} tokens",
                    "delete one of the two pods",
                    where=pod.where,
                )
        if roles.get(one.container) is Role.INIT:
            continue
        if not any(_listed(e, resource).get(one.container) == one.ids for e in entries):
            raise Refusal(
                "",
                f"the kubelet's two records of what container {one.container} holds disagree",
                RETRY,
                where=pod.where,
            )


def _listed(entry: pr.PodResources, resource: str) -> dict[str, frozenset[str]]:
    """Container's name to the ids it holds; the kubelet lists one entry per id and NUMA node."""
    found: dict[str, frozenset[str]] = {}
    for container in entry.containers:
        ids = (d.device_ids for d in container.devices if d.resource_name == resource)
        found[container.name] = frozenset(one for some in ids for one in some)
    return found
