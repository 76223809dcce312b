"""Steps on a container's environment: variables that its stack needs, and Tranche's library."""

from collections.abc import Iterator, Mapping
from typing import Final

from tranche.words.names import LIBRARY_PATH, LIBRARY_VARIABLE
from webhook.admission.steps import Change, add
from webhook.admission.view import Container

_SEPARATORS: Final = str.maketrans(" ", ":")


def environment(pointer: str, container: Container, wanted: Mapping[str, str]) -> Iterator[Change]:
    """The steps after which these variables are set."""
    first = container.env is None
    for name, value in wanted.items():
        # Of two variables with one name the last one counts, and any counts more than envFrom.
        places = [at for at, one in enumerate(container.env or ()) if one.name == name]
        known = (container.env or [])[places[-1]].value or "" if places else None
        value, words = _value(container, name, value, known)  # noqa: PLW2901
        if known == value:
            continue
        if places:
            yield add(f"{pointer}/env/{places[-1]}/value", value, words)
        elif first:
            yield add(f"{pointer}/env", [{"name": name, "value": value}], words)
            first = False
        else:
            yield add(f"{pointer}/env/-", {"name": name, "value": value}, words)


def _value(container: Container, name: str, value: str, known: str | None) -> tuple[str, str]:
    """What the variable becomes; the library stands before others that are loaded first."""
    who = f"container {container.name}: {name}"
    if name != LIBRARY_VARIABLE:
        return value, f"{who} is {value}"
    words = f"{who} begins with Tranche's library, which refuses memory past the slice"
    if known is None:
        return value, words + (
            "; what envFrom may bring of it gives way" if container.env_from else ""
        )
    if LIBRARY_PATH in known.translate(_SEPARATORS).split(":"):
        return known, words
    return f"{value}:{known}" if known else value, words
