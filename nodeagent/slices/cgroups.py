"""What of a pod still runs, and whose a process is, by the kernel's word: its cgroup.

A pod deleted by force is gone from the API at once and holds its cards' memory until its processes
are. Source of the names: Kubernetes, pkg/kubelet/cm: ``pod<uid>`` for the cgroupfs driver,
``…-pod<uid, - as _>.slice`` for systemd's. In it engines make a folder per container, named by the
id that they have of it: ``<id>``, or ``<engine>-<id>.scope`` under systemd.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_POD: Final = re.compile(r"(?:.*-)?pod([0-9a-f][0-9a-f_-]{30,40})(?:\.slice)?")
_CONTAINER: Final = re.compile(r"(?:.*-)?([0-9a-f]{64})(?:\.scope)?")
_LONGEST: Final = 65536
"""Bytes read of ``/proc/<pid>/cgroup``: some 14 lines, each with a path of at most 4096."""

_V1: Final = ("memory", "pids", "cpu", "devices")
_DEEPEST: Final = 7
"""Folders below the root: room for the kubelet's own root, its kubepods and the QoS class."""


@dataclass(frozen=True, slots=True)
class Home:
    """Where a process lives.

    Attributes:
        pod: its uid.
        container: the engine's id of it; empty when the process is in none.
    """

    pod: str
    container: str


def read_home(proc: Path, pid: int) -> Home | None:
    """Where a process lives, or None when it is in no pod.

    Args:
        proc: where procfs is mounted.
        pid: as that procfs counts.

    Raises:
        OSError: there is no such process to be seen.
    """
    descriptor = os.open(f"{proc}/{pid}/cgroup", os.O_RDONLY | os.O_CLOEXEC)
    try:
        return home(os.read(descriptor, _LONGEST).decode(errors="replace"))
    finally:
        os.close(descriptor)


def home(cgroups: str) -> Home | None:
    """The same from the content of ``/proc/<pid>/cgroup``.

    Of each path the outermost pod counts, then the folder right below it: whatever cgroups a
    container makes for itself, they lie within its own.
    """
    for line in cgroups.splitlines():
        names = iter(line.split(":", 2)[-1].split("/"))
        for name in names:
            if pod := _POD.fullmatch(name):
                container = _CONTAINER.fullmatch(next(names, ""))
                return Home(pod[1].replace("_", "-"), container[1] if container else "")
    return None


def pods_with_cgroups(root: Path) -> frozenset[str]:
    """The uids of all pods that have a cgroup under ``root``, which is v2's or v1's mount point."""
    found: set[str] = set()
    bases = (root / name for name in _V1)
    base = root
    if not (root / "cgroup.controllers").exists():
        base = next((one for one in bases if one.is_dir()), root)
    _walk(str(base), 0, found)
    return frozenset(found)


def _walk(folder: str, depth: int, found: set[str]) -> None:
    try:
        with os.scandir(folder) as entries:
            names = [e.name for e in entries if e.is_dir(follow_symlinks=False)]
    except OSError:
        return  # a cgroup may go at any moment
    for name in names:
        pod = _POD.fullmatch(name)
        if pod is not None:
            found.add(pod[1].replace("_", "-"))
        elif depth < _DEEPEST:
            _walk(f"{folder}/{name}", depth + 1, found)
