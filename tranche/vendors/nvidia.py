"""NVIDIA's cards as Kubernetes resources. The three beside the count are the names HAMi gave them.

Memory and cores are per card. The kubelet is offered the count alone; the others are words that the
scheduler is told to ignore. A MIG profile has a resource of its own, by NVIDIA's device plugin.
Sources: HAMi v2.10.0, pkg/device/nvidia/device.go; NVIDIA/k8s-device-plugin, README.md.
"""

from functools import lru_cache
from typing import ClassVar, Final

import msgspec

from tranche.vendors.choice import Keys, keys
from tranche.vendors.fitting import Warnings
from tranche.vendors.names import Names
from tranche.vendors.partitions import Partitions
from tranche.vendors.sizes import every_profile, profiles_of
from tranche.vendors.stack import Stack
from tranche.words.request import Amount, Request


class ResourceNames(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True
):
    """What the resources are called in this cluster.

    Attributes:
        count: cards; the one that the device plugin offers.
        memory: MiB per card.
        memory_percentage: percent of each card's memory.
        cores: percent of each card's cores.
    """

    count: str = "nvidia.com/gpu"
    memory: str = "nvidia.com/gpumem"
    memory_percentage: str = "nvidia.com/gpumem-percentage"
    cores: str = "nvidia.com/gpucores"


DEFAULT_NAMES: Final = ResourceNames()


class Nvidia(Stack, frozen=True):
    """NVIDIA's cards.

    Attributes:
        resources: what they are called in this cluster.
    """

    key: ClassVar[str] = "nvidia"
    title: ClassVar[str] = "NVIDIA"
    cards: ClassVar[Names] = Names()
    partitions: ClassVar[Partitions] = Partitions("nvidia.com/mig-", every_profile())
    keys: ClassVar[Keys] = keys("nvidia.com/{}-gputype", "nvidia.com/{}-gpuuuid")
    several: ClassVar[bool] = True
    interposed: ClassVar[bool] = True
    published_class: ClassVar[str] = "nvidia"

    resources: ResourceNames = DEFAULT_NAMES

    def families(self) -> tuple[Names, ...]:
        """HAMi's."""
        return (_together(self.resources),)

    def slices_of(self, request: Request) -> Names:  # noqa: ARG002
        """HAMi's."""
        return _together(self.resources)

    def cards_of(self, request: Request) -> Names:
        """HAMi's count is the vendor's own."""
        return self.slices_of(request)

    def fit_partition(self, name: str, request: Request) -> tuple[Amount, Warnings]:
        """A MIG profile that these models have.

        Raises:
            Refusal: they have none of that name.
        """
        known = profiles_of(request.models)
        if name not in known:
            raise self.no_partition(name, sorted(known))
        return super().fit_partition(name, request)


@lru_cache(16)
def _together(names: ResourceNames) -> Names:
    return Names(names.count, names.memory, percent=names.memory_percentage, cores=names.cores)
