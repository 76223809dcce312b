"""Where the demo works: a folder that goes away, and the programs that it starts and stops."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import msgspec

REPOSITORY: Final = Path(__file__).resolve().parents[3]
BUILD: Final = REPOSITORY / "build"
LIBRARY: Final = BUILD / "interposer" / "libtranche.so"
FILL: Final = BUILD / "tools" / "fill"
_PATIENCE: Final = 30.0


class DemoError(Exception):
    """The demo cannot go on, for a reason that its text gives."""


class Workshop:
    """Use as ``with``: on the way out every program is stopped and the folder is gone.

    Attributes:
        folder: for this run alone; short, since unix sockets' paths are.
    """

    def __init__(self) -> None:
        for file in (LIBRARY, FILL, BUILD / "fakes"):
            if not file.exists():
                raise DemoError(f"{file} is not built; run `make demo` in a clone of Tranche")
        self.folder = Path(tempfile.mkdtemp(prefix="tranche-"))
        self._running: list[tuple[str, subprocess.Popen[bytes]]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for _, process in self._running:
            process.terminate()
        for _, process in self._running:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, name: str, *argv: str) -> None:
        """Starts one of our programs; what it logs goes to ``<folder>/<name>.log``."""
        program = Path(sys.executable).with_name(argv[0])
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [str(program), *argv[1:]],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={"PATH": os.environ.get("PATH", "")},
            )
        self._running.append((name, process))

    def wait_for(self, what: str, ready: Callable[[], object]) -> None:
        """Returns once ``ready()``.

        Raises:
            DemoError: a program ended first, or it takes too long; with the end of the logs.
        """
        deadline = time.monotonic() + _PATIENCE
        while not ready():
            for name, process in self._running:
                if process.poll() is not None:
                    raise DemoError(f"{name} ended while waiting for {what}\n{self._tail(name)}")
            if time.monotonic() > deadline:
                tails = "\n".join(self._tail(name) for name, _ in self._running)
                raise DemoError(f"no {what} in {_PATIENCE:.0f} s\n{tails}")
            time.sleep(0.05)

    def said(self, name: str, event: str) -> dict[str, Any]:
        """What a program logged of an event, which logs lines of JSON; empty before it did."""
        for line in (self.folder / f"{name}.log").read_bytes().splitlines():
            with contextlib.suppress(msgspec.MsgspecError):
                logged = msgspec.json.decode(line, type=dict[str, Any])
                if logged.get("event") == event:
                    return logged
        return {}

    def _tail(self, name: str) -> str:
        log = (self.folder / f"{name}.log").read_text(errors="replace")
        return f"--- {name}\n" + "\n".join(log.splitlines()[-15:])
