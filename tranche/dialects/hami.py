"""HAMi's words, as its existing users have them.

The resources are read by `tranche.vendors`. Here are the annotations, which speak for every
container of the pod that asks for cards of their vendor, and NVIDIA's priority.
Source: HAMi v2.10.0, pkg/device/*/device.go and pkg/util/types.go.
"""

from collections.abc import Mapping
from itertools import chain
from typing import ClassVar, Final

import msgspec

from tranche.dialects import keys
from tranche.dialects.base import NO_VENDORS, PodWords, Spoken
from tranche.dialects.hami_cards import CHOICES, VNPU_MODE, Choice
from tranche.dialects.measure import field
from tranche.dialects.writing import alike, names_inside, of_vendor, size_of, vendor_key
from tranche.vendors.base import Asked, Vendor, Written
from tranche.vendors.nvidia import DEFAULT_NAMES, Nvidia, ResourceNames
from tranche.words.errors import Refusal
from tranche.words.request import Request
from tranche.words.said import NOTHING, Reading, Said, agree

PRIORITY: Final = "nvidia.com/priority"
SCHEDULER_NAME: Final = "hami-scheduler"
"""The scheduler that HAMi's users name by hand; with Tranche's webhook it means Tranche's."""

_POLICIES: Final[keys.Readers] = {
    "hami.io/node-scheduler-policy": keys.placing("node_policy"),
    "hami.io/gpu-scheduler-policy": keys.placing("card_policy"),
    "hami.io/device-scoring-weights": keys.lost("Tranche scores cards by what they have left"),
}


class Hami(Spoken, frozen=True):
    """HAMi: read beside the vendors' resources, and written for its scheduler.

    Attributes:
        resources: NVIDIA's, as this cluster's HAMi calls them.
    """

    key: ClassVar[str] = "hami"
    title: ClassVar[str] = "HAMi"
    schedulers: ClassVar[frozenset[str]] = frozenset({SCHEDULER_NAME})
    claims: ClassVar[frozenset[str]] = frozenset(
        chain(_POLICIES, *(choice.readers() for choice in CHOICES), (PRIORITY,))
    )
    shared: ClassVar[frozenset[str]] = claims

    resources: ResourceNames = DEFAULT_NAMES

    def read(self, pod: PodWords) -> Mapping[str, Reading]:
        """What annotations and priority say of containers that ask for cards."""
        named = (pod.annotations, *pod.containers.values())
        if all(self.claims.isdisjoint(values) for values in named):
            return {}
        found: dict[str, Reading] = {}
        told: set[str] = set()
        for name, asked in pod.containers.items():
            chosen = [one for one in CHOICES if self._speaks(one, asked)]
            if not chosen:
                continue
            reading = _general(chosen, pod.annotations)
            try:
                priority = _own(chosen, pod.annotations, asked)
            except Refusal as refusal:
                raise refusal.at(f"container {name}: {refusal.where}") from None
            said = agree(reading.said, priority, places=("an annotation", PRIORITY))
            warnings = tuple(one for one in reading.warnings if one not in told)
            told.update(warnings)
            if said != NOTHING or warnings:
                found[name] = Reading(said, warnings)
        return found

    def _speaks(self, choice: Choice, asked: Asked) -> bool:
        own = msgspec.structs.astuple(self.resources) if choice.vendor == "nvidia" else ()
        return choice.speaks_of(asked) or any(name in asked for name in own)

    def write(
        self, requests: Mapping[str, Request], vendors: Mapping[str, Vendor] = NO_VENDORS
    ) -> Mapping[str, Written]:
        """Resources under HAMi's names, and its annotations for the choice of cards."""
        written = {name: self._written(one, vendors) for name, one in requests.items()}
        return alike(self.title, written)

    def _written(self, request: Request, vendors: Mapping[str, Vendor]) -> Written:
        size_of(request, self.title)
        stack, remarks = self._stack(request, vendors)
        annotations, warnings = _chosen(request, vendors)
        return Written(
            stack.resources,
            annotations={**stack.annotations, **annotations},
            runtime_class=stack.runtime_class,
            scheduler=SCHEDULER_NAME,
            warnings=remarks + warnings,
        )

    def _stack(
        self, request: Request, vendors: Mapping[str, Vendor]
    ) -> tuple[Written, tuple[str, ...]]:
        """HAMi's own plugins set the environment, so that of the vendor's stack is left out."""
        if vendor_key(request) != "nvidia":
            return of_vendor(request, vendors, self.title)
        resources = dict(Nvidia(resources=self.resources).write(request).resources)
        if request.priority is not None:
            resources[PRIORITY] = request.priority
        return Written(resources), ()


