"""The claim that a pod would have on a node: its cards chosen, and its namespace's law kept."""

from collections.abc import Iterable

from tranche.words.errors import TrancheError
from tranche.words.pod import phases
from webhook.scheduling.claims import Claim, Standing, holds_of, tickets_of
from webhook.scheduling.lack import APART, NO_CARDS, lack, place
from webhook.scheduling.ledger import Ledger
from webhook.scheduling.quota import Law
from webhook.scheduling.reasons import reason
from webhook.scheduling.shape import Ask, Plan


class NoRoom(TrancheError):
    """The pod cannot be on that node now; the text is for its event."""


def choose(ledger: Ledger, plan: Plan, ask: Ask, law: Law, name: str) -> Claim:
    """The pod's claim on a node, not yet in the ledger, which must hold none for it.

    Raises:
        NoRoom: the node lacks something, or the namespace's law forbids it.
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
        tickets=tickets_of(ask.pod.members, grants),
    )
    at_once = max(
        sum(grant.mib for name in names for grant in grants.get(name, ()))
        for names in phases(ask.pod.members)
    )
    held = ledger.held_by(claim.namespace)
    over = law.exceeds(at_once, plan.share) or law.over(claim.mib, held)
    if over:
        raise NoRoom(over)
    return claim


def unlawful(ledger: Ledger, plan: Plan, law: Law, names: Iterable[str]) -> dict[str, str]:
    """The nodes where the pod at its smallest breaks its namespace's law, and the reason.

    Percent and whole cards are larger on larger cards, so nodes can differ. All get one text, the
    kindest, as kube-scheduler counts by text. ``plan`` must have learned the nodes' kinds.
    """
    rules = law.rules
    if rules.quota is None and rules.max_mib is None and rules.max_cores is None:
        return {}
    held = ledger.held_by(law.namespace)

    def why(mib: int) -> str:
        return law.exceeds(mib, plan.share) or law.over(mib, held)

    least = {name: plan.least(ledger.nodes[name].kinds) for name in names}
    broken = [name for name, mib in least.items() if why(mib)]
    return dict.fromkeys(broken, why(min(least[name] for name in broken))) if broken else {}
