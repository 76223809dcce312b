"""The settings of vendors and dialects, which are the fields of their classes."""

from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from tests.docs.making.docstrings import attributes
from tests.docs.making.page import code, codes


def settings_of(kind: type[msgspec.Struct], leaving: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Rows of name, values, default and meaning, of all fields that a class or its bases name."""
    told: dict[str, str] = {}
    for one in reversed(kind.__mro__):
        told |= attributes(one)
    hints = get_type_hints(kind)
    return [
        (
            code(field.encode_name),
            _values(hints[field.name]),
            _default(field.default),
            told[field.name],
        )
        for field in msgspec.structs.fields(kind)
        if field.name not in leaving
    ]


def choices_of(kind: type[msgspec.Struct]) -> dict[str, tuple[object, ...]]:
    """The values of those settings that have few."""
    hints = get_type_hints(kind)
    found = {name: _choices(hints[name]) for name in kind.__struct_fields__}
    return {name: values for name, values in found.items() if values}


def _choices(hint: Any) -> tuple[object, ...]:
    if get_origin(hint) is Literal:
        return get_args(hint)
    if hint is bool:
        return (True, False)
    return tuple(value for one in get_args(hint) for value in _choices(one))


def _values(hint: Any) -> str:
    if _choices(hint):
        return codes(
            str(value).lower() if value in (True, False) else value for value in _choices(hint)
        )
    parts = [one for one in get_args(hint) if one is not type(None)]
    if parts:
        return _values(parts[0])
    return {int: "a number", str: "a name"}.get(hint, "names")


def _default(value: object) -> str:
    if value in (None, ""):
        return "unset"
    if isinstance(value, bool):
        return code(str(value).lower())
    return code(value) if isinstance(value, str | int) else "HAMi's"
