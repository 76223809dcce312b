"""What a slice takes of a card's time beyond what its launches are priced at.

Prices come from samples of kernels. Beside a neighbour a sample that was cut by the neighbour's
turn looks like a longer kernel, and how much of it was the kernel's own is a careful guess
(`interposer/src/core/prices.h`), always on the low side. The driver measures what processes truly
take, coarsely and late; the two together are both quick and right. Pure: what the driver and the
regions say in, a number for the limits out.
"""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Final

from nodeagent.enforcement import layout
from nodeagent.enforcement.shares import Sharer
from nodeagent.vendors.base import Busy

_LEAST: Final = 100_000
"""Nanoseconds: a share of 1%, of which all is a surcharge, is priced at so much in a second."""

_ROUGHLY: Final = 1.25
"""How much more a ratio may be by the driver's rounding."""

_WHOLE: Final = 100
_ROUNDED: Final = 5
"""Percent, and how much of them all processes together may be too much by rounding."""


def surcharge(seen: float, priced: int, *, cores: int, slices: int) -> int:
    """For the limits, in parts of `layout.SURCHARGE_WHOLE`; 0 where nothing can be said.

    Never below 0: a driver that sees too little, or a slice that says it took more than it did,
    makes nothing cheaper. And no more than the careful guess can be off: it is the share, or one
    turn in as many as there are slices. What is more was queued before it had a price, by a slice
    that ran free until a neighbour came.

    Args:
        seen: nanoseconds of the card's time that the slice took by the driver's word.
        priced: that its launches were priced at meanwhile.
        cores: percent of the card that the slice has, above 0.
        slices: on the card.
    """
    if priced < _LEAST:
        return 0
    most = _ROUGHLY * min(slices, _WHOLE / cores) - 1
    return round(max(0, min(seen / priced - 1, most)) * layout.SURCHARGE_WHOLE)


def believable(busy: Collection[Busy]) -> bool:
    """Whether what is told of one card can be parts of its time.

    It is not where processes truly run at once (MPS), and where the driver tells nonsense, as some
    do (nvtop's issue 110).
    """
    return sum(one.percent for one in busy) <= _WHOLE + _ROUNDED


def percents(
    busy: Collection[Busy], owners: Mapping[int, Sequence[Sharer]], sharers: Collection[Sharer]
) -> dict[Path, int]:
    """How much of a card's time each slice took, by its folder.

    A slice is left out where a process may be its or another's.
    """
    took = {sharer.folder: 0 for sharer in sharers}
    for one in busy:
        candidates = owners.get(one.pid, ())
        for sharer in candidates:
            if len(candidates) > 1:
                took.pop(sharer.folder, None)
            elif sharer.folder in took:
                took[sharer.folder] += one.percent
    return took
