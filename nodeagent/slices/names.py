"""The names that Allocate hands out: one per answer, never used twice."""

import re
import secrets
from collections.abc import Iterable
from typing import Final

from tranche.words.names import CDI_KIND

_NAME: Final = re.compile(r"[0-9a-f]{16}")


def fresh_name() -> str:
    """The name of a slice to be; also that of its folder."""
    return secrets.token_hex(8)


def cdi_name(name: str) -> str:
    """As the container engine is told it: ``tranche.dev/slice=0123456789abcdef``."""
    return f"{CDI_KIND}={name}"


def our_names(cdi: Iterable[str]) -> tuple[str, ...]:
    """The slices among CDI names. What comes back is safe as a file's name."""
    prefix = f"{CDI_KIND}="
    names = (one.removeprefix(prefix) for one in cdi if one.startswith(prefix))
    return tuple(name for name in names if is_name(name))


def is_name(text: str) -> bool:
    """Whether `fresh_name` could have made it."""
    return _NAME.fullmatch(text) is not None
