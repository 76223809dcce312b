"""nvshare: a card in turns, of which everyone sees all the memory.

Source: nvshare, README.md; its fork luogangyi/XPUShare, README.md, for the two annotations.
"""

from collections.abc import Mapping
from typing import ClassVar, Final

from tranche.dialects.base import PodWords, Spoken
from tranche.dialects.family import read_containers
from tranche.dialects.measure import field, unsized
from tranche.words.request import Slice
from tranche.words.said import NOTHING, Reading, Said

_CARD: Final = "nvshare.com/gpu"
_MEMORY: Final = "nvshare.com/gpu-memory-limit"
_CORES: Final = "nvshare.com/gpu-core-limit"


class Nvshare(Spoken, frozen=True):
    """nvshare, read. A plain number of its fork's memory is MB by its document, taken for MiB."""

    key: ClassVar[str] = "nvshare"
    title: ClassVar[str] = "nvshare"
    claims: ClassVar[frozenset[str]] = frozenset({_CARD, _MEMORY, _CORES})

    def read(self, pod: PodWords) -> Mapping[str, Reading]:
        """One card, of a size that only the fork can say."""

        def one(asked: Mapping[str, str | int | float]) -> Reading:
            card = field(asked, _CARD)
            if card is None:
                return Reading(NOTHING)
            card.whole(1)
            return _limits(pod)

        return read_containers(pod, one)


def _limits(pod: PodWords) -> Reading:
    memory = field(pod.annotations, _MEMORY, "annotation")
    cores = field(pod.annotations, _CORES, "annotation")
    if memory is None and cores is None:
        return unsized(_CARD, "nvidia")
    size, warnings = memory.memory(1) if memory else (None, unsized(_CARD, None).warnings)
    amount = Slice(size, cores.percent() if cores else None)
    return Reading(Said(amount=amount, vendor="nvidia"), warnings)
