"""Iluvatar: a set of names for each chip, memory by 256 MiB, and the vendor's own manager.

HAMi charges memory on every card and writes cores for all of them together, so a slice is of one.
Source: HAMi v2.10.0, pkg/device/iluvatar/device.go. What ``iluvatar.com/gpu`` and the older
``iluvatar.ai/gpu`` count (boards, chips or shares of time) is a setting of the vendor's plugin.
"""

from typing import ClassVar, Final

from tranche.vendors.chips import Chip, Chips
from tranche.vendors.choice import keys
from tranche.vendors.names import Names

CHIPS: Final = tuple(
    Chip(
        (chip,),
        Names(
            f"iluvatar.ai/{chip}-vgpu",
            f"iluvatar.ai/{chip}.vMem",
            unit=256,
            cores=f"iluvatar.ai/{chip}.vCore",
            models=(chip,),
        ),
        keys(cards=f"hami.io/{{}}-{chip}-uuid", avoid="no-use", by_name=True),
    )
    for chip in ("MR-V100", "MR-V50", "BI-V150", "BI-V100")
)


class Iluvatar(Chips, frozen=True):
    """Iluvatar's cards."""

    key: ClassVar[str] = "iluvatar"
    title: ClassVar[str] = "Iluvatar"
    chips: ClassVar[tuple[Chip, ...]] = CHIPS
    cards: ClassVar[Names] = Names("iluvatar.com/gpu", whole=True)
    older: ClassVar[tuple[Names, ...]] = (Names("iluvatar.ai/gpu", whole=True),)
    published_class: ClassVar[str] = "iluvatar"
