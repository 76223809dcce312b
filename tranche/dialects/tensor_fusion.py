"""TensorFusion: annotations of a pod that is labelled as its own.

Source: tensor-fusion, pkg/constants/constants.go.
"""

from collections.abc import Mapping
from typing import ClassVar, Final

from tranche.dialects import keys
from tranche.dialects.base import Domain, PodWords, Spoken
from tranche.dialects.measure import Field, field, kept, spokesman
from tranche.words.errors import Refusal
from tranche.words.request import Amount, Partition, Slice, Whole
from tranche.words.said import NOTHING, Reading, Said
from tranche.words.scanner import IS_PARTITION

_VENDORS: Final = {
    "nvidia": "nvidia",
    "amd": "amd",
    "intel": "intel",
    "ascend": "ascend",
    "huawei": "ascend",
    "hygon": "hygon",
    "metax": "metax",
    "mthreads": "mthreads",
    "cambricon": "cambricon",
    "enflame": "enflame",
    "kunlunxin": "kunlunxin",
    "iluvatar": "iluvatar",
}
_TRUE: Final = "true"
_OWN: Final = (
    *("enabled", "gpu-count", "vram-request", "vram-limit", "partition", "isolation"),
    *("compute-percent-request", "compute-percent-limit", "inject-container", "dedicated-gpu"),
)


def _vendor(written: str) -> Reading:
    vendor = _VENDORS.get(written.lower())
    if vendor is None:
        raise Refusal(written, "no vendor that Tranche knows", f"write {', '.join(_VENDORS)}")
    return Reading(Said(vendor=vendor))


def _indices(written: str) -> Reading:
    raise Refusal(written, "Tranche chooses cards by uuid", "leave it out, or name uuids")


class TensorFusion(Spoken, frozen=True):
    """TensorFusion, read.

    Attributes:
        domain: of all its words; its enterprise edition can rename it.
    """

    key: ClassVar[str] = "tensor-fusion"
    title: ClassVar[str] = "TensorFusion"
    schedulers: ClassVar[frozenset[str]] = frozenset({"tensor-fusion-scheduler"})

    domain: Domain = "tensor-fusion.ai"

    @property
    def claims(self) -> frozenset[str]:
        """Its words under this cluster's domain."""
        return frozenset({*map(self._key, _OWN), *self._readers()})

    def read(self, pod: PodWords) -> Mapping[str, Reading]:
        """What the pod asks of each GPU, for the container that is injected into."""
        if pod.labels.get(self._key("enabled"), "").strip().lower() != _TRUE:
            return {}
        general = keys.read_keys(pod.annotations, self._readers())
        amount, warnings = self._amount(pod)
        count = self._field(pod, "gpu-count")
        if amount is None and count is None and general.said == NOTHING:
            return {}
        own = Said(
            amount=Slice(None) if amount is None else amount, count=count.whole() if count else 1
        )
        reading = keys.together(Reading(own, warnings), general)
        return {self._container(pod): reading}

    def _amount(self, pod: PodWords) -> tuple[Amount | None, tuple[str, ...]]:
        if self._text(pod, "dedicated-gpu") == _TRUE:
            return Whole(), ()
        isolation = self._field(pod, "isolation")
        partition = self._field(pod, "partition")
        if partition:
            if not IS_PARTITION.fullmatch(partition.written):
                raise partition.refuse("not the name of a partition", "write such as 1g.20gb")
            return Partition(partition.written), ()
        if isolation and isolation.written.lower() == "partitioned":
            raise isolation.refuse("no partition is named", f"name one in {self._key('partition')}")
        memory, remarks = self._kept(pod, "vram")
        compute, others = self._kept(pod, "compute-percent")
        if memory is None and compute is None:
            return None, ()
        size, rounded = memory.memory("bytes") if memory else (None, ())
        return Slice(size, compute.percent() if compute else None), remarks + others + rounded

    def _container(self, pod: PodWords) -> str:
        named = self._field(pod, "inject-container")
        if named and "," in named.written:
            raise named.refuse("its containers would share one GPU", "name one container")
        return spokesman(pod, named)

    def _readers(self) -> keys.Readers:
        gone = "Tranche has no words for it"
        readers = {
            "gpu-model": keys.one_model,
            "vendor": _vendor,
            "gpu-indices": _indices,
            "tflops-request": keys.lost("Tranche promises cores in percent"),
            "tflops-limit": keys.lost("Tranche promises cores in percent"),
            "qos": keys.lost(gone),
            "gpupool": keys.lost(gone),
        }
        return {self._key(name): read for name, read in readers.items()}

    def _kept(self, pod: PodWords, what: str) -> tuple[Field | None, tuple[str, ...]]:
        names = (self._key(f"{what}-request"), self._key(f"{what}-limit"))
        return kept(pod.annotations, *names, "annotation")

    def _field(self, pod: PodWords, name: str) -> Field | None:
        return field(pod.annotations, self._key(name), "annotation")

    def _text(self, pod: PodWords, name: str) -> str:
        found = self._field(pod, name)
        return found.written.lower() if found else ""

    def _key(self, name: str) -> str:
        return f"{self.domain}/{name}"
