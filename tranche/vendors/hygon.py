"""Hygon: a file for each slice, 4 to a card, mounted by HAMi's plugin.

Source: HAMi v2.10.0, pkg/device/hygon/device.go. ``hygon.com/dcu`` is the vendor's own plugin's.
"""

from typing import ClassVar, Final

from tranche.vendors.choice import Keys, keys
from tranche.vendors.names import Names
from tranche.vendors.stack import Stack

_DCU: Final = Names("hygon.com/dcunum", "hygon.com/dcumem", cores="hygon.com/dcucores")


class Hygon(Stack, frozen=True):
    """Hygon's cards."""

    key: ClassVar[str] = "hygon"
    title: ClassVar[str] = "Hygon"
    lent: ClassVar[bool] = True
    cards: ClassVar[Names] = _DCU
    slices: ClassVar[Names | None] = _DCU
    older: ClassVar[tuple[Names, ...]] = (Names("hygon.com/dcu", whole=True),)
    keys: ClassVar[Keys] = keys("hygon.com/{}-dcutype", "hygon.com/{}-gpuuuid")
