"""What slices exist of cards that cannot be cut freely; the facts are in ``sizes.toml``.

A size is chosen by all that is asked of it, memory and compute, and is the least that has both.
"""

import tomllib
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files
from math import ceil

import msgspec

from tranche.words.errors import Refusal
from tranche.words.models import Row, fits_size, memory_of, parse_model, rows_of
from tranche.words.quantity import MAX_PERCENT
from tranche.words.request import Mebibytes, Model, Percent, Request, Slice, Whole
from tranche.words.sentence import print_sentence


class Size(msgspec.Struct, frozen=True, array_like=True):
    """A slice that exists: its name, MiB, and equal parts of the card's compute."""

    name: str
    mib: int
    parts: int


class Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The slices of some models; see the head of the data file."""

    vendor: str
    sizes: tuple[Size, ...]
    models: tuple[str, ...] = ()
    mib: int | None = None
    parts: int = 0
    variants: tuple[tuple[str, str], ...] = ()

    def cores(self, size: Size) -> int | None:
        """Percent of the card's compute that comes with a size; None where none does."""
        return size.parts * MAX_PERCENT // self.parts if self.parts else None

    def named(self, name: str) -> Size | None:
        """The size of this name, or of this variant."""
        wanted = dict(self.variants).get(name, name)
        return next((size for size in self.sizes if wanted and size.name == wanted), None)


class Profiles(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Names of partitions that cards of these models can be cut into."""

    models: tuple[str, ...]
    names: tuple[str, ...]


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    cards: tuple[Card, ...]
    profiles: tuple[Profiles, ...]


@cache
def sizes() -> _Table:
    """The data file, read once."""
    text = files("tranche.vendors").joinpath("sizes.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), _Table)


@lru_cache(1024)
def card_of(vendor: str, models: tuple[Model, ...]) -> Card | None:
    """What slices exist on every one of these models; None where that is not known."""
    rows = [card for card in sizes().cards if card.vendor == vendor]
    general = next((card for card in rows if not card.models), None)
    words = {row.word for model in models for row in _rows(model)}
    own = {word: next((c for c in rows if word in c.models), general) for word in words}
    cards = list(dict.fromkeys(own.values())) if own else [general]
    first = cards[0]
    if first is None or None in cards:
        return None
    common = tuple(size for size in first.sizes if all(c and size in c.sizes for c in cards))
    known = {memory_of(model) for model in models} or {None}
    mib = first.mib if first.mib and len(cards) == 1 else _least(known)
    kept = tuple(size for size in common if mib is None or size.mib <= mib)
    return msgspec.structs.replace(first, sizes=kept, mib=mib)


@lru_cache(1024)
def profiles_of(models: tuple[Model, ...]) -> frozenset[str]:
    """Names of partitions that one of these models has; all there are where none is known."""
    found = {
        name
        for row in sizes().profiles
        for name in row.names
        if any(_meet(model, parse_model(word)) for model in models for word in row.models)
    }
    return frozenset(found) if found else every_profile()


@cache
def every_profile() -> frozenset[str]:
    """Names of all partitions of the table."""
    return frozenset(name for row in sizes().profiles for name in row.names)


def fit_size(amount: Slice, card: Card, called: str) -> tuple[Slice | Whole, tuple[str, ...]]:
    """The least size that has what is asked, or the whole card, with a warning where it is more.

    Raises:
        Refusal: more than the card has, or a share of a card of unknown memory.
    """
    needed = _needed(amount, card, called)
    chosen = next((one for one in card.sizes if _holds(card, one, needed, amount.cores)), None)
    asked = print_sentence(Request(amount))
    if chosen is None:
        if card.mib is None or needed > card.mib:
            raise _too_much(asked, card, called)
        why = f"no slice of {called} is as large"
        said = f"{asked} is rounded up to a whole card, {card.mib}Mi: {why}"
        return Whole(), () if needed == card.mib or amount.cores == MAX_PERCENT else (said,)
    cores = amount.cores if not card.parts else card.cores(chosen)
    fitted = Slice(Mebibytes(chosen.mib), cores)
    grown = needed != chosen.mib or amount.cores not in (None, cores)
    name = f" ({chosen.name})" if chosen.name else ""
    given = print_sentence(Request(fitted))
    why = f"the least slice of {called} that has it"
    return fitted, (f"{asked} is rounded up to {given}{name}, {why}",) if grown else ()


def _holds(card: Card, size: Size, mib: int, cores: int | None) -> bool:
    enough = cores is None or not card.parts or size.parts * MAX_PERCENT >= cores * card.parts
    return size.mib >= mib and enough


def _needed(amount: Slice, card: Card, called: str) -> int:
    match amount.memory:
        case Mebibytes(mib):
            return mib
        case Percent(percent) if card.mib is not None:
            return ceil(card.mib * percent / MAX_PERCENT)
        case Percent(percent):
            raise Refusal(
                f"{percent}%",
                f"the memory of {called} is not known, so a share of it is no size",
                f"write how much, such as {card.sizes[0].mib}Mi",
            )
        case None:
            return 0


def _too_much(asked: str, card: Card, called: str) -> Refusal:
    if card.mib is not None:
        return Refusal(asked, f"{called} has {card.mib} MiB", "ask for no more than that")
    largest = card.sizes[-1].mib
    return Refusal(asked, f"no slice of {called} is as large", f"ask for {largest}Mi, or whole")


def _rows(model: Model) -> Iterator[Row]:
    """Of the rows that a model's word means, those of the size that was said."""
    for row in rows_of(model):
        if not row.mib or any(fits_size(model, mib) for mib in row.mib):
            yield row


def _least(known: set[int | None]) -> int | None:
    sure = [mib for mib in known if mib is not None]
    return min(sure) if len(sure) == len(known) and sure else None


def _meet(one: Model, other: Model) -> bool:
    """Whether some card can be both."""
    words = {row.word for row in rows_of(one)} & {row.word for row in rows_of(other)}
    sized = None in (one.gigabytes, other.gigabytes) or one.gigabytes == other.gigabytes
    return bool(words) and sized
