"""Holds a container to its slice by the limits that the interposer in it obeys."""

import os
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final

import structlog

from nodeagent.enforcement import layout
from nodeagent.enforcement.region import Count, read_region
from tranche.words.assignment import Grant
from tranche.words.errors import Malformed

_MIB = 1 << 20

_log = structlog.get_logger("limits")


class CoresPolicy(StrEnum):
    """When a share of a card's cores is held to; HAMi: force, default, disable."""

    FIXED = "fixed"
    BALANCE = "balance"
    NONE = "none"


_NUMBERS: Final = {
    CoresPolicy.FIXED: layout.CORES_FIXED,
    CoresPolicy.BALANCE: layout.CORES_BALANCE,
    CoresPolicy.NONE: layout.CORES_NONE,
}


def limits(
    grants: Sequence[Grant],
    policy: CoresPolicy = CoresPolicy.FIXED,
    context: Callable[[Grant], int] = lambda _grant: 0,
) -> bytes:
    """The content of ``limits`` for these grants, in their order.

    Whether somebody else works on the cards is not known yet, so it says that one does.

    Args:
        grants: one for each card.
        policy: when the shares of cores are held to.
        context: bytes that a context takes of a grant's card; 0 where that is not known.

    Raises:
        Malformed: more cards than the layout holds, or a uuid that is none.
    """
    return layout.pack_limits(
        [
            layout.Limit(
                g.card,
                g.mib * _MIB,
                g.cores,
                _NUMBERS[policy],
                neighbours=1,
                context_bytes=context(g),
            )
            for g in grants
        ]
    )


def read_use(folder: Path, grants: Sequence[Grant]) -> Mapping[str, Count]:
    """What a slice's processes count of each card, by uuid; empty when that cannot be known."""
    try:
        return read_region(folder / "region", [grant.card for grant in grants])
    except (Malformed, OSError):
        return {}


def read_unaccounted(folder: Path, grants: Sequence[Grant]) -> Mapping[str, int]:
    """What a slice is charged of each card beyond its count, in bytes by uuid.

    Empty when its limits cannot be read.
    """
    cards = read_cards(folder, grants)
    return {uuid: int(card.unaccounted_bytes) for uuid, card in cards.items()}


def read_cards(folder: Path, grants: Sequence[Grant]) -> Mapping[str, layout.LimitsCard]:
    """What the limits of a slice say, in their order, by the card's uuid.

    Empty when they cannot be read.
    """
    try:
        file = layout.Limits.from_buffer_copy((folder / "limits").read_bytes())
    except (OSError, ValueError):
        return {}
    cards = zip(grants, file.cards, strict=False)
    return {grant.card: card for grant, card in cards}


def tell(folder: Path, index: int, **fields: int) -> bool:
    """As `change`; False where that cannot be done, since the slice has gone, say."""
    try:
        change(folder, index, **fields)
    except OSError as error:
        _log.debug("limits cannot be changed", folder=str(folder), why=str(error))
        return False
    return True


def change(folder: Path, index: int, **fields: int) -> None:
    """Changes, while its container runs, what the limits say of its ``index``-th card.

    Each field of `layout.LimitsCard` is one aligned store into the file that the container has
    mounted; then the generation.

    Raises:
        OSError: the limits are not there or not writable.
    """
    generation = layout.Limits.generation.offset
    descriptor = os.open(folder / "limits", os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        for name, value in fields.items():
            place, size = layout.limits_field(index, name)
            os.pwrite(descriptor, value.to_bytes(size, "little"), place)
        count = int.from_bytes(os.pread(descriptor, 8, generation), "little") + 1
        os.pwrite(descriptor, count.to_bytes(8, "little"), generation)
    finally:
        os.close(descriptor)
