"""The claim that a pod would have on a node: its cards chosen, and its namespace's law kept."""

from collections.abc import Iterable

from tranche.words.errors import TrancheError
from webhook.scheduling.claims import Claim, Standing, holds_of
from webhook.scheduling.lack import APART, NO_CARDS, lack
from webhook.scheduling.ledger import Ledger
from webhook.scheduling.place import place
from webhook.scheduling.quota import Law
from webhook.scheduling.reasons import reason
from webhook.scheduling.shape import Ask, Plan


class NoRoom(TrancheError):
    """The pod cannot be on that node now; the text is for its event."""


def choose(ledger: Ledger, plan: Plan, ask: Ask, law: Law, name: str) -> Claim:
    """The pod's claim on a node, not yet in the ledger, which must hold none for it.

    Raises:
        NoRoom: the node lacks something, or the namespace's quota does not reach.
    """
    node = ledger.nodes.get(name)
    plan.learn(ledger.kinds.all)
    placed = place(node, plan) if node is not None else None
    if node is None or placed is None:
        found = NO_CARDS if node is None else lack(node, plan)
        raise NoRoom(reason(found or APART, ask, plan.demands))
    grants = {
        container: tuple(demand.grant(stock) for stock in stocks)
        for container, demand, stocks in zip(ask.names, plan.demands, placed, strict=True)
    }
    claim = Claim(
        uid=ask.pod.uid,
        namespace=ask.pod.namespace,
        name=ask.pod.name,
        node=name,
        grants=grants,
        holds=holds_of(ask.pod.members, grants),
        standing=Standing.HELD,
    )
    over = law.over(claim.mib, ledger.held_by(claim.namespace))
    if over:
        raise NoRoom(over)
    return claim


def beyond_quota(ledger: Ledger, plan: Plan, law: Law, names: Iterable[str]) -> dict[str, str]:
    """The nodes where the pod would exceed its namespace's quota at its smallest, and the reason.

    Percent and whole cards are larger on larger cards, so nodes can differ. All get one text, the
    kindest, as kube-scheduler counts by text. ``plan`` must have learned the nodes' kinds.
    """
    if law.quota is None:
        return {}
    held = ledger.held_by(law.namespace)
    over: dict[str, int] = {}
    for name in names:
        least = plan.least(ledger.nodes[name].kinds)
        if held + least > law.quota:
            over[name] = least
    return dict.fromkeys(over, law.over(min(over.values()), held)) if over else {}
