"""Which nodes changed since a reader last looked, at a cost that the number of readers adds not to.

A change is one entry at the end of a list; each reader remembers how far it has read. The list is
cut from the front, and a reader who is behind the cut is told to look at everything.
"""

from collections.abc import Iterable
from typing import Final

KEPT: Final = 16_384
"""Entries. A reader further behind than this does better to look at all nodes anyway."""


class Changes:
    """The nodes in the order in which they changed."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._cut = 0

    def add(self, name: str) -> None:
        """A node changed, appeared or vanished."""
        self._names.append(name)
        if len(self._names) > 2 * KEPT:
            self._cut += len(self._names) - KEPT
            del self._names[:-KEPT]

    @property
    def now(self) -> int:
        """The place where a reader who looks at everything now begins to read."""
        return self._cut + len(self._names)

    def since(self, place: int) -> Iterable[str] | None:
        """The nodes that changed after ``place``, each once; None when that is no longer known."""
        if place < self._cut:
            return None
        return dict.fromkeys(self._names[place - self._cut :])
