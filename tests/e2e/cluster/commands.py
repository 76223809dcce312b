"""Running a command to its end, and asking until an answer is good."""

import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from tests.e2e.cluster.console import HarnessError

_Answer = TypeVar("_Answer")


class CommandError(HarnessError):
    """A command failed; `stderr` holds what it said."""

    def __init__(self, argv: Sequence[str], code: int, stderr: str) -> None:
        super().__init__(f"exit {code} from: {' '.join(argv)}\n{stderr.strip()}")
        self.code = code
        self.stderr = stderr


def run(argv: Sequence[str], stdin: str | None = None, cwd: Path | None = None) -> str:
    """Runs a command and answers its output. Raises CommandError when it fails."""
    done = subprocess.run(argv, input=stdin, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CommandError(argv, done.returncode, done.stderr)
    return done.stdout


def succeeds(argv: Sequence[str]) -> bool:
    """Whether the command ends well."""
    return subprocess.run(argv, capture_output=True, check=False).returncode == 0


def eventually(ask: Callable[[], _Answer], within: float = 60, every: float = 0.3) -> _Answer:
    """The first answer that is true, asked again while it is not or a command of it fails.

    After `within` seconds raises what the last asking raised, or HarnessError with its answer.
    """
    deadline = time.monotonic() + within
    while True:
        try:
            answer = ask()
        except CommandError:
            if time.monotonic() > deadline:
                raise
        else:
            if answer:
                return answer
            if time.monotonic() > deadline:
                raise HarnessError(f"after {within:.0f} s the answer is still {answer!r}")
        time.sleep(every)
