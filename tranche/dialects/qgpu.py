"""Tencent's qGPU: hundredths of a card and GiB, as totals where they come to more than one card.

Its document says GB; Kubeflow's arena, which reads it from nodes, prints GiB.
Source: cloud.tencent.com, TKE's documents on qGPU; kubeflow/arena, docs on qGPU.
"""

from collections.abc import Mapping
from typing import ClassVar, Final

from tranche.dialects.base import PodWords, Spoken
from tranche.dialects.family import Family, read_containers
from tranche.dialects.measure import ONE_CARD, Field, field
from tranche.vendors.base import Asked
from tranche.words.request import Whole
from tranche.words.said import Reading, Said

_FAMILY: Final = Family(
    memory="tke.cloud.tencent.com/qgpu-memory",
    unit=1024,
    cores="tke.cloud.tencent.com/qgpu-core",
    step=5,
    total=True,
)
_MOST_SPLIT: Final = 2


class Qgpu(Spoken, frozen=True):
    """qGPU, read."""

    key: ClassVar[str] = "qgpu"
    title: ClassVar[str] = "Tencent qGPU"
    claims: ClassVar[frozenset[str]] = _FAMILY.names

    def read(self, pod: PodWords) -> Mapping[str, Reading]:
        """Part of one card, whole cards, or an even split over two."""
        return read_containers(pod, lambda asked: read_hundredths(asked, _FAMILY))


def read_hundredths(asked: Asked, family: Family) -> Reading:
    """Part of a card up to 100 of its cores, whole cards at a multiple, else a split over two.

    qGPU itself rounds a split down; what does not come out even is refused here.
    """
    cores = field(asked, family.cores)
    if cores is None or cores.quantity().value < ONE_CARD:
        return family.read(asked)
    if cores.quantity().value % ONE_CARD == 0:
        return whole_cards(cores, field(asked, family.memory), family.vendor)
    if cores.quantity().value > _MOST_SPLIT * ONE_CARD:
        raise cores.refuse(
            f"a split goes over {_MOST_SPLIT} cards at most", f"write a multiple of {ONE_CARD}"
        )
    return family.read(asked, Field(cores.where, str(_MOST_SPLIT)))


def whole_cards(cores: Field, memory: Field | None, vendor: str | None) -> Reading:
    """Whole cards, which have all of their memory whatever is asked of it."""
    said = Said(amount=Whole(), count=cores.cards(), vendor=vendor)
    gone = f"{memory.where} is lost: whole cards have all of theirs" if memory else ""
    return Reading(said, (gone,) if gone else ())
