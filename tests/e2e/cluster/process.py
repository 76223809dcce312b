"""One long-running program of the cluster: its log, its pid file, its start and its end."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.cluster.console import HarnessError

_TAIL_LINES = 40


@dataclass(frozen=True, slots=True)
class Process:
    """A program that outlives who starts it; found again by its pid file in `folder`."""

    name: str
    argv: tuple[str, ...]
    folder: Path
    search_path: str

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    @property
    def _pid_file(self) -> Path:
        return self.folder / f"{self.name}.pid"

    @property
    def pid(self) -> int | None:
        """Its process id while it runs, else None."""
        with contextlib.suppress(FileNotFoundError, ValueError):
            pid, started = json.loads(self._pid_file.read_text())
            if start_time(pid) == started:
                return int(pid)
        return None

    def start(self) -> None:
        """Starts it in a session of its own, its output appended to its log."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            child = subprocess.Popen(
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, "PATH": self.search_path},
            )
        self._pid_file.write_text(json.dumps([child.pid, start_time(child.pid)]))
        # Popen would warn about a child still running; this one is meant to outlive it.
        child.returncode = 0

    def stop(self, grace: float = 20) -> None:
        """Asks it to end, and ends it after `grace` seconds; does nothing if it does not run."""
        pid = self.pid
        if pid is not None:
            end([pid], grace)
        self._pid_file.unlink(missing_ok=True)

    def kill(self) -> None:
        """Ends it as a crash would: SIGKILL, and no more."""
        self.stop(grace=0)

    def restart(self) -> None:
        self.stop()
        self.start()

    def wait_until(self, ready: Callable[[], bool], what: str, within: float = 120) -> None:
        """Waits until `ready()`.

        Raises HarnessError with the end of the log when the program dies or `within` seconds
        are over.
        """
        deadline = time.monotonic() + within
        while not ready():
            if self.pid is None:
                raise HarnessError(f"{self.name} ended before {what}.\n{self.tail()}")
            if time.monotonic() > deadline:
                raise HarnessError(f"{self.name}: not {what} in {within:.0f} s.\n{self.tail()}")
            time.sleep(0.2)

    def tail(self, lines: int = _TAIL_LINES) -> str:
        """The end of its log, with the log's path above it."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join([f"--- {self.log}", *text.splitlines()[-lines:]])


def start_time(pid: int) -> int | None:
    """When the process started, in ticks since boot; None when it is gone or a zombie.

    Together with the pid it names one process for as long as the machine is up (proc(5), stat).
    """
    try:
        # The name, in parentheses, may itself hold spaces and parentheses.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, started = fields[0], int(fields[19])
    return None if state in "ZX" else started


def end(pids: list[int], grace: float) -> None:
    """Ends these processes: SIGTERM, then, where `grace` seconds were not enough, SIGKILL."""
    born = {pid: started for pid in pids if (started := start_time(pid)) is not None}

    def left() -> list[int]:
        for pid in born:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)  # a zombie of our own goes only so
        return [pid for pid, started in born.items() if start_time(pid) == started]

    for number, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, 10.0)):
        if not patience:
            continue
        for pid in left():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        deadline = time.monotonic() + patience
        while left() and time.monotonic() < deadline:
            time.sleep(0.05)
