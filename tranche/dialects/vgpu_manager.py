"""vgpu-manager: resources in NVIDIA's domain that are not HAMi's.

Source: vgpu-manager, pkg/util/consts.go and its document on topology modes.
"""

from collections.abc import Mapping
from typing import ClassVar

from tranche.dialects import keys
from tranche.dialects.base import Domain, PodWords, Spoken
from tranche.dialects.family import Family, read_containers
from tranche.words.said import NOTHING, Reading, Said


class VgpuManager(Spoken, frozen=True):
    """vgpu-manager, read.

    Attributes:
        domain: of all its words, which its operator can rename.
    """

    key: ClassVar[str] = "vgpu-manager"
    title: ClassVar[str] = "vgpu-manager"
    schedulers: ClassVar[frozenset[str]] = frozenset({"vgpu-scheduler"})

    domain: Domain = "nvidia.com"

    @property
    def claims(self) -> frozenset[str]:
        """Its words under this cluster's domain."""
        return self._family().names | self._readers().keys()

    def read(self, pod: PodWords) -> Mapping[str, Reading]:
        """Memory and cores of each card."""
        readers = self._readers()
        return read_containers(
            pod, self._family().read, lambda: keys.read_keys(pod.annotations, readers)
        )

    def _family(self) -> Family:
        return Family(
            count=f"{self.domain}/vgpu-number",
            memory=f"{self.domain}/vgpu-memory",
            cores=f"{self.domain}/vgpu-cores",
        )

    def _readers(self) -> keys.Readers:
        readers = {
            "include-gpu-type": keys.models("models"),
            "exclude-gpu-type": keys.models("not_models"),
            "include-gpu-uuid": keys.cards("cards"),
            "exclude-gpu-uuid": keys.cards("not_cards"),
            "node-scheduler-policy": keys.placing("node_policy"),
            "device-scheduler-policy": keys.placing("card_policy"),
            "device-topology-mode": _topology,
            "memory-scheduler-policy": keys.lost("Tranche hands out real memory alone"),
            "vgpu-compute-policy": keys.lost("Tranche has one policy of cores"),
        }
        return {f"{self.domain}/{name}": read for name, read in readers.items()}


def _topology(written: str) -> Reading:
    if written == "none":
        return Reading(NOTHING)
    if written == "numa":
        return Reading(Said(same_numa=True))
    return keys.lost("Tranche knows no links between cards")(written)
