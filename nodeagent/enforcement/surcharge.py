"""What a slice takes of a card's time beyond what its launches are priced at.

Prices come from samples of kernels. Beside a neighbour a sample that was cut by the neighbour's
turn looks like a longer kernel, and how much of it was the kernel's own is a careful guess
(`interposer/src/core/prices.h`), always on the low side. The driver measures what processes truly
take, coarsely and late; the two together are both quick and right. Pure: what the driver and the
regions say in, a number for the limits out.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nodeagent.enforcement import layout
from nodeagent.enforcement.shares import Sharer
from nodeagent.vendors.base import Busy

_KEPT: Final = 0.5
"""What one more look leaves of what was seen before. Looks are a second apart."""

_LEAST: Final = 10_000_000
"""Nanoseconds of GPU time below which nothing can be said of a slice."""

_WHOLE: Final = 100
_ROUNDED: Final = 5
"""Percent, and how much of them all processes together may be too much by rounding."""


@dataclass(frozen=True, slots=True)
class Took:
    """Of a card's time by one slice, in nanoseconds; what was seen late counts most.

    Attributes:
        seen: by the driver's word.
        priced: by its own launches' prices.
    """

    seen: float = 0.0
    priced: float = 0.0

    def and_then(self, seen: float, priced: float) -> "Took":
        """With one more look."""
        return Took(self.seen * _KEPT + seen, self.priced * _KEPT + priced)

    @property
    def surcharge(self) -> int:
        """For the limits, in parts of `layout.SURCHARGE_WHOLE`; 0 where nothing can be said.

        Never below 0: a driver that sees too little, or a slice that says it took more than it
        did, makes nothing cheaper.
        """
        if self.priced < _LEAST:
            return 0
        beyond = round((self.seen / self.priced - 1) * layout.SURCHARGE_WHOLE)
        return max(0, min(beyond, layout.SURCHARGE_MOST))


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
