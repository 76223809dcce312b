"""Numbers in other systems' words, exactly as they stand: in MiB, in percent, and per card."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Final, Literal

from tranche.dialects.base import PodWords
from tranche.words.errors import Refusal, shorten
from tranche.words.quantity import MAX_MIB, MAX_PERCENT, Quantity, parse_quantity
from tranche.words.request import MAX_COUNT, Mebibytes, Slice
from tranche.words.said import Reading, Said
from tranche.words.scanner import check_length

ONE_CARD: Final = 100
"""Of those resources that count hundredths of a card."""

Unit = int | Literal["bytes"]
"""What one of a number stands for: so many MiB, or a byte."""

LONGEST_NUMBER: Final = 64
_MIB: Final = 1024**2
_LARGEST: Final = 10**40


@dataclass(frozen=True, slots=True)
class Field:
    """One value of a pod, and the place it stands in."""

    where: str
    written: str

    def refuse(self, why: str, remedy: str) -> Refusal:
        """A refusal that quotes the value and names the place."""
        return Refusal(self.written, why, remedy, where=self.where)

    def quantity(self) -> Quantity:
        """The number as Kubernetes reads it; none is negative.

        Raises:
            Refusal: not a quantity, or less than nothing.
        """
        try:
            check_length(self.written, LONGEST_NUMBER)
            quantity = parse_quantity(self.written)
        except Refusal as refusal:
            raise refusal.at(self.where) from None
        if quantity.value < 0:
            raise self.refuse("less than nothing", "write a number above 0")
        return quantity

    def whole(self, most: int = MAX_COUNT, least: int = 1) -> int:
        """A whole number within bounds, both of them allowed.

        Raises:
            Refusal: any other.
        """
        value = self.quantity().value
        if value.denominator != 1 or not least <= value <= most:
            raise self.refuse(
                f"not a whole number from {least} to {most}", f"write such as {max(least, 1)}"
            )
        return int(value)

    def percent(self, count: int = 1, of: int = 1) -> int:
        """A share of each card in whole percent, where ``of`` stands for a hundredth of one.

        Raises:
            Refusal: a remainder, nothing, or more than a card has.
        """
        return self.share(self.quantity().value * of, count)

    def share(self, percent: Fraction, count: int = 1) -> int:
        """Percent that are the sum over so many cards, as those of each.

        Raises:
            Refusal: as `percent`.
        """
        each = percent / count
        if not 0 < each <= MAX_PERCENT:
            of = "a card" if count == 1 else f"{count} cards"
            raise self.refuse(
                f"{_shown(percent)}% of {of} cannot be had",
                f"write what comes to 1 to {MAX_PERCENT}% of each",
            )
        if each.denominator != 1:
            low, high = max(floor(each), 1), ceil(each)
            raise self.refuse(
                f"{_shown(each)}% of a card is not a whole percent",
                f"write what comes to {low}% or {high}% of each card",
            )
        return int(each)

    def memory(self, unit: Unit, count: int = 1) -> tuple[Mebibytes, tuple[str, ...]]:
        """Memory of each card, from a number that counts ``unit``, or bytes by its suffix.

        Raises:
            Refusal: a remainder, nothing, or more than a card has.
        """
        quantity = self.quantity()
        if unit == "bytes":
            return self.bytes(quantity.value, count)
        if not quantity.binary:
            return self.mib(quantity.value * unit, count), ()
        memory, warnings = self.bytes(quantity.value, count)
        counts = "MiB" if unit == 1 else f"{unit} MiB"
        said = f"{self.where}: {shorten(self.written, 40)} is read as the bytes it says"
        return memory, (f"{said}; a plain number there counts {counts}", *warnings)

    def bytes(self, value: Fraction, count: int = 1) -> tuple[Mebibytes, tuple[str, ...]]:
        """Bytes over so many cards as MiB of each; of one card alone they are rounded up.

        Raises:
            Refusal: as `memory`.
        """
        exact = value / _MIB
        if count > 1 or exact.denominator == 1 or exact <= 0:
            return self.mib(exact, count), ()
        memory = self.mib(Fraction(ceil(exact)))
        shown = shorten(self.written, 40)
        return memory, (f"{self.where}: {shown} is rounded up to {memory.mib}Mi",)

    def mib(self, total: Fraction, count: int = 1) -> Mebibytes:
        """MiB over so many cards as whole MiB of each.

        Raises:
            Refusal: as `memory`.
        """
        each = total / count
        if not 0 < each <= MAX_MIB:
            raise self.refuse(
                f"{_shown(each)} MiB of a card cannot be had", f"ask for 1 to {MAX_MIB} MiB of each"
            )
        if each.denominator != 1:
            near = f"{max(floor(each), 1)} or {ceil(each)} MiB of each"
            raise self.refuse(
                f"{_shown(total)} MiB over {count} cards leaves a remainder"
                if count > 1
                else f"{_shown(each)} MiB is not whole",
                f"ask for what comes to {near}",
            )
        return Mebibytes(int(each))

    def cards(self) -> int | None:
        """How many whole cards so many hundredths are; None for a part of one.

        Raises:
            Refusal: above one card, and not whole cards.
        """
        value = self.quantity().value
        if value < ONE_CARD:
            return None
        if value % ONE_CARD or value > MAX_COUNT * ONE_CARD:
            raise self.refuse(
                f"above {ONE_CARD} it means whole cards, {MAX_COUNT} at most",
                f"write a multiple of {ONE_CARD}, or less than {ONE_CARD}",
            )
        return int(value / ONE_CARD)


def field(values: Mapping[str, str | int | float], name: str, kind: str = "") -> Field | None:
    """The value of that name; None where there is none.

    An annotation of blanks says nothing; a resource of blanks is no quantity.

    Raises:
        Refusal: an integer of more digits than any quantity has.
    """
    if name not in values:
        return None
    where = f"{kind} {name}".strip()
    value = values[name]
    if isinstance(value, int) and abs(value) > _LARGEST:
        raise Refusal("", "a number out of all bounds", "write less", where=where)
    written = str(value).strip()
    return None if kind and not written else Field(where, written)


def kept(
    values: Mapping[str, str], request: str, limit: str, kind: str
) -> tuple[Field | None, tuple[str, ...]]:
    """Of a request and a limit the larger, which is the limit: Tranche has one number for both.

    Raises:
        Refusal: a limit below its request.
    """
    asked, most = field(values, request, kind), field(values, limit, kind)
    if asked is None or most is None:
        return most or asked, ()
    least, value = asked.quantity().value, most.quantity().value
    if value < least:
        raise most.refuse(f"less than {asked.where}", "write the two alike")
    if value == least:
        return most, ()
    told = f"{asked.where}: {shorten(asked.written, 40)} is lost, as the limit is larger and kept"
    return most, (told,)


def spokesman(pod: PodWords, named: Field | None = None) -> str:
    """The container that words about the whole pod mean: the one named, else the pod's default.

    Raises:
        Refusal: the pod has no such container, or none.
    """
    if named is not None:
        if named.written not in pod.containers:
            listed = ", ".join(shorten(name, 63) for name in list(pod.containers)[:8]) or "none"
            raise named.refuse("the pod has no such container", f"it has {listed}")
        return named.written
    if pod.default not in pod.containers:
        raise Refusal("", "the pod has no container to speak for", "give it one")
    return pod.default


def unsized(what: str, vendor: str | None) -> Reading:
    """A slice of which the other system says no size: a default must, or the pod is refused."""
    return Reading(
        Said(amount=Slice(None), vendor=vendor),
        (f"{what} carries no amount of memory: the namespace's default says how much",),
    )


def _shown(value: Fraction) -> str:
    """The number for people: exact where it is short."""
    if value.denominator == 1 and value < _LARGEST:
        return str(value.numerator)
    return f"{float(value):.6g}" if value < _LARGEST else "far too many"
