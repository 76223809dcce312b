"""Volcano's older GPU sharing: memory of one card, or whole cards.

Its document says MB; its device plugin counts what the driver reports, which is MiB.
Source: volcano, docs/user-guide/how_to_use_gpu_sharing.md.
"""

from collections.abc import Mapping
from typing import ClassVar, Final

from tranche.dialects.base import PodWords, Spoken
from tranche.dialects.family import read_containers
from tranche.dialects.measure import field
from tranche.vendors.base import Asked
from tranche.words.request import Slice, Whole
from tranche.words.said import NOTHING, Reading, Said

_MEMORY: Final = "volcano.sh/gpu-memory"
_NUMBER: Final = "volcano.sh/gpu-number"


class VolcanoGpushare(Spoken, frozen=True):
    """Read only; Volcano itself has moved on to vGPU."""

    key: ClassVar[str] = "volcano-gpushare"
    title: ClassVar[str] = "Volcano GPU sharing"
    schedulers: ClassVar[frozenset[str]] = frozenset({"volcano"})
    claims: ClassVar[frozenset[str]] = frozenset({_MEMORY, _NUMBER})

    def read(self, pod: PodWords) -> Mapping[str, Reading]:
        """One of the two resources, never both."""
        return read_containers(pod, _read)


def _read(asked: Asked) -> Reading:
    memory, number = field(asked, _MEMORY), field(asked, _NUMBER)
    if memory and number:
        raise memory.refuse(
            f"memory is of one card, and {_NUMBER} asks for whole ones", "write one"
        )
    if memory:
        size, warnings = memory.memory(1)
        return Reading(Said(amount=Slice(size), count=1, vendor="nvidia"), warnings)
    if number:
        return Reading(Said(amount=Whole(), count=number.whole(), vendor="nvidia"))
    return Reading(NOTHING)
