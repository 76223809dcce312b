"""Tencent's open gpu-manager: hundredths of a card, and memory in units of 256 MiB.

Source: tkestack/gpu-manager, pkg/types/types.go and README.md.
"""

from collections.abc import Mapping
from typing import ClassVar

from tranche.dialects import keys
from tranche.dialects.base import Domain, PodWords, Spoken
from tranche.dialects.family import Family, read_containers
from tranche.dialects.measure import field
from tranche.dialects.qgpu import whole_cards
from tranche.vendors.base import Asked
from tranche.words.said import Reading


class GpuManager(Spoken, frozen=True):
    """gpu-manager, read.

    Attributes:
        domain: of all its words; forks have renamed it.
    """

    key: ClassVar[str] = "gpu-manager"
    title: ClassVar[str] = "Tencent gpu-manager"

    domain: Domain = "tencent.com"

    @property
    def claims(self) -> frozenset[str]:
        """Its words under this cluster's domain."""
        return self._family().names | self._readers().keys()

    def read(self, pod: PodWords) -> Mapping[str, Reading]:
        """Part of one card, or whole cards."""
        family, readers = self._family(), self._readers()
        return read_containers(
            pod,
            lambda asked: _read(asked, family),
            lambda: keys.read_keys(pod.annotations, readers),
        )

    def _family(self) -> Family:
        return Family(
            memory=f"{self.domain}/vcuda-memory", unit=256, cores=f"{self.domain}/vcuda-core"
        )

    def _readers(self) -> keys.Readers:
        gone = "a promise of cores is no bound while a card is idle"
        return {f"{self.domain}/vcuda-core-limit": keys.lost(gone)}


def _read(asked: Asked, family: Family) -> Reading:
    cores = field(asked, family.cores)
    if cores is not None and cores.cards() is not None:
        return whole_cards(cores, field(asked, family.memory), family.vendor)
    return family.read(asked)
