"""The last guard: never more MiB granted on a card than it has, whoever assigned it."""

from collections.abc import Iterable, Mapping

from nodeagent.slices.record import Record
from tranche.words.assignment import Assignment
from tranche.words.cards import Card
from tranche.words.errors import Refusal
from tranche.words.pod import Member, footprint

Footprint = Mapping[str, int]


def pod_footprint(
    members: tuple[Member, ...], assignment: Assignment, cards: Mapping[str, Card]
) -> dict[str, int]:
    """The most MiB that a pod takes of each card, by uuid; whole cards count as all they have."""
    uses = footprint(members, assignment.containers)
    grants = (grant for some in assignment.containers.values() for grant in some)
    whole = {g.card for g in grants if g.whole}
    return {
        uuid: max(use.mib, cards[uuid].mib) if uuid in whole and uuid in cards else use.mib
        for uuid, use in uses.items()
    }


def taken(records: Iterable[Record], *, but: str) -> dict[str, int]:
    """MiB taken of each card by the pods that have slices, except the pod of uid ``but``."""
    pods: dict[str, dict[str, int]] = {}
    for record in records:
        if record.uid != but:
            pod = pods.setdefault(record.uid, {})
            for card, mib in record.footprint.items():
                pod[card] = max(mib, pod.get(card, 0))
    total: dict[str, int] = {}
    for pod in pods.values():
        for card, mib in pod.items():
            total[card] = total.get(card, 0) + mib
    return total


def check_room(wanted: Footprint, by_others: Footprint, cards: Mapping[str, Card]) -> None:
    """Lets a pod pass only if every card can bear it beside the others.

    Raises:
        Refusal: a card would have to hold more than it has.
    """
    for uuid, mib in wanted.items():
        if uuid not in cards:
            continue
        held, has = by_others.get(uuid, 0), cards[uuid].mib
        if mib + held > has:
            raise Refusal(
                "",
                f"card {uuid} has {has} MiB, other pods on this node hold {held}, and this one is"
                f" assigned {mib}",
                "it starts by itself once enough of them have ended; or delete it to have it placed"
                " anew",
            )
