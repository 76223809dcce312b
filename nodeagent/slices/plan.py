"""What a container is to be given, read from its pod's assignment and proven against the node.

Pure: pod, cards and what the kubelet says in, a plan or a sentence for people out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nodeagent.kubelet.checkpoint import Held
from nodeagent.pods import Pod
from nodeagent.slices.names import our_names
from nodeagent.vendors.base import Found
from tranche.words.assignment import Assignment, Grant, load_assignment
from tranche.words.errors import Malformed, Refusal
from tranche.words.names import SCHEDULER_NAME

PLACE_ANEW = "delete the pod to have it placed anew"


@dataclass(frozen=True, slots=True)
class Plan:
    """One slice to be.

    Attributes:
        name: of the slice, as Allocate handed it out.
        container: who gets it.
        grants: how much of which cards.
        cards: the same cards as they were last seen, in the order of the grants.
    """

    name: str
    container: str
    grants: tuple[Grant, ...]
    cards: tuple[Found, ...]

    @property
    def whole(self) -> bool:
        """The container has its cards alone and runs without the interposer."""
        return all(grant.whole for grant in self.grants)


def read_assignment(pod: Pod, node: str) -> Assignment:
    """What the scheduler gave a pod, if it is for this node.

    Raises:
        Refusal: nothing was given, or it was for another node.
    """
    if pod.assigned is None:
        raise Refusal(
            "",
            "has no assignment from Tranche's scheduler (was spec.nodeName set by hand?)",
            f"remove nodeName so that {SCHEDULER_NAME} can place it",
            where=pod.where,
        )
    try:
        assignment = load_assignment(pod.assigned)
    except Malformed as error:
        why = f"its assignment cannot be read ({error})"
        raise Refusal("", why, PLACE_ANEW, where=pod.where) from error
    if pod.node != node or assignment.node != node:
        raise Refusal(
            "",
            f"is assigned cards of node {assignment.node} and was started on node {node}",
            PLACE_ANEW,
            where=pod.where,
        )
    return assignment


def plan(
    pod: Pod, assignment: Assignment, held: Sequence[Held], found: Mapping[str, Found]
) -> tuple[Plan, ...]:
    """One plan for each container of the pod that holds the devices being started.

    Raises:
        Refusal: for one of them something does not add up.
    """
    return tuple(_plan(pod, assignment, one, found) for one in held)


def _plan(pod: Pod, assignment: Assignment, held: Held, found: Mapping[str, Found]) -> Plan:
    where = f"{pod.where}, container {held.container}"
    if held.container not in {member.name for member in pod.members}:
        raise Refusal("", "the pod has no such container", PLACE_ANEW, where=where)
    grants = assignment.containers.get(held.container)
    if not grants:
        raise Refusal("", "its assignment gives it no card", PLACE_ANEW, where=where)
    names = our_names(held.cdi)
    if len(names) != 1:
        why = "its devices were handed out by another device plugin"
        raise Refusal("", why, PLACE_ANEW, where=where)
    if len(grants) != len(held.ids):
        why = f"the kubelet gave it {len(held.ids)} tokens and its assignment {len(grants)} cards"
        raise Refusal("", why, PLACE_ANEW, where=where)
    if len({grant.whole for grant in grants}) != 1:
        raise Refusal("", "its assignment mixes whole cards and slices", PLACE_ANEW, where=where)
    cards = tuple(_card(grant, found, where) for grant in grants)
    if len({one.card.vendor for one in cards}) != 1:
        raise Refusal("", "its cards are of several vendors", PLACE_ANEW, where=where)
    return Plan(names[0], held.container, grants, cards)


def _card(grant: Grant, found: Mapping[str, Found], where: str) -> Found:
    one = found.get(grant.card)
    if one is None:
        raise Refusal("", f"this node has no card {grant.card}", PLACE_ANEW, where=where)
    if not one.card.healthy:
        why = f"card {grant.card} is not healthy ({one.ailment})"
        raise Refusal("", why, f"it starts once the card is well; or {PLACE_ANEW}", where=where)
    return one
