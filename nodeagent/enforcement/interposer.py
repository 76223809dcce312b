"""Holds a container to its slice by the limits that the interposer in it obeys."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from nodeagent.enforcement import layout
from nodeagent.enforcement.region import Count, read_region
from tranche.words.assignment import Grant
from tranche.words.errors import Malformed

_MIB = 1 << 20


def limits(grants: Sequence[Grant]) -> bytes:
    """The content of ``limits`` for these grants, in their order.

    Raises:
        Malformed: more cards than the layout holds, or a uuid that is none.
    """
    return layout.pack_limits([layout.Limit(g.card, g.mib * _MIB, g.cores) for g in grants])


def read_use(folder: Path, grants: Sequence[Grant]) -> Mapping[str, Count]:
    """What a slice's processes count of each card, by uuid; empty when that cannot be known."""
    try:
        return read_region(folder / "region", [grant.card for grant in grants])
    except (Malformed, OSError):
        return {}


def resize(folder: Path, index: int, memory_bytes: int) -> None:
    """Changes what a running container may use of its ``index``-th card.

    One aligned store into the file that the container has mounted, then the generation.

    Raises:
        OSError: the limits are not there or not writable.
    """
    generation = layout.Limits.generation.offset
    descriptor = os.open(folder / "limits", os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.pwrite(descriptor, memory_bytes.to_bytes(8, "little"), layout.memory_offset(index))
        count = int.from_bytes(os.pread(descriptor, 8, generation), "little") + 1
        os.pwrite(descriptor, count.to_bytes(8, "little"), generation)
    finally:
        os.close(descriptor)
