"""Kunlunxin: quarters of a card, whose compute follows the memory; whole cards by 1, 2, 4 or 8.

Source: HAMi v2.10.0, pkg/device/kunlun/{device,vdevice}.go.
"""

from typing import ClassVar

from tranche.vendors.choice import Keys, keys
from tranche.vendors.names import Names
from tranche.vendors.stack import Stack
from tranche.words.request import Request, Slice


class Kunlunxin(Stack, frozen=True):
    """Kunlunxin's cards."""

    key: ClassVar[str] = "kunlunxin"
    title: ClassVar[str] = "Kunlunxin"
    cards: ClassVar[Names] = Names("kunlunxin.com/xpu", whole=True)
    slices: ClassVar[Names | None] = Names("kunlunxin.com/vxpu", "kunlunxin.com/vxpu-memory")
    counts: ClassVar[tuple[int, ...]] = (1, 2, 4, 8)
    several: ClassVar[bool] = True

    def keys_of(self, request: Request) -> Keys:
        """Slices and whole cards have keys of their own."""
        if isinstance(request.amount, Slice):
            return keys(cards="hami.io/{}-xpu-uuid", avoid="no-use")
        return keys(cards="baidu.com/{}-gpuuuid")
