"""Pods that ask alike: their asks understood, and compiled against the kinds of cards there are.

Two pods are of one shape when no node could tell them apart: the same requests by the same roles
in the same order, under the same policies and the same allowed models. Names play no part.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from tranche.vendors.nvidia import Nvidia
from tranche.words.assignment import Grant
from tranche.words.errors import Malformed, Refusal, shorten
from tranche.words.makers import vendor_of_any
from tranche.words.models import matches
from tranche.words.pod import Member, Role, phases
from tranche.words.request import (
    Mebibytes,
    Model,
    Partition,
    Percent,
    Placing,
    Request,
    Slice,
    Whole,
)
from tranche.words.slices import SLICES_ANNOTATION, load_slices
from webhook.scheduling.podview import PodView
from webhook.scheduling.stock import ALL_CORES, Kind, Stock
from webhook.settings import Settings

UNFIT: Final = 0
"""What a card of a kind that will not do is said to need: every real need is at least 1 MiB."""

PATIENCE: Final = 20_000
"""Choices that may be taken back for one shape over all nodes: about a tenth of a second. Once they
are used up, a node where the first choices lead nowhere is taken to have no room."""

load_slices_cached = lru_cache(maxsize=1024)(load_slices)


@dataclass(frozen=True, slots=True)
class Shape:
    """What a pod asks, but for its names.

    Attributes:
        roles: of the containers that ask, in the order of the spec.
        requests: theirs.
        node_policy: which node first.
        card_policy: which card first where a request does not say.
        allowed: the only models that the namespace may use; empty for any.
    """

    roles: tuple[Role, ...]
    requests: tuple[Request, ...]
    node_policy: Placing
    card_policy: Placing
    allowed: tuple[Model, ...] = ()


@dataclass(frozen=True, slots=True)
class Ask:
    """A pod and what it asks.

    Attributes:
        names: of the containers that ask, in the order of `Shape.requests`.
    """

    pod: PodView
    names: tuple[str, ...]
    shape: Shape


def ask_of(pod: PodView, settings: Settings, allowed: tuple[Model, ...] = ()) -> Ask:
    """What a pod asks, as the webhook wrote it down.

    Raises:
        Refusal: the pod never passed the webhook, or the annotation is not what it writes.
    """
    again = "delete the pod and create it again"
    if pod.slices is None:
        raise Refusal("", "has not passed the Tranche webhook", again)
    try:
        requests = load_slices_cached(pod.slices)
    except Malformed as error:
        raise Refusal("", shorten(str(error), 300), again) from error
    strangers = requests.keys() - {member.name for member in pod.members}
    if strangers:
        raise Refusal("", f"{SLICES_ANNOTATION} names no container of the pod", again)
    # Partitions are counted by the vendor's own plugin, and given by kube-scheduler itself.
    counted = {n for n, request in requests.items() if not isinstance(request.amount, Partition)}
    asking = tuple(member for member in pod.members if member.name in counted)
    if not asking:
        left = "asks for partitions alone, which kube-scheduler gives by itself"
        raise Refusal("", left if requests else "has not passed the Tranche webhook", again)
    wanted = tuple(requests[member.name] for member in asking)
    said = next((request.node_policy for request in wanted if request.node_policy), None)
    shape = Shape(
        roles=tuple(member.role for member in asking),
        requests=wanted,
        node_policy=said or settings.nodePolicy,
        card_policy=settings.cardPolicy,
        allowed=allowed,
    )
    return Ask(pod, tuple(member.name for member in asking), shape)


class Demand:
    """One container's request, compiled.

    Attributes:
        needs: MiB needed of a card, by its kind's number; `UNFIT` where that model will not do.
        cores: percent to promise per card; 0 for none.
        whole: the card alone.
        picky: the request speaks of single cards.
        vendor: whose cards; where nothing tells it, those whose resources the pod was given.
        binpack: the card with the least free first; otherwise the one with the most.
    """

    __slots__ = ("allowed", "binpack", "cores", "needs", "picky", "request", "vendor", "whole")

    def __init__(self, request: Request, shape: Shape) -> None:
        amount = request.amount
        self.request = request
        self.allowed = shape.allowed
        self.needs: list[int] = []
        self.whole = isinstance(amount, Whole)
        self.picky = bool(request.cards or request.not_cards)
        self.vendor = vendor_of_any(request.vendor, request.models) or Nvidia.key
        self.cores = (amount.cores or 0) if isinstance(amount, Slice) else 0
        self.binpack = (request.card_policy or shape.card_policy) is Placing.BINPACK

    def learn(self, kinds: list[Kind]) -> None:
        """Take in the kinds that came since it last looked."""
        for kind in kinds[len(self.needs) :]:
            self.needs.append(self._need(kind) if self._will_do(kind) else UNFIT)

    def named(self, uuid: str) -> bool:
        """Whether the request's words on single cards let it have this one."""
        request = self.request
        return (not request.cards or uuid in request.cards) and uuid not in request.not_cards

    def grant(self, stock: Stock) -> Grant:
        """What the container gets of a card."""
        return Grant(
            stock.card.uuid,
            self.needs[stock.kind],
            self.cores,
            self.whole,
            self.request.priority,
        )

    def _will_do(self, kind: Kind) -> bool:
        def any_of(models: tuple[Model, ...]) -> bool:
            return any(matches(model, kind.model, kind.mib) for model in models)

        request = self.request
        return (
            self.vendor == kind.vendor
            and (not request.models or any_of(request.models))
            and not any_of(request.not_models)
            and (not self.allowed or any_of(self.allowed))
        )

    def _need(self, kind: Kind) -> int:
        amount = self.request.amount
        if not isinstance(amount, Slice):
            return kind.mib
        match amount.memory:
            case Mebibytes(mib):
                return mib
            case Percent(percent):
                return max(1, kind.mib * percent // 100)
            case None:
                # Cores alone: admission fills this in, and all of the memory is what it fills in.
                return kind.mib


class Plan:
    """A shape, compiled.

    Attributes:
        demands: one for each request of the shape.
        order: in which the demands are best placed: init containers last, as they can reuse what
            the others hold; the largest first.
        phase_count: how many phases the pod's life has.
        phases_of: those that each demand runs in.
        last_phase: the demands that stay.
        tickets: units of the count resource that the pod holds at once.
        share: the most percent of a card's cores that a container may come to use. Who is promised
            none, or has the card alone, may use all.
        stackable: one card could do for all of the demands.
        patience: choices that may still be taken back while nodes are compared.
    """

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.patience = PATIENCE
        self.demands = tuple(Demand(request, shape) for request in shape.requests)
        members = tuple(Member(str(i), role) for i, role in enumerate(shape.roles))
        self._phases = tuple(frozenset(map(int, names)) for names in phases(members))
        self.last_phase = self._phases[-1]
        self.phase_count = len(self._phases)
        self.phases_of = tuple(
            tuple(at for at, phase in enumerate(self._phases) if part in phase)
            for part in range(len(self.demands))
        )
        self.tickets = max(
            sum(self.demands[part].request.count for part in phase) for phase in self._phases
        )
        self.share = max(demand.cores or ALL_CORES for demand in self.demands)
        self.stackable = all(demand.request.count == 1 for demand in self.demands)
        self.order: tuple[int, ...] = tuple(range(len(self.demands)))
        self._least: dict[frozenset[int], int] = {}
        self._stacked: dict[int, tuple[int, int, int]] = {}

    def learn(self, kinds: list[Kind]) -> None:
        """Take in new kinds of cards."""
        if len(self.demands[0].needs) < len(kinds):
            for demand in self.demands:
                demand.learn(kinds)
            self.order = tuple(sorted(self.order, key=self._late))

    def tries(self) -> int:
        """Choices that may be taken back at one node, while nodes are compared."""
        return min(self.patience, 2 * len(self.demands))

    def least(self, kinds: frozenset[int]) -> int:
        """MiB that the pod takes at the very least, on cards of these kinds."""
        if kinds not in self._least:
            each = [
                demand.request.count * min((n for k in kinds if (n := demand.needs[k])), default=0)
                for demand in self.demands
            ]
            self._least[kinds] = max(sum(each[part] for part in phase) for phase in self._phases)
        return self._least[kinds]

    def stacked(self, kind: int) -> tuple[int, int, int]:
        """MiB, cores and open slices that the whole pod takes of one card of a kind."""
        if kind not in self._stacked:
            sums = [
                (
                    sum(self.demands[part].needs[kind] for part in phase),
                    sum(self.demands[part].cores for part in phase),
                    sum(not self.demands[part].cores for part in phase),
                )
                for phase in self._phases
            ]
            mib, cores, open_ = (max(column) for column in zip(*sums, strict=True))
            self._stacked[kind] = (mib, cores, open_)
        return self._stacked[kind]

    def _late(self, part: int) -> tuple[bool, int, int]:
        demand = self.demands[part]
        largest = max(demand.needs, default=0)
        return (self.shape.roles[part] is Role.INIT, -largest, -demand.request.count)
