"""Reads what the processes of a container count in its region.

The container can write anything there, and cut or fill the file, at any moment. So it is read,
never mapped; no more than the layout's size is read; and what it says goes no further than the
numbers shown for that container.
"""

import os
import stat
import struct
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from ctypes import sizeof
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nodeagent.enforcement import layout
from tranche.words.errors import Malformed

_MOST: Final = 2**63 - 1
_OWNER: Final = layout.owner_word(-1, -1)
"""Of an owner's word, all but the number of the claim."""


@dataclass(frozen=True, slots=True)
class Count:
    """Of one card.

    Attributes:
        used: bytes.
        refused: how often memory was refused for the limit.
        gpu_ns: time of the card that was charged, in nanoseconds.
        active_at: when kernels were launched last, in nanoseconds of CLOCK_MONOTONIC.
    """

    used: int
    refused: int
    gpu_ns: int = 0
    active_at: int = 0


@dataclass(frozen=True, slots=True)
class Slot:
    """What one process counts of a card.

    Attributes:
        owner: `layout.owner_word` of the process, alive or dead.
        used: bytes.
    """

    owner: int
    used: int


def read_region(path: Path, cards: Sequence[str]) -> Mapping[str, Count]:
    """What is counted of each card, by uuid; ``cards`` in the order of the limits.

    Raises:
        Malformed: it is no region.
        OSError: it cannot be opened; a link is not followed.
    """
    with hostile(path) as file:
        slots = _slots(file, path)
        if slots is None:
            return dict.fromkeys(cards, Count(0, 0))
        return {
            card: _count(file, index, slots) for index, card in enumerate(cards[: layout.MAX_CARDS])
        }


def read_slots(path: Path, cards: Sequence[str]) -> Mapping[str, tuple[Slot, ...]]:
    """What each process counts of each card, by uuid; slots that count nothing are left out.

    Raises:
        as `read_region`.
    """
    with hostile(path) as file:
        slots = _slots(file, path) or 0
        size = sizeof(layout.RegionSlot)
        content = _bytes(file, size * slots, layout.Region.slots.offset)
        owners = [owner & _OWNER for (owner,) in struct.iter_unpack(f"<Q{size - 8}x", content)]
        return {
            card: tuple(
                Slot(owner, used)
                for owner, used in zip(owners, _used(file, index, slots), strict=True)
                if used
            )
            for index, card in enumerate(cards[: layout.MAX_CARDS])
        }


def read_priced(path: Path, index: int) -> int:
    """Nanoseconds that launches on the ``index``-th card were priced at, without any surcharge.

    Raises:
        as `read_region`.
    """
    with hostile(path) as file:
        place = layout.region_card_offset(index) + layout.RegionCard.priced_ns.offset
        return min(int.from_bytes(_bytes(file, 8, place), "little"), _MOST)


def bury(path: Path, dead: Collection[int]) -> None:
    """Writes an obituary into the slots of processes that have died.

    A name that several slots have, as processes of two pid namespaces may by chance, tells of none.

    Args:
        path: of the region.
        dead: `layout.owner_word` of each.

    Raises:
        as `read_region`.
    """
    with hostile(path, os.O_RDWR) as file:
        slots = _slots(file, path) or 0
        size = sizeof(layout.RegionSlot)
        content = _bytes(file, size * slots, layout.Region.slots.offset)
        owners = [owner for (owner,) in struct.iter_unpack(f"<Q{size - 8}x", content)]
        names = [owner & _OWNER for owner in owners]
        for index, (owner, name) in enumerate(zip(owners, names, strict=True)):
            if name in dead and names.count(name) == 1:
                slot = layout.Region.slots.offset + size * index
                place = slot + layout.RegionSlot.obituary.offset
                os.pwrite(file, owner.to_bytes(8, "little"), place)


def _slots(file: int, path: Path) -> int | None:
    """How many slots were ever owned; None before the first process."""
    stamp, slots = struct.unpack("<QI", _bytes(file, 12, layout.Region.stamp.offset))
    if stamp == 0:
        return None
    if stamp != layout.REGION_STAMP or slots > layout.MAX_SLOTS:
        raise Malformed(f"{path}: not a region")
    return int(slots)


def _used(file: int, index: int, slots: int) -> tuple[int, ...]:
    return struct.unpack(f"<{slots}Q", _bytes(file, 8 * slots, layout.used_offset(index)))


def _count(file: int, index: int, slots: int) -> Count:
    used = _used(file, index, slots)
    whole = layout.RegionCard.from_buffer_copy(
        _bytes(file, sizeof(layout.RegionCard), layout.region_card_offset(index))
    )
    numbers = (sum(used), whole.refused, whole.gpu_ns, whole.active_at)
    return Count(*(min(number, _MOST) for number in numbers))


@contextmanager
def hostile(path: Path, access: int = os.O_RDONLY) -> Iterator[int]:
    """Opens a file that a container can write, and what is no file not at all.

    Raises:
        Malformed: not a regular file.
        OSError: it cannot be opened; a link is not followed.
    """
    # A pipe put there would make open wait for ever, but for O_NONBLOCK.
    flags = access | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Malformed(f"{path}: not a regular file")
        yield descriptor
    finally:
        os.close(descriptor)


def _bytes(file: int, count: int, offset: int) -> bytes:
    content = os.pread(file, count, offset)
    if len(content) < count:
        raise Malformed("a region that was cut")
    return content
