"""Numbers as they stand in a container's resources, which other people's programs wrote too."""

from fractions import Fraction
from typing import Final

from tranche.vendors.base import Asked
from tranche.words.errors import Refusal
from tranche.words.quantity import MAX_MIB, Quantity, parse_quantity, whole_mib

_EXAMPLE: Final = 3000


def quantity(asked: Asked, name: str) -> Quantity:
    """What a resource says.

    Raises:
        Refusal: not a quantity; the resource is in ``where``.
    """
    try:
        return parse_quantity(asked[name])
    except Refusal as refusal:
        raise refusal.at(name) from None


def whole(asked: Asked, name: str, most: int, *, least: int = 1, of: int = 1) -> int | None:
    """A whole number, or None where the resource is not asked for.

    Args:
        asked: the container's resources.
        name: the one that says it.
        most: that it may be, for each of ``of``.
        least: that it may be; 1 is what a person is told.
        of: cards that the number is shared out over; the answer is of each.

    Raises:
        Refusal: not whole, out of range, or not the same for each card.
    """
    if name not in asked:
        return None
    return _whole(asked, name, quantity(asked, name).value, most, least=least, of=of)


def mebibytes(
    asked: Asked, name: str, unit: int, *, of: int = 1, suffixes: bool = False
) -> tuple[int | None, tuple[str, ...]]:
    """Memory of one card in MiB, with a warning where a suffix was read as what it says.

    Args:
        asked: the container's resources.
        name: the one that says it.
        unit: MiB that a plain number counts by.
        of: cards that it is shared out over.
        suffixes: any suffix counts bytes, as this vendor's own programs have it; else only a binary
            one does, and ``3k`` is how the API server writes 3000.

    Raises:
        Refusal: nothing, not whole, or more than any card has.
    """
    if name not in asked:
        return None, ()
    written = str(asked[name]).strip()
    said = quantity(asked, name)
    if not said.binary and not (suffixes and written[-1:].isalpha()):
        example = max(1, _EXAMPLE // unit)
        return _whole(asked, name, said.value, MAX_MIB // unit, of=of, example=example) * unit, ()
    try:
        mib, warnings = whole_mib(said.value / of, written)
    except Refusal as refusal:
        raise refusal.at(name) from None
    if not suffixes:
        counts = "MiB" if unit == 1 else f"{unit} MiB each"
        each = "" if of == 1 else " of each card"
        read = (
            f"{name}: {written[:40]} is read as {mib} MiB{each}; a plain number there counts "
            f"{counts}"
        )
        warnings = (read, *warnings)
    return mib, warnings


def _whole(
    asked: Asked,
    name: str,
    value: Fraction,
    most: int,
    *,
    least: int = 1,
    of: int = 1,
    example: int = 1,
) -> int:
    if value.denominator != 1 or not least <= value <= most * of:
        raise Refusal(
            str(asked[name]),
            f"not a whole number from {max(least, 1)} to {most * of}",
            f"write such as {name}: {min(most, example) * of}",
            where=name,
        )
    each, rest = divmod(int(value), of)
    if rest:
        near = [str(n * of) for n in (each, each + 1) if 0 < n <= most]
        raise Refusal(
            str(asked[name]),
            f"it is of {of} cards together, and cannot be shared out equally",
            f"write {' or '.join(near)}",
            where=name,
        )
    return each
