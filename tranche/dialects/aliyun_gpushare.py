"""Aliyun's open gpushare: memory of one card, in a unit that its device plugin is set to.

Source: AliyunContainerService/gpushare-scheduler-extender, pkg/utils/const.go.
"""

from collections.abc import Mapping
from typing import ClassVar, Final, Literal

from tranche.dialects.base import PodWords, Spoken
from tranche.dialects.family import Family, read_containers
from tranche.dialects.measure import field
from tranche.vendors.base import Asked
from tranche.words.said import Reading

_MEMORY: Final = "aliyun.com/gpu-mem"
_COUNT: Final = "aliyun.com/gpu-count"
_UNITS: Final = {"GiB": 1024, "MiB": 1}


class AliyunGpushare(Spoken, frozen=True):
    """gpushare, read.

    Attributes:
        memory_unit: as the device plugin's ``--memory-unit``.
    """

    key: ClassVar[str] = "gpushare"
    title: ClassVar[str] = "Aliyun gpushare"
    claims: ClassVar[frozenset[str]] = frozenset({_MEMORY, _COUNT})

    memory_unit: Literal["GiB", "MiB"] | None = None

    def read(self, pod: PodWords) -> Mapping[str, Reading]:
        """Memory of one card."""
        unit = None if self.memory_unit is None else _UNITS[self.memory_unit]
        family = Family(memory=_MEMORY, unit=unit, setting="gpushare.memoryUnit")
        return read_containers(pod, lambda asked: _read(asked, family))


def _read(asked: Asked, family: Family) -> Reading:
    count = field(asked, _COUNT)
    if count and (_MEMORY in asked or count.quantity().value > 1):
        count.whole(1)
    return family.read(asked)
