"""GKE: node selectors that say how a card is shared, and which TPU it is.

A selector alone that names a GPU's model says nothing here: it stays on the pod, and holds.
Source: cloud.google.com, GKE's documents on shared GPUs, multi-instance GPUs and TPUs.
"""

from collections.abc import Callable, Mapping
from typing import ClassVar, Final

from tranche.dialects import keys
from tranche.dialects.base import PodWords, Spoken
from tranche.dialects.family import read_containers
from tranche.dialects.measure import Field, field, unsized
from tranche.vendors.base import Asked
from tranche.words.request import Partition, Whole
from tranche.words.said import NOTHING, Reading, Said
from tranche.words.scanner import IS_PARTITION

_GPU: Final = "nvidia.com/gpu"
_TPU: Final = "google.com/tpu"
_PREFIX: Final = "cloud.google.com/"
_STRATEGY: Final = f"{_PREFIX}gke-gpu-sharing-strategy"
_PARTITION: Final = f"{_PREFIX}gke-gpu-partition-size"
_GPUS: Final[keys.Readers] = {
    f"{_PREFIX}gke-accelerator": keys.one_model,
    f"{_PREFIX}gke-max-shared-clients-per-gpu": keys.lost("slices have sizes here, not numbers"),
}
_TPUS: Final[keys.Readers] = {
    f"{_PREFIX}gke-tpu-accelerator": keys.one_model,
    f"{_PREFIX}gke-tpu-topology": keys.lost("Tranche counts chips; nodes still need it"),
}
_KIND: Final = "node selector"


class Gke(Spoken, frozen=True):
    """GKE, read."""

    key: ClassVar[str] = "gke"
    title: ClassVar[str] = "GKE"
    claims: ClassVar[frozenset[str]] = frozenset(
        {_GPU, _TPU, _STRATEGY, _PARTITION, *_GPUS, *_TPUS}
    )

    def read(self, pod: PodWords) -> Mapping[str, Reading]:
        """A share of no known size, a partition, or chips of a TPU."""
        selector = pod.node_selector
        found: dict[str, Reading] = {}
        strategy = field(selector, _STRATEGY, _KIND)
        partition = field(selector, _PARTITION, _KIND)
        if strategy or partition:
            found |= _both(pod, lambda asked: _gpu(asked, strategy, partition), _GPUS)
        if any(name in selector for name in _TPUS):
            found |= _both(pod, _tpu, _TPUS)
        return found


def _both(
    pod: PodWords, read: Callable[[Asked], Reading], selectors: keys.Readers
) -> Mapping[str, Reading]:
    return read_containers(pod, read, lambda: keys.read_keys(pod.node_selector, selectors, _KIND))


def _gpu(asked: Asked, strategy: Field | None, partition: Field | None) -> Reading:
    count = field(asked, _GPU)
    if count is None or count.quantity().value == 0:
        return Reading(NOTHING)
    if strategy:
        if strategy.written not in ("time-sharing", "mps"):
            raise strategy.refuse("no such strategy", "write time-sharing or mps")
        if count.quantity().value != 1:
            raise count.refuse(f"{strategy.where} gives one share", "write 1")
    if partition is None:
        return unsized(f"{_GPU} under {strategy.where}" if strategy else _GPU, "nvidia")
    if not IS_PARTITION.fullmatch(partition.written):
        raise partition.refuse("not the size of a partition", "write such as 1g.5gb")
    said = Said(Partition(partition.written), count.whole(), vendor="nvidia")
    shared = f"{partition.where}: {partition.written} is shared on GKE; here it is all of one"
    return Reading(said, (shared,) if strategy else ())


def _tpu(asked: Asked) -> Reading:
    chips = field(asked, _TPU)
    if chips is None or chips.quantity().value == 0:
        return Reading(NOTHING)
    return Reading(Said(Whole(), chips.whole(), vendor="google"))
