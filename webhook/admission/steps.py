"""One step of a JSON patch (RFC 6902), and what it does in words."""

from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict


class Operation(TypedDict):
    """A step. RFC 6902: "add" on a member that is there replaces it; "remove" has no value."""

    op: str
    path: str
    value: NotRequired[Any]


@dataclass(frozen=True, slots=True)
class Change:
    """A step, and what it does in words."""

    operation: Operation
    words: str


def add(path: str, value: object, words: str) -> Change:
    """Put a value at a path."""
    return Change({"op": "add", "path": path, "value": value}, words)


def remove(path: str, words: str) -> Change:
    """Take away what is at a path."""
    return Change({"op": "remove", "path": path}, words)


def escape(key: str) -> str:
    """A member's name as a part of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")
