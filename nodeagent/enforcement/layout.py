"""The two files that a slice's agent and processes share, as C lays them out.

Mirrors ``interposer/include/tranche/{limits,region}.h``, whose comments are the contract; a test
compiles a printer of the C offsets and compares.
"""

import uuid
from collections.abc import Sequence
from ctypes import (
    LittleEndianStructure,
    c_uint8,
    c_uint16,
    c_uint32,
    c_uint64,
    sizeof,
)
from dataclasses import dataclass
from typing import Final

from tranche.words.errors import Malformed

LIMITS_MAGIC: Final = 0x4D4C5254
LIMITS_VERSION: Final = 2
CORES_FIXED: Final = 0
CORES_BALANCE: Final = 1
CORES_NONE: Final = 2
SURCHARGE_WHOLE: Final = 1024
MAX_CARDS: Final = 32
MAX_SLOTS: Final = 1024
REGION_STAMP: Final = 0x24E475254
OWNER_PID_BITS: Final = 22
OWNER_START_BITS: Final = 21


class LimitsCard(LittleEndianStructure):
    """``struct tranche_limits_card``."""

    _fields_ = (
        ("uuid", c_uint8 * 16),
        ("memory_bytes", c_uint64),
        ("cores_percent", c_uint32),
        ("cores_policy", c_uint32),
        ("unaccounted_bytes", c_uint64),
        ("context_bytes", c_uint64),
        ("held_until", c_uint64),
        ("neighbours", c_uint32),
        ("surcharge", c_uint32),
    )


class Limits(LittleEndianStructure):
    """``struct tranche_limits``."""

    _fields_ = (
        ("magic", c_uint32),
        ("version", c_uint16),
        ("card_count", c_uint16),
        ("size", c_uint32),
        ("flags", c_uint32),
        ("generation", c_uint64),
        ("reserved", c_uint8 * 40),
        ("cards", LimitsCard * MAX_CARDS),
    )


class RegionCard(LittleEndianStructure):
    """``struct tranche_region_card``."""

    _fields_ = (
        ("refused", c_uint64),
        ("paced_until", c_uint64),
        ("gpu_ns", c_uint64),
        ("active_at", c_uint64),
        ("priced_ns", c_uint64),
        ("reserved", c_uint64 * 3),
    )


class RegionSlot(LittleEndianStructure):
    """``struct tranche_region_slot``."""

    _fields_ = (
        ("owner", c_uint64),
        ("pid_namespace", c_uint64),
        ("exec_mark", c_uint64),
        ("obituary", c_uint64),
        ("trying", c_uint32),
        ("reserved0", c_uint32),
        ("reserved", c_uint64 * 3),
    )


class Region(LittleEndianStructure):
    """``struct tranche_region``."""

    _fields_ = (
        ("stamp", c_uint64),
        ("slots_high", c_uint32),
        ("claims", c_uint32),
        ("reserved", c_uint64 * 6),
        ("cards", RegionCard * MAX_CARDS),
        ("reserved1", c_uint8 * 1984),
        ("slots", RegionSlot * MAX_SLOTS),
        ("used", (c_uint64 * MAX_SLOTS) * MAX_CARDS),
    )


LIMITS_SIZE: Final = sizeof(Limits)
REGION_SIZE: Final = sizeof(Region)


@dataclass(frozen=True, slots=True)
class Limit:
    """What a container may take of one card.

    Attributes:
        cores: percent; 0 for no share.
        policy: one of ``CORES_…``.
        neighbours: other slices that work on the card.
        context_bytes: what a context of the card takes; 0 where that is not known.
    """

    uuid: str
    memory_bytes: int
    cores: int
    policy: int
    neighbours: int
    context_bytes: int = 0


def pack_limits(limits: Sequence[Limit]) -> bytes:
    """The content of ``limits``.

    Raises:
        Malformed: more cards than fit, or a card whose uuid is none.
    """
    if len(limits) > MAX_CARDS:
        raise Malformed(f"{len(limits)} cards in one container, where {MAX_CARDS} can be held")
    file = Limits(
        magic=LIMITS_MAGIC,
        version=LIMITS_VERSION,
        card_count=len(limits),
        size=LIMITS_SIZE,
    )
    for index, limit in enumerate(limits):
        card: LimitsCard = file.cards[index]
        card.uuid[:] = uuid_bytes(limit.uuid)
        card.memory_bytes = limit.memory_bytes
        card.cores_percent = limit.cores
        card.cores_policy = limit.policy
        card.neighbours = limit.neighbours
        card.context_bytes = limit.context_bytes
    return bytes(file)


def uuid_bytes(text: str) -> bytes:
    """The 16 bytes of a card's uuid, such as ``GPU-0a1b…``, in the order of its text.

    Raises:
        Malformed: it is none.
    """
    _, _, digits = text.partition("-")
    try:
        return uuid.UUID(digits).bytes
    except ValueError as error:
        raise Malformed(f"card {text!r}: not a uuid") from error


def limits_field(index: int, name: str) -> tuple[int, int]:
    """Where a field of the ``index``-th card lies in ``limits``, and how many bytes it has."""
    field = getattr(LimitsCard, name)
    return Limits.cards.offset + index * sizeof(LimitsCard) + field.offset, field.size


def owner_word(pid: int, start: int) -> int:
    """How a slot names its owner, but for the number of the claim.

    Args:
        pid: in the process's own namespace.
        start: in clock ticks since boot.
    """
    low = start % (1 << OWNER_START_BITS)
    return low << OWNER_PID_BITS | pid % (1 << OWNER_PID_BITS)


def used_offset(index: int) -> int:
    """Where the ``index``-th card's counts, one of 8 bytes for each slot, begin in ``region``."""
    return Region.used.offset + index * MAX_SLOTS * 8


def region_card_offset(index: int) -> int:
    """Where what is told of the ``index``-th card as a whole lies in ``region``."""
    return Region.cards.offset + index * sizeof(RegionCard)
