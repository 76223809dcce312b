"""What was said, before anything is filled in: a request of which every part may be missing.

Words about one container come from several places. Places of equal rank must agree; a place of
higher rank fills what it leaves out from the next one below.
"""

from dataclasses import dataclass, fields, replace
from typing import Any

from tranche.words.errors import Refusal
from tranche.words.makers import vendor_of_any
from tranche.words.models import same_cards
from tranche.words.request import (
    Amount,
    Mebibytes,
    Model,
    Partition,
    Percent,
    Placing,
    Request,
    Slice,
    Whole,
)


@dataclass(frozen=True, slots=True)
class Said:
    """The parts of a `Request`; None where nothing was said of it.

    ``amount`` may be a `Slice` of which one half is None.
    """

    amount: Amount | None = None
    count: int | None = None
    models: tuple[Model, ...] | None = None
    not_models: tuple[Model, ...] | None = None
    cards: tuple[str, ...] | None = None
    not_cards: tuple[str, ...] | None = None
    card_policy: Placing | None = None
    node_policy: Placing | None = None
    same_numa: bool | None = None
    priority: int | None = None
    vendor: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """Words understood, and what the person should hear about them."""

    said: Said
    warnings: tuple[str, ...] = ()


_PARTS = tuple(field.name for field in fields(Said) if field.name != "amount")
_OF_ANY_MAKER = tuple(
    name for name in _PARTS if name not in ("vendor", "models", "not_models", "cards", "not_cards")
)
_MODELS = ("models", "not_models")
NOTHING = Said()


def agree(one: Said, other: Said, *, places: tuple[str, str]) -> Said:
    """Both together, said in two places of equal rank.

    Raises:
        Refusal: a part said twice with two values; both places are named.
    """
    parts: dict[str, Any] = {"amount": _agreed_amount(one.amount, other.amount, places)}
    for name in _PARTS:
        mine, theirs = getattr(one, name), getattr(other, name)
        same = same_cards if name in _MODELS else _same
        if mine is not None and theirs is not None and not same(mine, theirs):
            raise _contradiction(name.replace("_", " "), mine, theirs, places)
        parts[name] = theirs if mine is None else mine
    return Said(**parts)


def fill(said: Said, below: Said) -> Said:
    """What was said, and for what it leaves out the words of the next place below.

    Who asks for one maker's cards is not given models or cards of another's.
    """
    mine, theirs = (vendor_of_any(one.vendor, one.models or ()) for one in (said, below))
    parts = _PARTS if mine is None or theirs in (None, mine) else _OF_ANY_MAKER
    missing = {n: getattr(below, n) for n in parts if getattr(said, n) is None}
    return replace(said, amount=_filled_amount(said.amount, below.amount), **missing)


def gained(before: Said, after: Said) -> tuple[str, ...]:
    """The parts that were unsaid before, in words."""
    parts = [
        name.replace("_", " ")
        for name in _PARTS
        if getattr(before, name) is None and getattr(after, name) is not None
    ]
    mine, now = before.amount or Slice(None), after.amount
    if isinstance(now, Slice) and isinstance(mine, Slice):
        parts += ["memory"] if now.memory and not mine.memory else []
        parts += ["cores"] if now.cores and not mine.cores else []
    elif now != mine and now is not None:
        parts += ["the amount"]
    return tuple(parts)


def request_of(said: Said) -> Request:
    """The request, with the plainest value for each part that nobody spoke of."""
    return Request(
        amount=said.amount or Slice(None),
        count=said.count or 1,
        models=said.models or (),
        not_models=said.not_models or (),
        cards=said.cards or (),
        not_cards=said.not_cards or (),
        card_policy=said.card_policy,
        node_policy=said.node_policy,
        same_numa=bool(said.same_numa),
        priority=said.priority,
        vendor=said.vendor,
    )


def _filled_amount(mine: Amount | None, below: Amount | None) -> Amount | None:
    if mine is None or mine == Slice(None):
        return below
    if isinstance(mine, Slice) and isinstance(below, Slice):
        cores = below.cores if mine.cores is None else mine.cores
        return Slice(mine.memory or below.memory, cores)
    return mine


def _agreed_amount(
    mine: Amount | None, theirs: Amount | None, places: tuple[str, str]
) -> Amount | None:
    if mine is None or theirs is None:
        return mine or theirs
    if not isinstance(mine, Slice) or not isinstance(theirs, Slice):
        if mine != theirs:
            raise _contradiction("the amount", mine, theirs, places)
        return mine
    if mine.memory and theirs.memory and mine.memory != theirs.memory:
        raise _contradiction("memory", mine.memory, theirs.memory, places)
    if mine.cores and theirs.cores and mine.cores != theirs.cores:
        raise _contradiction("cores", mine.cores, theirs.cores, places)
    return Slice(mine.memory or theirs.memory, mine.cores or theirs.cores)


def _same(mine: object, theirs: object) -> bool:
    if isinstance(mine, tuple) and isinstance(theirs, tuple):
        return set(mine) == set(theirs)
    return mine == theirs


def _contradiction(part: str, mine: object, theirs: object, places: tuple[str, str]) -> Refusal:
    one, other = places
    return Refusal(
        "",
        f"{part} is said twice: {_shown(mine)} by {one}, and {_shown(theirs)} by {other}",
        "say it in one place",
    )


def _shown(value: object) -> str:  # noqa: PLR0911  one line a kind
    match value:
        case Mebibytes(mib):
            return f"{mib}Mi"
        case Percent(percent):
            return f"{percent}%"
        case Whole():
            return "whole"
        case Partition(name):
            return name
        case Slice(memory):
            return "a slice" if memory is None else _shown(memory)
        case Model(tokens, gigabytes):
            return " ".join(tokens).upper() + ("" if gigabytes is None else f" {gigabytes}G")
        case tuple():
            return " or ".join(map(_shown, value))
        case _:
            return str(value)
