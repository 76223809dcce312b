"""KubeShare: labels of the pod, as decimal shares of one card, and bytes.

Source: KubeShare, README.md.
"""

from collections.abc import Mapping
from typing import ClassVar, Final

from tranche.dialects import keys
from tranche.dialects.base import PodWords, Spoken
from tranche.dialects.measure import ONE_CARD, field, kept, spokesman
from tranche.words.request import Slice
from tranche.words.said import Reading, Said

_REQUEST: Final = "sharedgpu/gpu_request"
_LIMIT: Final = "sharedgpu/gpu_limit"
_MEMORY: Final = "sharedgpu/gpu_mem"
_LABELS: Final[keys.Readers] = {
    "sharedgpu/GPUID": keys.lost("Tranche groups no pods on one card"),
    "sharedgpu/priority": keys.lost("its priorities are no order of launches"),
}


class Kubeshare(Spoken, frozen=True):
    """KubeShare, read."""

    key: ClassVar[str] = "kubeshare"
    title: ClassVar[str] = "KubeShare"
    schedulers: ClassVar[frozenset[str]] = frozenset({"kubeshare-scheduler"})
    claims: ClassVar[frozenset[str]] = frozenset({_REQUEST, _LIMIT, _MEMORY, *_LABELS})

    def read(self, pod: PodWords) -> Mapping[str, Reading]:
        """A share of the cores and memory of one card, for the pod's default container."""
        cores, warnings = kept(pod.labels, _REQUEST, _LIMIT, "label")
        memory = field(pod.labels, _MEMORY, "label")
        if memory is None and (cores is None or cores.quantity().value == 0):
            return {}
        size, rounded = memory.memory("bytes") if memory else (None, ())
        share = cores.percent(of=ONE_CARD) if cores and cores.quantity().value else None
        said = Said(amount=Slice(size, share), count=1, vendor="nvidia")
        gone = keys.read_keys(pod.labels, _LABELS, "label").warnings
        return {spokesman(pod): Reading(said, warnings + rounded + gone)}
