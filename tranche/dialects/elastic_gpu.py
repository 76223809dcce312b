"""Elastic GPU: Tencent's qGPU under names of its own, and its open sibling.

Source: elastic-ai/elastic-gpu-scheduler, README.md.
"""

from collections.abc import Mapping
from typing import ClassVar, Final, Literal

from tranche.dialects.base import PodWords, Spoken
from tranche.dialects.family import Family, read_containers
from tranche.dialects.measure import field
from tranche.dialects.qgpu import read_hundredths
from tranche.vendors.base import Asked
from tranche.words.said import NOTHING, Reading

_DOMAIN: Final = "elasticgpu.io/"
_UNITS: Final = {"GiB": 1024, "MiB": 1}


class ElasticGpu(Spoken, frozen=True):
    """Elastic GPU, read.

    Attributes:
        gpu_memory_unit: of ``elasticgpu.io/gpu-memory``; that of ``qgpu-memory`` is qGPU's.
    """

    key: ClassVar[str] = "elastic-gpu"
    title: ClassVar[str] = "Elastic GPU"
    claims: ClassVar[frozenset[str]] = frozenset(
        f"{_DOMAIN}{name}" for name in ("gpu-core", "gpu-memory", "qgpu-core", "qgpu-memory")
    )

    gpu_memory_unit: Literal["GiB", "MiB"] | None = None

    def read(self, pod: PodWords) -> Mapping[str, Reading]:
        """Totals over the cards that the cores come to."""
        unit = None if self.gpu_memory_unit is None else _UNITS[self.gpu_memory_unit]
        families = (
            Family(
                memory=f"{_DOMAIN}gpu-memory",
                unit=unit,
                setting="elastic-gpu.gpuMemoryUnit",
                cores=f"{_DOMAIN}gpu-core",
                total=True,
            ),
            Family(
                memory=f"{_DOMAIN}qgpu-memory",
                unit=1024,
                cores=f"{_DOMAIN}qgpu-core",
                step=5,
                total=True,
            ),
        )
        return read_containers(pod, lambda asked: _read(asked, families))


def _read(asked: Asked, families: tuple[Family, ...]) -> Reading:
    named = [family for family in families if family.names & asked.keys()]
    if len(named) > 1:
        one = field(asked, min(families[0].names & asked.keys()))
        if one:
            raise one.refuse("beside words of qGPU on one container", "write one kind")
    return read_hundredths(asked, named[0]) if named else Reading(NOTHING)
