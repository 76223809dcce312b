"""AMD: HAMi's names beside the vendor's count; an audit library holds a slice to its memory.

Sources: HAMi v2.10.0, pkg/device/amd/device.go; ROCm/k8s-device-plugin,
docs/user-guide/configuration.md.
"""

from dataclasses import replace
from typing import ClassVar, Final

from tranche.vendors.choice import Keys, keys
from tranche.vendors.names import Names
from tranche.vendors.partitions import Partitions
from tranche.vendors.stack import Stack
from tranche.words.request import Request

_GPU: Final = Names("amd.com/gpu", "amd.com/gpumem", cores="amd.com/gpucores")
_SHARED: Final = replace(_GPU, percent="amd.com/gpumem-percentage")


class Amd(Stack, frozen=True):
    """AMD's cards.

    Attributes:
        memory_percentage: the cluster's HAMi is newer than v2.10.0 and has a word for shares of
            memory. It is read either way.
    """

    key: ClassVar[str] = "amd"
    title: ClassVar[str] = "AMD"
    lent: ClassVar[bool] = True
    cards: ClassVar[Names] = _SHARED
    slices: ClassVar[Names | None] = _SHARED
    partitions: ClassVar[Partitions] = Partitions(
        "amd.com/", frozenset({"spx_nps1", "cpx_nps1", "cpx_nps4"})
    )
    keys: ClassVar[Keys] = keys("amd.com/{}-gputype", "amd.com/{}-gpu-uuid")
    several: ClassVar[bool] = True
    all_cores: ClassVar[bool] = True
    published_class: ClassVar[str] = "amd"

    memory_percentage: bool = False

    def slices_of(self, request: Request) -> Names:  # noqa: ARG002
        """HAMi's names of this cluster."""
        return _SHARED if self.memory_percentage else _GPU
