"""Ends and removes whatever of one cluster is still on the machine, whoever left it there.

Works from the state folder, the namespace's name and the kernel's own lists alone, so that it
is as good after a crash as after a clean run; a second call finds nothing to do.
"""

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from tests.e2e.cluster import mounts
from tests.e2e.cluster.console import HarnessError
from tests.e2e.cluster.network import Network
from tests.e2e.cluster.process import end

_CGROUPS = Path("/sys/fs/cgroup")
_PODS_CGROUP = "kubepods"  # the kubelet's name for it under the root


def processes(state: Path, network: Network) -> list[int]:
    """The programs of the cluster and the shims of its containers; not what runs in pods."""
    found = set(network.pids())
    socket = str(state / "containerd.sock")
    for folder in Path("/proc").glob("[0-9]*"):
        words = command_line(int(folder.name))
        if words and words[0].endswith("containerd-shim-runc-v2") and socket in words:
            found.add(int(folder.name))
    return sorted(found)


def command_line(pid: int) -> list[str]:
    """The words that the process was started with; none when it is gone."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    return []


def found(state: Path, network: Network) -> list[str]:
    """What is left of a cluster, in words; nothing after `clear`."""
    return [
        *(f"process {pid}: {' '.join(command_line(pid))}" for pid in processes(state, network)),
        *(f"process {pid} of a pod" for pid in _pod_processes()),
        *(f"mount {point}" for point in mounts.below(state)),
        *(f"control group {place}" for place in _pods_cgroups()),
        *(f"network namespace {path}" for path in [network.path] if path.exists()),
        *(f"folder {path}" for path in [state] if path.exists()),
    ]


def clear(state: Path, network: Network) -> None:
    """Ends every process of the cluster and removes its mounts, namespace and cgroups.

    Raises HarnessError where something will not go.
    """
    # Who starts containers goes first, or a pod's end would be answered with a new one.
    _end_all(lambda: processes(state, network), "processes")
    _thaw()
    _end_all(_pod_processes, "processes of pods")
    if left := mounts.detach(state):
        raise HarnessError(f"still mounted: {' '.join(left)}")
    network.down()
    _remove_cgroups()


def _end_all(find: Callable[[], list[int]], what: str) -> None:
    for _ in range(20):
        pids = find()
        if not pids:
            return
        end(pids, grace=0)
        time.sleep(0.05)
    raise HarnessError(f"{what} that do not end: {find()}")


def _pods_cgroups() -> list[Path]:
    # One per controller in version 1, one in all in version 2.
    places = [_CGROUPS / _PODS_CGROUP, *_CGROUPS.glob(f"*/{_PODS_CGROUP}")]
    return [place for place in places if place.is_dir()]


def _below(folder: Path) -> list[Path]:
    return [Path(name) for name, _, _ in os.walk(folder, topdown=False)]


def _pod_processes() -> list[int]:
    found: set[int] = set()
    for cgroup in (inner for place in _pods_cgroups() for inner in _below(place)):
        with contextlib.suppress(OSError):
            found.update(map(int, (cgroup / "cgroup.procs").read_text().split()))
    return sorted(found)


def _thaw() -> None:
    """A frozen process does not even notice that it was killed."""
    for cgroup in (inner for place in _pods_cgroups() for inner in _below(place)):
        for file, word in (("freezer.state", "THAWED"), ("cgroup.freeze", "0")):
            if (cgroup / file).exists():
                with contextlib.suppress(OSError):
                    (cgroup / file).write_text(word)


def _remove_cgroups() -> None:
    # The kernel lets a cgroup go only a moment after its last process.
    deadline = time.monotonic() + 10
    while places := _pods_cgroups():
        for cgroup in (inner for place in places for inner in _below(place)):
            with contextlib.suppress(OSError):
                cgroup.rmdir()
        if time.monotonic() > deadline:
            raise HarnessError(f"cgroups that do not go: {' '.join(map(str, places))}")
        time.sleep(0.02)
