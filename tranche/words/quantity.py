"""Amounts as people and Kubernetes write them: memory in whole MiB, shares in whole percent.

Source of the suffixes: Kubernetes, "Resource Management", and apimachinery's ``resource.Quantity``.
"""

import re
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Final

from tranche.words.errors import Refusal, shorten

MAX_MIB: Final = 2 * 1024 * 1024
"""2 TiB: more than any card sold today has, and a bound on what a pod can make us add up."""

MAX_PERCENT: Final = 100
_MIB: Final = 1024**2
_BINARY: Final = {s: 1024 ** (n + 1) for n, s in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"))}
_DECIMAL: Final = {s: 1000 ** (n + 1) for n, s in enumerate("kMGTPE")}
_SMALL: Final = {"m": Fraction(1, 10**3), "u": Fraction(1, 10**6), "n": Fraction(1, 10**9)}
_EVERY: Final[dict[str, Fraction]] = {"": Fraction(1), **_SMALL} | {
    suffix: Fraction(size) for suffix, size in (_BINARY | _DECIMAL).items()
}
_SPELLED: Final = {spelling.lower(): s for s in _BINARY for spelling in (s, s + "B")}
_FORM: Final = re.compile(
    r"(?P<sign>[+-]?)(?P<number>\d{1,24}(?:\.\d{0,24})?|\.\d{1,24})"
    r"(?:[eE](?P<exponent>[+-]?\d{1,2})|(?P<suffix>[A-Za-z]{0,12}))",
    re.ASCII,
)
_BYTES_FROM: Final = 1_000_000
"""From here on a number without a unit is more likely bytes than MiB."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A quantity's value, and whether a binary suffix (``Mi``) said that it counts bytes."""

    value: Fraction
    binary: bool


def parse_quantity(written: str | float) -> Quantity:
    """A Kubernetes quantity as it stands in ``resources``, where a number is a number.

    Raises:
        Refusal: not a quantity.
    """
    text = str(written).strip()
    form = _FORM.fullmatch(text)
    if form is None or (form["suffix"] or "") not in _EVERY:
        raise Refusal(text, "not a quantity of Kubernetes", "write a whole number")
    value = Fraction(form["number"] + "0" if form["number"].endswith(".") else form["number"])
    value *= Fraction(10) ** int(form["exponent"] or 0) * _EVERY[form["suffix"] or ""]
    return Quantity(-value if form["sign"] == "-" else value, form["suffix"] in _BINARY)


def whole_mib(amount: Fraction, written: str) -> tuple[int, tuple[str, ...]]:
    """Bytes as whole MiB, rounded up, with a warning where that changed the amount.

    Raises:
        Refusal: nothing at all, or more than `MAX_MIB`.
    """
    if amount <= 0:
        raise Refusal(written, "memory is at least 1Mi", "write how much, such as 3000Mi")
    exact = amount / _MIB
    mib = ceil(exact)
    if mib > MAX_MIB:
        raise Refusal(written, "no card has as much", f"write at most {MAX_MIB}Mi per card")
    if mib == exact:
        return mib, ()
    return mib, (f"{shorten(written, 40)} is {float(exact):.2f} MiB, rounded up to {mib}Mi",)


def read_memory(written: str) -> tuple[int, tuple[str, ...]]:
    """Memory with a unit, in MiB, with warnings. The unit's case is forgiven where it can be.

    Raises:
        Refusal: no unit, a unit of two meanings, or an amount that no card has.
    """
    form = _FORM.fullmatch(written)
    if form is None:
        raise Refusal(written, "not an amount of memory", "write it as 3000Mi or 8Gi")
    number, suffix = form["number"], form["suffix"] or ""
    if form["exponent"] is not None or not suffix:
        raise _no_unit(written)
    if form["sign"] == "-":
        raise Refusal(written, "memory cannot be negative", f"write {number}{suffix}")
    unit = _SPELLED.get(suffix.lower()) or (suffix if suffix in _DECIMAL else None)
    if unit is None or unit == "k":
        raise _wrong_unit(written, number, suffix)
    return whole_mib(parse_quantity(number + unit).value, written)


def read_percent(written: str) -> int:
    """A share of a card, ``50%`` or ``50pct``, in whole percent.

    Raises:
        Refusal: not whole, or not of 1 to 100.
    """
    number = re.sub(r"(%|pct|percent)$", "", written.lower())
    if not re.fullmatch(r"\d{1,9}", number, re.ASCII) or not 1 <= int(number) <= MAX_PERCENT:
        raise Refusal(written, "a share is a whole percent from 1 to 100", "write it as 50%")
    return int(number)


def _no_unit(written: str) -> Refusal:
    """What a bare number may have meant depends on its size; two readings are always near."""
    amount = parse_quantity(written).value
    plain = str(amount.numerator) if amount.denominator == 1 else shorten(written, 40)
    few, percents = 16, MAX_PERCENT
    if 0 < amount <= few and amount.denominator == 1:
        cards = "1 card" if plain == "1" else f"{plain} cards"
        readings = f"{plain} x whole ({cards}) or {plain}Gi (memory per card)"
    elif amount <= percents:
        readings = f"{plain}Gi (memory) or {plain}% (a share of the card)"
    elif amount < _BYTES_FROM:
        readings = f"{plain}Mi or {plain}Gi"
    elif amount <= MAX_MIB:
        readings = f"{plain}Mi or {ceil(amount / _MIB)}Mi (if it was bytes)"
    else:
        gib = ceil(amount / _BINARY["Gi"])
        readings = f"{ceil(amount / _MIB)}Mi or {gib}Gi (if it was bytes)"
    return Refusal(written, "a number with no unit", f"write {readings}")


def _wrong_unit(written: str, number: str, suffix: str) -> Refusal:
    why = f"{suffix} is no unit of memory here"
    if suffix == "k":
        return Refusal(written, why, f"write {number}000Mi or {number}Gi")
    letter = suffix[0].upper()
    if letter in "KMGTPE":
        return Refusal(written, why, f"write {number}{letter}i")
    return Refusal(written, f"{suffix} is not a unit", f"write {number}Mi or {number}Gi")
