"""The sentence in which a slice is asked for, and its one normalised spelling.

::

    request   = [count "x"] amount ["on" models] ["not" "on" models] {option}
    amount    = memory ["and" cores] | cores | "half" | "quarter" | "whole" | partition
    memory    = a Kubernetes quantity with a unit | percent          per card
    cores     = percent "cores"                                      per card
    models    = model {("or" | ",") model}            a maker stands for all of its models
    option    = "spread" | "binpack" | "node-spread" | "node-binpack" | "same-numa"
              | ["not"] "card" uuid {"," uuid} | "priority" ("0" | "1")

The amount may be missing where a default can fill it in. Upper and lower case are one, and spaces
are forgiven; in a label ``_`` stands for a space and ``pct`` for ``%``.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from tranche.words.amounts import CLAUSES, read_amount, read_count
from tranche.words.errors import Refusal
from tranche.words.lists import read_cards, read_kinds, read_models
from tranche.words.makers import one_maker, print_kinds
from tranche.words.request import Mebibytes, Partition, Percent, Placing, Request, Slice, Whole
from tranche.words.said import Reading, Said, request_of
from tranche.words.scanner import Cursor

_EXPECTED: Final = (
    '"on" a model, "not on" a model, "spread", "binpack", "same-numa", "node-spread", '
    '"node-binpack", "card" or "not card" a uuid, or the end'
)
_OPTIONS: Final[dict[str, tuple[str, Any]]] = {
    "spread": ("card_policy", Placing.SPREAD),
    "binpack": ("card_policy", Placing.BINPACK),
    "node-spread": ("node_policy", Placing.SPREAD),
    "node-binpack": ("node_policy", Placing.BINPACK),
    "same-numa": ("same_numa", True),
}
_LISTS: Final[dict[str, Callable[[Cursor], Any]]] = {
    "not_models": read_models,
    "cards": read_cards,
    "not_cards": read_cards,
}


def parse_sentence(text: str, *, label: bool = False) -> Request:
    """The request that a sentence makes; ``Slice(None)`` where it names no amount.

    Raises:
        Refusal: a word that is not understood, or an amount that cannot be.
    """
    return request_of(read_sentence(text, label=label).said)


@lru_cache(1024)
def read_sentence(text: str, *, label: bool = False) -> Reading:
    """What a sentence says and leaves unsaid, with warnings for what was rounded.

    Kept for a while, since the pods of one workload all say the same.

    Raises:
        Refusal: as `parse_sentence`.
    """
    cursor = Cursor(text, label=label)
    if not cursor:
        raise cursor.refuse("an empty sentence", "write one such as 3000Mi on A100")
    count = read_count(cursor)
    amount, warnings = read_amount(cursor, counted=count is not None)
    parts: dict[str, Any] = {"count": count, "amount": amount}
    while cursor:
        for name, value in _clause(cursor).items():
            if value is not None and parts.get(name, value) not in (None, value):
                raise cursor.refuse(
                    f"{name.replace('_', ' ')} is said twice with two values", "say it once"
                )
            parts[name] = parts.get(name) if value is None else value
    one_maker(parts.get("vendor"), parts.get("models") or ())
    return Reading(Said(**parts), warnings)


def print_sentence(request: Request) -> str:
    """The normalised sentence: ``parse_sentence`` reads it back as the same request."""
    words = [] if request.count == 1 else [f"{request.count} x"]
    words += _printed_amount(request)
    if request.vendor is not None or request.models:
        words += ["on", print_kinds(request.vendor, request.models)]
    if request.not_models:
        words += ["not on", print_kinds(None, request.not_models)]
    for intro, cards in (("card", request.cards), ("not card", request.not_cards)):
        if cards:
            words += [intro, ", ".join(cards)]
    words += [] if request.card_policy is None else [request.card_policy.value]
    words += [] if request.node_policy is None else [f"node-{request.node_policy.value}"]
    words += ["same-numa"] if request.same_numa else []
    words += [] if request.priority is None else [f"priority {request.priority}"]
    return " ".join(words) or "1 x"


def _printed_amount(request: Request) -> list[str]:
    match request.amount:
        case Whole():
            return ["whole"]
        case Partition(name):
            return [name]
        case Slice(memory, cores):
            parts = [] if cores is None else [f"{cores}% cores"]
            match memory:
                case Mebibytes(mib):
                    parts.insert(0, f"{mib}Mi")
                case Percent(percent):
                    parts.insert(0, f"{percent}%")
            return [" and ".join(parts)] if parts else []


def _clause(cursor: Cursor) -> dict[str, Any]:
    """The next clause, as parts of `Said`; None where it leaves one open."""
    for word, (name, value) in _OPTIONS.items():
        if cursor.accept(word):
            return {name: value}
    if cursor.accept("priority"):
        return {"priority": _priority(cursor)}
    if cursor.accept("on"):
        vendor, models = read_kinds(cursor)
        return {"vendor": vendor, "models": models}
    part = {"card": "cards"}.get(cursor.peek())
    if part is None and cursor.peek() == "not":
        part = {"on": "not_models", "card": "not_cards"}.get(cursor.peek(1))
        if part is not None:
            cursor.take()
    if part is None:
        raise cursor.unknown(_EXPECTED, CLAUSES)
    cursor.take()
    return {part: _LISTS[part](cursor)}


def _priority(cursor: Cursor) -> int:
    if cursor.peek() not in ("0", "1"):
        raise cursor.unknown('"0" (high) or "1" (low)')
    return int(cursor.take())


__all__ = ["Refusal", "parse_sentence", "print_sentence", "read_sentence"]
