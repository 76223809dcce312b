"""Holds a container to its slice by the files that the interposer in it reads and counts in."""

import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

from nodeagent.enforcement import layout
from tranche.words.assignment import Grant
from tranche.words.errors import Malformed

_MIB = 1 << 20


def files(grants: Sequence[Grant]) -> dict[str, bytes]:
    """The content of ``limits`` and of a fresh ``region`` for these grants.

    Raises:
        Malformed: more cards than the layout holds, or a uuid that does not fit.
    """
    return {
        "limits": layout.pack_limits(
            tuple(layout.Limit(g.card, g.mib * _MIB, g.cores) for g in grants)
        ),
        "region": layout.fresh_region(),
    }


def read_use(folder: Path, grants: Sequence[Grant]) -> Mapping[str, int]:
    """Bytes in use of each card, by uuid, as the container's processes count; empty when unknown.

    The container can write anything into its region, and cut it: the file is read, never mapped,
    and what it says goes no further than the numbers shown for that container.
    """
    try:
        used = layout.used_bytes(read_hostile(folder / "region", layout.REGION_SIZE))
    except (Malformed, OSError):
        return {}
    return {grant.card: mine for grant, mine in zip(grants, used, strict=False)}


def read_hostile(path: Path, size: int) -> bytes:
    """The first ``size`` bytes of a regular file that a container may write.

    Raises:
        Malformed: it is no regular file, or shorter.
        OSError: it cannot be opened; a link is not followed.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Malformed(f"{path}: not a regular file")
        content = os.pread(descriptor, size, 0)
    finally:
        os.close(descriptor)
    if len(content) < size:
        raise Malformed(f"{path}: {len(content)} bytes of {size}")
    return content


def resize(folder: Path, index: int, memory_bytes: int) -> None:
    """Changes what a running container may use of its ``index``-th card, in one aligned write.

    Raises:
        OSError: the limits are not there or not writable.
    """
    descriptor = os.open(folder / "limits", os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.pwrite(descriptor, memory_bytes.to_bytes(8, "little"), layout.memory_offset(index))
    finally:
        os.close(descriptor)
