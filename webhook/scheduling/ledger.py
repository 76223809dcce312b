"""The ledger: every card of every node, and who holds how much of each.

Plain data. Watches tell it of nodes, pods and namespaces; the extender puts claims in and takes
them out. It is a function of what the API server shows plus the claims still on their way, so a
ledger rebuilt after a restart is the one from before.

Who is believed:
- the API server over ourselves: a pod seen on a node holds what its assignment says, whatever was
  held for it here;
- an assignment only with ``spec.nodeName`` set and equal to the node that it tells of. Any other,
  and one that cannot be read, holds nothing: the node agent starts no container on it, so nothing
  of the card is used. To close the node instead would let one forged pod take a node away;
- a pod until it is gone or over: one that is being deleted still computes.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import structlog

from tranche.words.cards import CARDS_ANNOTATION, Card, load_cards
from tranche.words.errors import Malformed, Refusal
from tranche.words.quantity import parse_quantity
from webhook.scheduling.changes import Changes
from webhook.scheduling.claims import Claim, Standing, holds_of, tickets_of
from webhook.scheduling.podview import PodView, view_raw
from webhook.scheduling.quota import kept
from webhook.scheduling.stock import Kinds, NodeStock

Warn = Callable[..., Any]
"""Takes an event's name and fields, as structlog's ``warning`` does."""


class Ledger:
    """Who holds what.

    Args:
        counted: the resource of which a container holds one for each of its cards.
        warn: told of what cannot be read; the module's log by default.

    Attributes:
        nodes: every node that reports cards or holds pods, by name.
        claims: by pod's uid.
        pending: pods seen waiting, by uid, so that a bind can be served right after a restart.
        namespaces: their annotations that bind pods here.
        kinds: of all cards ever reported.
        changes: nodes in the order in which they changed.
    """

    def __init__(self, warn: Warn | None = None, counted: str = "nvidia.com/gpu") -> None:
        self._counted = counted
        self.nodes: dict[str, NodeStock] = {}
        self.claims: dict[str, Claim] = {}
        self.pending: dict[str, PodView] = {}
        self.kinds = Kinds()
        self.changes = Changes()
        self.namespaces: dict[str, dict[str, str]] = {}
        self._held: dict[str, int] = {}
        self._lapsing: dict[str, float] = {}
        self._distrusted: dict[str, str] = {}
        self._warn = warn or structlog.get_logger(__name__).warning

    # What watches tell.

    def node(self, raw: Mapping[str, Any]) -> None:
        """A node as it is now."""
        about = raw.get("metadata") or {}
        name = str(about.get("name", ""))
        text = (about.get("annotations") or {}).get(CARDS_ANNOTATION)
        tickets = _tickets(raw, self._counted)
        stock = self.nodes.get(name)
        if text == (stock.text if stock else None):
            if stock is not None and stock.tickets != tickets:
                stock.tickets = tickets
                self._changed(stock)
            return
        cards: tuple[Card, ...] = ()
        if text is not None:
            try:
                cards = load_cards(text)
            except Malformed as error:
                self._warn("a node's cards cannot be read", node=name, why=str(error))
        stock = self._stock(name)
        stock.text = text
        stock.tickets = tickets
        stock.report(cards, self.kinds)
        self._changed(stock)

    def node_gone(self, name: str) -> None:
        """A node was deleted. Its pods keep what they hold until they are gone themselves."""
        stock = self.nodes.get(name)
        if stock is not None:
            stock.text = None
            stock.report((), self.kinds)
            self._changed(stock)

    def pod(self, raw: Mapping[str, Any]) -> None:
        """A pod as it is now."""
        try:
            pod = view_raw(raw)
        except Malformed as error:
            self._warn("a pod cannot be read", why=str(error))
            return
        if pod.over:
            self.pod_gone(pod.uid)
        elif not pod.node:
            self.pending[pod.uid] = pod
        else:
            self.pending.pop(pod.uid, None)
            self._bound(pod)

    def pod_gone(self, uid: str) -> None:
        """A pod was deleted."""
        self.pending.pop(uid, None)
        self._distrusted.pop(uid, None)
        self.release(uid)

    def namespace(self, name: str, annotations: Mapping[str, str]) -> None:
        """A namespace's annotations as they are now."""
        self.namespaces[name] = kept(annotations)

    def namespace_gone(self, name: str) -> None:
        """A namespace was deleted."""
        self.namespaces.pop(name, None)

    # What the extender asks and does.

    def held_by(self, namespace: str) -> int:
        """MiB that all pods of a namespace hold."""
        return self._held.get(namespace, 0)

    def claim(self, claim: Claim) -> None:
        """Put a claim in, in place of the pod's earlier one."""
        old = self.claims.get(claim.uid)
        if old is not None and (old.node, old.holds) == (claim.node, claim.holds):
            self.claims[claim.uid] = claim
        else:
            self.release(claim.uid)
            self.claims[claim.uid] = claim
            self._count(claim, 1)
        if claim.until is None:
            self._lapsing.pop(claim.uid, None)
        else:
            self._lapsing[claim.uid] = claim.until

    def release(self, uid: str) -> None:
        """Take a pod's claim out; one that holds nothing is no error."""
        claim = self.claims.pop(uid, None)
        if claim is not None:
            self._lapsing.pop(uid, None)
            self._count(claim, -1)

    def lapse(self, now: float) -> None:
        """Take out the claims whose time is over."""
        for uid in [uid for uid, until in self._lapsing.items() if until <= now]:
            self.release(uid)

    def standing(self, *of: Standing) -> list[Claim]:
        """The claims on such word."""
        return [claim for claim in self.claims.values() if claim.standing in of]

    def snapshot(self) -> dict[str, Any]:
        """All that the API server's objects make of it: two ledgers told the same are equal here.

        Claims still on their way are left out.
        """
        return {
            "cards": {
                name: tuple(stock.card for stock in node.cards)
                for name, node in sorted(self.nodes.items())
                if node.cards
            },
            "claims": {
                claim.uid: replace(claim, until=None) for claim in self.standing(Standing.BOUND)
            },
            "pending": dict(self.pending),
            "namespaces": dict(self.namespaces),
        }

    def _bound(self, pod: PodView) -> None:
        known = self.claims.get(pod.uid)
        try:
            assignment = pod.assignment()
        except Malformed as error:
            assignment = None
            self._distrust(pod, str(error))
        if assignment is None:
            self.release(pod.uid)
            return
        if (
            known is not None
            and known.standing is Standing.BOUND
            and (known.node, known.grants) == (assignment.node, assignment.containers)
        ):
            return
        self.claim(
            Claim(
                uid=pod.uid,
                namespace=pod.namespace,
                name=pod.name,
                node=assignment.node,
                grants=assignment.containers,
                holds=holds_of(pod.members, assignment.containers),
                standing=Standing.BOUND,
                tickets=tickets_of(pod.members, assignment.containers),
            )
        )

    def _distrust(self, pod: PodView, why: str) -> None:
        # A running pod is told of many times over; its log line is wanted once.
        if self._distrusted.get(pod.uid) != why:
            self._distrusted[pod.uid] = why
            self._warn(
                "a pod's assignment cannot be trusted; it holds nothing",
                namespace=pod.namespace,
                pod=pod.name,
                why=why,
            )

    def _count(self, claim: Claim, sign: int) -> None:
        held = self._held.pop(claim.namespace, 0) + sign * claim.mib
        if held:
            self._held[claim.namespace] = held
        stock = self._stock(claim.node)
        stock.change(claim.holds, claim.tickets, sign)
        self._changed(stock)

    def _stock(self, name: str) -> NodeStock:
        return self.nodes.setdefault(name, NodeStock(name))

    def _changed(self, stock: NodeStock) -> None:
        if stock.forgettable and stock.text is None:
            self.nodes.pop(stock.name, None)
        self.changes.add(stock.name)


def _tickets(raw: Mapping[str, Any], counted: str) -> int | None:
    """What a node's kubelet hands out of the count resource; None where nothing is told of it."""
    allocatable = (raw.get("status") or {}).get("allocatable")
    if allocatable is None:
        return None
    try:
        return max(0, int(parse_quantity(allocatable.get(counted, 0)).value))
    except Refusal:
        return 0
