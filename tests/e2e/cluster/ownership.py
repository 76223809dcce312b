"""One cluster at a time on a machine: the kubelet's device plugin folder is the same for all.

A file says which state folder the running cluster has and, for one that a test run started,
which process that is. When that process is gone, the cluster is nobody's and may be cleared.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from tests.e2e.cluster.console import HarnessError
from tests.e2e.cluster.leftovers import command_line, processes
from tests.e2e.cluster.network import Network
from tests.e2e.cluster.process import start_time

_FILE = Path("/run/lock/tranche-e2e.json")


@dataclass(frozen=True, slots=True)
class Owner:
    """A cluster's state folder, and the process (pid, start time) it must not outlive."""

    state: Path
    holder: tuple[int, int] | None

    @property
    def holds(self) -> bool:
        """Whether anyone still wants the cluster; one made by hand is wanted while it runs."""
        if self.holder is None:
            return bool(processes(self.state, Network.of(self.state)))
        return start_time(self.holder[0]) == self.holder[1]


def this_process() -> tuple[int, int]:
    """This process, for `Owner.holder`."""
    pid = os.getpid()
    return pid, start_time(pid) or 0


@contextmanager
def _opened() -> Iterator[TextIO]:
    _FILE.parent.mkdir(parents=True, exist_ok=True)
    with _FILE.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        yield file


def _read(file: TextIO) -> Owner | None:
    text = file.read()
    if not text:
        return None
    value = json.loads(text)
    holder = value["holder"]
    return Owner(Path(value["state"]), (holder[0], holder[1]) if holder else None)


def current() -> Owner | None:
    """The cluster that was last claimed and not released."""
    with _opened() as file:
        return _read(file)


def claim(owner: Owner) -> Path | None:
    """Makes this the machine's cluster; answers the state folder of one nobody holds any more.

    Raises HarnessError where the machine is taken, with what to do about it.
    """
    with _opened() as file:
        before = _read(file)
        if before and before != owner and before.holds:
            by = f"process {before.holder[0]}" if before.holder else "hand"
            raise HarnessError(
                f"A cluster is running already, started by {by}, in {before.state}. "
                f"Use it with TRANCHE_E2E_STATE={before.state}, or end it with "
                f"`python -m tests.e2e.cluster --state {before.state} down`."
            )
        _refuse_other_kubelets({owner.state, *([before.state] if before else [])})
        file.truncate(0)
        holder = list(owner.holder) if owner.holder else None
        json.dump({"state": str(owner.state), "holder": holder}, file)
    return before.state if before and before.state != owner.state else None


def release(state: Path) -> None:
    """Says that the cluster with this state folder is no more."""
    with _opened() as file:
        owner = _read(file)
        if owner and owner.state == state:
            file.truncate(0)


def _refuse_other_kubelets(ours: set[Path]) -> None:
    known = {f"--root-dir={state}/kubelet" for state in ours}
    for folder in Path("/proc").glob("[0-9]*"):
        words = command_line(int(folder.name))
        if words and words[0].rpartition("/")[2] == "kubelet" and not known & set(words):
            raise HarnessError(f"This machine is a node already: kubelet, pid {folder.name}.")
