"""Volcano's vGPU.

Source: volcano, pkg/scheduler/api/devices/nvidia/vgpu/type.go.
"""

from collections.abc import Mapping
from math import ceil
from typing import Annotated, ClassVar, Final

from msgspec import Meta

from tranche.dialects import keys
from tranche.dialects.base import NO_VENDORS, PodWords, Spoken
from tranche.dialects.family import Family, read_containers
from tranche.dialects.keys import Readers, read_keys
from tranche.dialects.writing import alike, lost, names_inside, nvidia_only, size_of
from tranche.vendors.base import Vendor, Written
from tranche.words.errors import Refusal
from tranche.words.request import Mebibytes, Percent, Request, Whole
from tranche.words.said import Reading

_COUNT: Final = "volcano.sh/vgpu-number"
_MEMORY: Final = "volcano.sh/vgpu-memory"
_SHARE: Final = "volcano.sh/vgpu-memory-percentage"
_CORES: Final = "volcano.sh/vgpu-cores"
_TYPES: Final[Readers] = {
    "nvidia.com/use-gputype": keys.models("models"),
    "nvidia.com/nouse-gputype": keys.models("not_models"),
}
_READERS: Final[Readers] = {
    **_TYPES,
    "volcano.sh/vgpu-use-gpuuuid": keys.cards("cards"),
    "volcano.sh/vgpu-nouse-gpuuuid": keys.cards("not_cards"),
    "volcano.sh/vgpu-mode": keys.only("hami-core", remedy="take it off to get a slice"),
    "volcano.sh/vgpu-podgroup-policy": keys.lost("Tranche knows no groups of pods"),
}

Factor = Annotated[int, Meta(ge=1, le=1024 * 1024)]


class Volcano(Spoken, frozen=True):
    """Volcano's vGPU, read and written.

    Attributes:
        gpu_memory_factor: MiB that one of ``volcano.sh/vgpu-memory`` stands for, as the device
            plugin of the cluster is told.
    """

    key: ClassVar[str] = "volcano"
    title: ClassVar[str] = "Volcano vGPU"
    schedulers: ClassVar[frozenset[str]] = frozenset({"volcano"})
    claims: ClassVar[frozenset[str]] = frozenset({_COUNT, _MEMORY, _SHARE, _CORES, *_READERS})
    shared: ClassVar[frozenset[str]] = frozenset(_TYPES)

    gpu_memory_factor: Factor | None = None

    def read(self, pod: PodWords) -> Mapping[str, Reading]:
        """Memory and cores of each card."""
        family = Family(
            count=_COUNT,
            memory=_MEMORY,
            unit=self.gpu_memory_factor,
            setting="volcano.gpuMemoryFactor",
            share=_SHARE,
            cores=_CORES,
        )
        return read_containers(pod, family.read, lambda: read_keys(pod.annotations, _READERS))

    def write(
        self, requests: Mapping[str, Request], vendors: Mapping[str, Vendor] = NO_VENDORS
    ) -> Mapping[str, Written]:
        """Resources of each container; which card comes first is Volcano's own configuration."""
        del vendors
        return alike(self.title, {name: self._written(one) for name, one in requests.items()})

    def _written(self, request: Request) -> Written:
        nvidia_only(request, self.title)
        amount = size_of(request, self.title)
        warnings = lost(request, self.title)
        resources: dict[str, int | str] = {_COUNT: request.count}
        if not isinstance(amount, Whole):
            match amount.memory:
                case Mebibytes(mib):
                    resources[_MEMORY], remarks = self._units(mib)
                    warnings += remarks
                case Percent(percent):
                    resources[_SHARE] = percent
            if amount.cores is not None:
                resources[_CORES] = amount.cores
        annotations: dict[str, str] = {}
        for word, models in (("use", request.models), ("nouse", request.not_models)):
            if models:
                listed, remarks = names_inside(models, self.title)
                annotations[f"nvidia.com/{word}-gputype"] = listed
                warnings += remarks
        for word, cards in (("use", request.cards), ("nouse", request.not_cards)):
            if cards:
                annotations[f"volcano.sh/vgpu-{word}-gpuuuid"] = ",".join(cards)
        return Written(resources, annotations=annotations, scheduler="volcano", warnings=warnings)

    def _units(self, mib: int) -> tuple[int, tuple[str, ...]]:
        factor = self.gpu_memory_factor
        if factor is None:
            raise Refusal(
                f"{mib}Mi",
                f"what one {_MEMORY} stands for is a setting of the cluster, and is not set",
                "set gpuMemoryFactor",
            )
        units = ceil(mib / factor)
        if units * factor == mib:
            return units, ()
        return units, (f"{mib}Mi is rounded up to {units * factor}Mi, in units of {factor} MiB",)
