"""Koordinator: shares of a card as totals over ``gpu.shared`` cards, memory in bytes.

Source: koordinator, apis/extension/device_share.go, pkg/scheduler/plugins/deviceshare.
"""

from collections.abc import Mapping
from typing import ClassVar, Final

from tranche.dialects import keys
from tranche.dialects.base import NO_VENDORS, PodWords, Spoken
from tranche.dialects.family import Family, read_containers
from tranche.dialects.measure import ONE_CARD, Field, field
from tranche.dialects.writing import alike, lost, nvidia_only, one_name, size_of, without_choice
from tranche.vendors.base import Asked, Vendor, Written
from tranche.words.errors import Refusal
from tranche.words.request import Mebibytes, Percent, Request, Slice, Whole
from tranche.words.said import NOTHING, Reading, Said

_CARD: Final = "koordinator.sh/gpu"
_SHARED: Final = "koordinator.sh/gpu.shared"
_MEMORY: Final = "koordinator.sh/gpu-memory"
_RATIO: Final = "koordinator.sh/gpu-memory-ratio"
_CORE: Final = "koordinator.sh/gpu-core"
_FAMILY: Final = Family(
    _SHARED, _MEMORY, unit="bytes", share=_RATIO, cores=_CORE, total=True, vendor=None
)
_NPU: Final = ("huawei.com/npu-core", "huawei.com/npu-cpu", "huawei.com/npu-dvpp")
_MODEL: Final = "node.koordinator.sh/gpu-model"
_ISOLATION: Final = "koordinator.sh/gpu-isolation-provider"
_ANNOTATIONS: Final[keys.Readers] = {
    f"scheduling.koordinator.sh/{name}": keys.lost("Tranche knows no such hints")
    for name in ("device-allocate-hint", "device-joint-allocate", "gpu-partition-spec")
}


class Koordinator(Spoken, frozen=True):
    """Koordinator, read and written."""

    key: ClassVar[str] = "koordinator"
    title: ClassVar[str] = "Koordinator"
    schedulers: ClassVar[frozenset[str]] = frozenset({"koord-scheduler"})
    claims: ClassVar[frozenset[str]] = frozenset(
        {_CARD, *_FAMILY.names, *_NPU, _MODEL, _ISOLATION, *_ANNOTATIONS}
    )

    def read(self, pod: PodWords) -> Mapping[str, Reading]:
        """Totals, divided by the number of cards."""
        return read_containers(pod, _read, lambda: _general(pod))

    def write(
        self, requests: Mapping[str, Request], vendors: Mapping[str, Vendor] = NO_VENDORS
    ) -> Mapping[str, Written]:
        """Totals over the cards, and HAMi's library to hold slices to them."""
        del vendors
        sliced = any(not isinstance(one.amount, Whole) for one in requests.values())
        labels = {_ISOLATION: "HAMi-core"} if sliced else {}
        written = {name: self._written(one, labels) for name, one in requests.items()}
        return alike(self.title, written)

    def _written(self, request: Request, labels: Mapping[str, str]) -> Written:
        nvidia_only(request, self.title)
        without_choice(request, self.title, models=True)
        amount, count = size_of(request, self.title), request.count
        selector = {_MODEL: one_name(request.models, self.title)} if request.models else {}
        return Written(
            _totals(amount, count) if isinstance(amount, Slice) else {_CARD: ONE_CARD * count},
            labels=labels,
            node_selector=selector,
            scheduler="koord-scheduler",
            warnings=lost(request, self.title),
        )


def _totals(amount: Slice, count: int) -> dict[str, int | str]:
    resources: dict[str, int | str] = {_SHARED: count}
    match amount.memory:
        case Mebibytes(mib):
            resources[_MEMORY] = f"{mib * count}Mi"
        case Percent(percent):
            resources[_RATIO] = percent * count
        case None:
            raise Refusal(
                "", "Koordinator shares no card by its cores alone", "say how much memory"
            )
    if amount.cores is not None:
        resources[_CORE] = amount.cores * count
    return resources


def _read(asked: Asked) -> Reading:
    card = field(asked, _CARD)
    if card is None:
        return _as_ascend(asked, _FAMILY.read(asked, _cards(asked)))
    other = sorted(_FAMILY.names & asked.keys())
    if other:
        raise card.refuse(f"it says both core and memory, as does {other[0]}", "write one of them")
    count = card.cards()
    if count is None:
        share = card.percent()
        return Reading(Said(amount=Slice(Percent(share), share), count=1))
    return _as_ascend(asked, Reading(Said(amount=Whole(), count=count)))


def _cards(asked: Asked) -> Field | None:
    """The number of cards that a ratio above one card means where none is written."""
    ratio = field(asked, _RATIO)
    if _SHARED in asked or ratio is None:
        return None
    count = ratio.cards()
    return Field(ratio.where, str(count)) if count else None


def _as_ascend(asked: Asked, reading: Reading) -> Reading:
    """Numbers of AI cores and the like go with Ascend's templates, which the model decides."""
    named = [name for name in _NPU if name in asked]
    if not named or reading.said == NOTHING:
        return reading
    said = reading.said
    told = tuple(f"{name} is lost: the template is chosen by its memory" for name in named)
    ascend = Said(said.amount, said.count, vendor="ascend")
    return Reading(ascend, reading.warnings + told)


def _general(pod: PodWords) -> Reading:
    return keys.together(
        keys.read_keys(pod.annotations, _ANNOTATIONS),
        keys.read_keys(pod.node_selector, {_MODEL: keys.one_model}, "node selector"),
    )
