"""Huawei CCE's xGPU: units of 128 MiB, in all over the cards that a label counts.

A fraction of ``nvidia.com/gpu`` is that share of one card's memory.
Source: opentelekomcloud-docs, CCE, cce_10_0965 and cce_10_0742.
"""

from collections.abc import Mapping
from typing import ClassVar, Final

from tranche.dialects.base import PodWords, Spoken
from tranche.dialects.family import Family, read_containers
from tranche.dialects.measure import ONE_CARD, Field, field
from tranche.vendors.base import Asked
from tranche.words.request import Percent, Slice
from tranche.words.said import NOTHING, Reading, Said

_FAMILY: Final = Family(
    memory="volcano.sh/gpu-mem.128Mi",
    unit=128,
    cores="volcano.sh/gpu-core.percentage",
    step=5,
    total=True,
)
_CARDS: Final = "volcano.sh/gpu-num"
_GPU: Final = "nvidia.com/gpu"


class HuaweiCce(Spoken, frozen=True):
    """xGPU, read."""

    key: ClassVar[str] = "cce"
    title: ClassVar[str] = "Huawei CCE xGPU"
    schedulers: ClassVar[frozenset[str]] = frozenset({"volcano"})
    claims: ClassVar[frozenset[str]] = _FAMILY.names | {_CARDS, _GPU}

    def read(self, pod: PodWords) -> Mapping[str, Reading]:
        """Totals, divided by the number of cards; a fraction of a card by itself."""
        cards = field(pod.labels, _CARDS, "label")
        return read_containers(pod, lambda asked: _read(asked, cards))


def _read(asked: Asked, cards: Field | None) -> Reading:
    gpu = field(asked, _GPU)
    sized = _FAMILY.read(asked, cards)
    if sized.said != NOTHING:
        if gpu and gpu.quantity().value != sized.said.count:
            raise gpu.refuse(f"beside memory of {sized.said.count} cards", "write the same number")
        return sized
    if gpu is None or gpu.quantity().value.denominator == 1:
        return sized
    if gpu.quantity().value > 1:
        raise gpu.refuse("a fraction is of one card", "write less than 1, or whole cards")
    share = Percent(gpu.percent(of=ONE_CARD))
    return Reading(Said(amount=Slice(share), count=1, vendor="nvidia"))
