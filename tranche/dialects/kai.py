"""KAI and Run:ai: annotations of the pod, which give a share of a card to one container.

Source: KAI-Scheduler, pkg/common/constants/constants.go, docs/gpu-sharing/README.md,
pkg/binder/plugins/gpusharing/gpu-request/gpu_request_validator.go.
"""

from collections.abc import Mapping
from typing import ClassVar, Final

from tranche.dialects import keys
from tranche.dialects.base import NO_VENDORS, PodWords, Spoken
from tranche.dialects.measure import ONE_CARD, Field, field, kept, spokesman
from tranche.dialects.writing import (
    PRODUCT,
    alike,
    lost,
    nvidia_only,
    one_name,
    size_of,
    without_choice,
)
from tranche.vendors.base import Vendor, Written
from tranche.words.errors import Refusal
from tranche.words.request import Mebibytes, Percent, Request, Slice
from tranche.words.said import Reading, Said

_FRACTION: Final = "gpu-fraction"
_MEMORY: Final = "gpu-memory"
_DEVICES: Final = "gpu-fraction-num-devices"
_CONTAINER: Final = "gpu-fraction-container-name"
_QUEUE: Final = "kai.scheduler/queue"
_COUNT: Final = "nvidia.com/gpu"
_LABELS: Final[keys.Readers] = {_QUEUE: keys.lost("Tranche has quotas of namespaces, no queues")}


class Kai(Spoken, frozen=True):
    """KAI, read and written.

    Attributes:
        queue: that pods are put in, when written.
    """

    key: ClassVar[str] = "kai"
    title: ClassVar[str] = "KAI"
    schedulers: ClassVar[frozenset[str]] = frozenset({"kai-scheduler", "runai-scheduler"})
    claims: ClassVar[frozenset[str]] = frozenset(
        {_FRACTION, f"{_FRACTION}.limit", _MEMORY, f"{_MEMORY}.limit", _DEVICES, _CONTAINER, _QUEUE}
    )

    queue: str = "default"

    def read(self, pod: PodWords) -> Mapping[str, Reading]:
        """A share or MiB of each device, for the container that KAI would choose."""
        words = pod.annotations
        fraction, remarks = kept(words, _FRACTION, f"{_FRACTION}.limit", "annotation")
        memory, others = kept(words, _MEMORY, f"{_MEMORY}.limit", "annotation")
        if fraction and memory:
            raise memory.refuse(f"{fraction.where} says memory too", "leave one of them out")
        if fraction:
            amount: Percent | Mebibytes = _share(fraction)
        elif memory:
            amount = _mib(memory)
        else:
            return {}
        container = spokesman(pod, field(words, _CONTAINER, "annotation"))
        devices = field(words, _DEVICES, "annotation")
        said = Said(amount=Slice(amount), count=devices.whole() if devices else 1)
        queue = keys.read_keys(pod.labels, _LABELS, "label")
        return {container: Reading(said, remarks + others + queue.warnings)}

    def write(
        self, requests: Mapping[str, Request], vendors: Mapping[str, Vendor] = NO_VENDORS
    ) -> Mapping[str, Written]:
        """Annotations for the one container with a slice, or whole cards for any."""
        del vendors
        sliced = [name for name, one in requests.items() if _whole(one) is None]
        if sliced and len(requests) > 1:
            raise Refusal(
                "", "KAI shares a card with one container of a pod alone", "use one pod for each"
            )
        return alike(self.title, {name: self._one(name, one) for name, one in requests.items()})

    def _one(self, name: str, request: Request) -> Written:
        nvidia_only(request, self.title)
        without_choice(request, self.title, models=True)
        size_of(request, self.title)
        warnings = lost(request, self.title)
        count = _whole(request)
        annotations: dict[str, str] = {}
        if isinstance(request.amount, Slice):
            annotations, remarks = _annotations(name, request, request.amount)
            warnings += remarks
        return Written(
            {} if count is None else {_COUNT: count},
            annotations={} if count is not None else annotations,
            labels={_QUEUE: self.queue},
            node_selector=(
                {PRODUCT: one_name(request.models, self.title)} if request.models else {}
            ),
            scheduler="kai-scheduler",
            warnings=warnings,
        )


def _share(fraction: Field) -> Percent:
    if fraction.quantity().value >= 1:
        raise fraction.refuse(
            "a fraction is less than one card", f"write {_COUNT}: 1 for whole ones"
        )
    return Percent(fraction.percent(of=ONE_CARD))


def _mib(memory: Field) -> Mebibytes:
    if memory.quantity().binary:
        raise memory.refuse("it counts MiB, and takes no suffix", "write the number of MiB alone")
    return memory.mib(memory.quantity().value)


def _whole(request: Request) -> int | None:
    """How many whole cards a request is to KAI, whose shares are less than one."""
    match request.amount:
        case Slice(memory):
            return request.count if memory == Percent(ONE_CARD) else None
        case _:
            return request.count


def _annotations(
    name: str, request: Request, amount: Slice
) -> tuple[dict[str, str], tuple[str, ...]]:
    written = {_CONTAINER: name}
    warnings: tuple[str, ...] = ()
    match amount.memory:
        case Percent(percent) if percent == ONE_CARD:
            warnings += ("100% of the memory is a whole card to KAI",)
        case Percent(percent):
            written[_FRACTION] = f"0.{percent:02d}"
        case Mebibytes(mib):
            written[_MEMORY] = str(mib)
            warnings += ("KAI rounds memory to a hundredth of the card it chooses",)
        case None:
            raise Refusal("", "KAI shares no card by its cores alone", "say how much memory")
    if amount.cores is not None:
        warnings += (f"{amount.cores}% cores are lost: KAI has no word for them",)
    if request.count > 1:
        written[_DEVICES] = str(request.count)
    return written, warnings
