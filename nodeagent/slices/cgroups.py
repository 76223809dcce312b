"""Whether anything of a pod still runs, by the kernel's word: its cgroup.

A pod deleted by force is gone from the API at once and holds its cards' memory until its processes
are. Source of the names: Kubernetes, pkg/kubelet/cm: ``pod<uid>`` for the cgroupfs driver,
``…-pod<uid, - as _>.slice`` for systemd's.
"""

import os
import re
from pathlib import Path
from typing import Final

_POD: Final = re.compile(r"(?:.*-)?pod([0-9a-f][0-9a-f_-]{30,40})(?:\.slice)?")
_V1: Final = ("memory", "pids", "cpu", "devices")
_DEEPEST: Final = 7
"""Folders below the root: room for the kubelet's own root, its kubepods and the QoS class."""


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
