"""What the harness says to the person waiting for it, and how it says that it cannot go on."""

import sys


class HarnessError(Exception):
    """The cluster cannot be built, started or used; the message says why and what would help."""


def say(line: str) -> None:
    """Tells the person waiting what is going on."""
    print(f"[cluster] {line}", file=sys.stderr, flush=True)