def read_priority(asked: Asked) -> int | None:
    """0 (high) or 1 (low), from the resources of one container.

    Raises:
        Refusal: any other value.
    """
    written = field(asked, PRIORITY)
    if written is None:
        return None
    value = written.quantity().value
    if value not in (0, 1):
        raise written.refuse("no priority", "write 0 or 1")
    return int(value)


def _general(chosen: list[Choice], annotations: Mapping[str, str]) -> Reading:
    readers = dict(_POLICIES)
    for choice in chosen:
        readers |= choice.readers()
    return keys.read_keys(annotations, readers)


def _own(chosen: list[Choice], annotations: Mapping[str, str], asked: Asked) -> Said:
    """What a container says by itself."""
    if annotations.get(VNPU_MODE, "").strip().lower() == "hami-core":
        for choice in chosen:
            _one_soft_card(choice, asked)
    return Said(priority=read_priority(asked))


def _one_soft_card(choice: Choice, asked: Asked) -> None:
    """Ascend's documents call the memory a total, and HAMi's scheduler charges it on each card.

    Source: ascend-device-plugin, docs/hami.md; HAMi, pkg/device/ascend/device.go.
    """
    for name in choice.resources:
        count = field(asked, name)
        if count and count.quantity().value > 1 and f"{name}-memory" in asked:
            raise count.refuse(
                f"under {VNPU_MODE}: hami-core nobody can tell whether {name}-memory is of each "
                "card or of all",
                "ask for one card, or leave the memory out",
            )


def _chosen(
    request: Request, vendors: Mapping[str, Vendor]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Annotations for the choice and the order of cards."""
    vendor = vendor_key(request)
    choices = [one for one in CHOICES if one.vendor == vendor]
    if not choices:
        raise Refusal(vendor, "HAMi has no cards of this vendor", "ask for another's")
    placed, warnings = _placed(request, vendor)
    if len(choices) > 1:
        return {**_by_resource(request, vendors[vendor]), **placed}, warnings
    written, remarks = _by_vendor(request, choices[0])
    return {**written, **placed}, remarks + warnings


def _by_resource(request: Request, vendor: Vendor) -> dict[str, str]:
    """Where each resource of the vendor's has keys of its own."""
    told = vendor.choose(vendor.fit(request)[0])
    if told.unsaid:
        parts = " and ".join(told.unsaid)
        raise Refusal("", f"HAMi has no word for {parts} here", f"leave {parts} out")
    return told.annotations


def _by_vendor(request: Request, choice: Choice) -> tuple[dict[str, str], tuple[str, ...]]:
    """Where one set of keys speaks of all the vendor's cards."""
    written: dict[str, str] = {}
    warnings: tuple[str, ...] = ()
    for models, word in ((request.models, "use"), (request.not_models, choice.opposite)):
        if models and not choice.types:
            raise Refusal("", "HAMi has no word for these models", "leave the models out")
        if models:
            written[choice.types.format(word)], remarks = names_inside(models, Hami.title)
            warnings += remarks
    for cards, word in ((request.cards, "use"), (request.not_cards, choice.opposite)):
        if cards:
            written[choice.uuids.format(word)] = ",".join(cards)
    return written, warnings


def _placed(request: Request, vendor: str) -> tuple[dict[str, str], tuple[str, ...]]:
    written: dict[str, str] = {}
    if request.card_policy is not None:
        written["hami.io/gpu-scheduler-policy"] = request.card_policy.value
    if request.node_policy is not None:
        written["hami.io/node-scheduler-policy"] = request.node_policy.value
    if not request.same_numa:
        return written, ()
    if vendor != "nvidia":
        return written, (f"same numa is lost: HAMi has no word for it with {vendor}",)
    return {**written, "nvidia.com/numa-bind": "true"}, ()
