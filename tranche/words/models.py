"""Which card a person means by a model's name.

The facts are data, in ``models.toml`` beside this file. A name matches by whole tokens, never by a
part: ``A10`` is not ``A100``. A size is compared within a window, since what a driver reports moves
with ECC and its version; the window is the one that a fleet of mixed cards was calibrated with.
"""

import difflib
import re
from functools import lru_cache
from typing import Final

from tranche.words.catalogue import (
    SIZE,
    Row,
    makers_reporting,
    plain,
    split_maker,
    table,
    tokens_of,
    tokens_reported,
)
from tranche.words.errors import Refusal
from tranche.words.request import Model

SMALLEST: Final = 0.90
LARGEST: Final = 1.05
RESERVED: Final = frozenset(
    {"and", "or", "on", "not", "x", "whole", "core", "cores", "memory", "spread", "binpack"}
    | {"same-numa", "node-spread", "node-binpack", "card", "priority"}
)
"""Words of the grammar; none of them can stand in the name of a model."""

_TOKEN: Final = re.compile(r"[a-z0-9][a-z0-9.+]{0,39}", re.ASCII)


def parse_model(words: str) -> Model:
    """A model as a person names it: ``A100 80G``, ``NVIDIA-A100-SXM4-80GB``, ``910B4-1``.

    Raises:
        Refusal: nothing but a size, two sizes, a word of the grammar, or a name that several
            models of different kinds go by; the answer lists them.
    """
    names: list[str] = []
    sizes: set[int] = set()
    for token in tokens_of(words):
        size = SIZE.fullmatch(token)
        if size:
            sizes.add(int(size[1]))
        elif token in RESERVED or not (_TOKEN.fullmatch(token) or token in table().joined):
            raise Refusal(words, f'"{token}" cannot stand in the name of a model', _EXAMPLE)
        else:
            names.append(token)
    if not names:
        raise Refusal(words, "not the name of a model", _EXAMPLE)
    if len(sizes) > 1:
        raise Refusal(words, "two sizes for one model", "write one, such as A100 80G")
    candidates = table().ambiguous.get(" ".join(plain(tuple(names))))
    if candidates:
        raise Refusal(words, "several models go by this name", f"write {_either(candidates)}")
    return Model(tuple(names), sizes.pop() if sizes else None)


def print_model(model: Model) -> str:
    """The words that `parse_model` reads as this model."""
    size = () if model.gigabytes is None else (f"{model.gigabytes}G",)
    return " ".join(model.tokens + size)


def matches(model: Model, reported: str, mib: int) -> bool:
    """Whether a card that reports this name and this much memory is one of the model's."""
    return fits_size(model, mib) and is_called(model, reported)


def fits_size(model: Model, mib: int) -> bool:
    """Whether the memory is near enough to the size said, if one was."""
    if model.gigabytes is None:
        return True
    nominal = model.gigabytes * 1024
    return SMALLEST * nominal <= mib <= LARGEST * nominal


@lru_cache(4096)
def is_called(model: Model, reported: str) -> bool:
    """Whether the name alone matches: all tokens, side by side, and no variant's word after."""
    maker, rest = split_maker(model)
    if maker and not rest.tokens:
        return maker in makers_reporting(reported)
    tokens, name = tokens_reported(reported)
    wanted = plain(model.tokens)
    if not wanted:
        return set(model.tokens) <= set(tokens)
    wanted = tuple(table().aliases.get(" ".join(wanted), " ".join(wanted)).split())
    width = len(wanted)
    return any(
        name[at : at + width] == wanted
        and not table().variants.intersection(name[at + width :][:1])
        for at in range(len(name) - width + 1)
    )


def within(asked: Model, allowed: Model) -> bool:
    """Whether every card that the first means is sure to be one that the second means."""
    if allowed.gigabytes not in (None, asked.gigabytes):
        return False
    maker, rest = split_maker(allowed)
    if maker and not rest.tokens:
        return vendor_of_model(asked) == maker
    inner, outer = plain(asked.tokens), plain(allowed.tokens)
    if not outer:
        return set(allowed.tokens) <= set(asked.tokens)
    width = len(outer)
    return any(
        inner[at : at + width] == outer
        and not table().variants.intersection(inner[at + width :][:1])
        for at in range(len(inner) - width + 1)
    )


@lru_cache(4096)
def vendor_of_model(model: Model) -> str | None:
    """Whose cards a model's are; None where the table does not know it, or knows several."""
    maker, _ = split_maker(model)
    if maker is not None:
        return maker
    found = {row.vendor for row in rows_of(model)}
    return found.pop() if len(found) == 1 else None


def rows_of(model: Model) -> tuple[Row, ...]:
    """What the table knows of a model, whatever size was said."""
    return tuple(row for row in table().models if any(is_called(model, n) for n in row.names))


@lru_cache(4096)
def same_cards(some: tuple[Model, ...], others: tuple[Model, ...]) -> bool:
    """Whether these mean the same cards: in the same words, or in others that the table knows."""
    return set(some) == set(others) or (_meant(some) == _meant(others) != frozenset())


def _meant(models: tuple[Model, ...]) -> frozenset[tuple[str, int | None]]:
    """Names and sizes; none where one of the models is not known."""
    found = [
        {(n, model.gigabytes) for row in table().models for n in row.names if is_called(model, n)}
        for model in models
    ]
    return frozenset().union(*found) if all(found) else frozenset()


@lru_cache(4096)
def memory_of(model: Model) -> int | None:
    """MiB of one card as it is known to report, the least where it moves with ECC; or None.

    None where the model is not known, or has several sizes and none was said.
    """
    known = {mib for row in rows_of(model) for mib in row.mib if fits_size(model, mib)}
    if not known or not all(row.mib for row in rows_of(model)):
        return None
    return min(known) if min(known) >= SMALLEST * max(known) else None


@lru_cache(4096)
def remark_on(model: Model) -> str:
    """What a person should hear about a model that the table does not know; "" where it does."""
    maker, rest = split_maker(model)
    if maker and not rest.tokens:
        return ""
    rows = rows_of(model)
    if not rows:
        called = " ".join(model.tokens)
        words = {row.word.lower(): row.word for row in table().models}
        near = difflib.get_close_matches(called, list(words), 1, 0.7)
        hint = f" (did you mean {words[near[0]]}?)" if near else _stray(model)
        return f"no card that Tranche knows is called so{hint}; a node may still report one"
    sizes = sorted({mib for row in rows for mib in row.mib})
    if model.gigabytes is None or not sizes or any(fits_size(model, mib) for mib in sizes):
        return ""
    known = " or ".join(f"{round(mib / 1024)}G" for mib in sizes)
    return f"no such card that Tranche knows has {model.gigabytes}G, but {known}"


def _stray(model: Model) -> str:
    """A hint where a model is known by its first words, and one more follows that is none of it."""
    known = Model(model.tokens[:-1], model.gigabytes)
    if not known.tokens or remark_on(known):
        return ""
    last, options = model.tokens[-1], ("spread", "binpack", "same-numa", "card", "priority")
    near = difflib.get_close_matches(last, options, 1, 0.6)
    return f' (is "{last}" meant as {near[0]}?)' if near else f' ("{last}" is no option either)'


def _either(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"


_EXAMPLE: Final = "write a name such as A100, H100 NVL or 910B4"

__all__ = [
    "Row",
    "fits_size",
    "is_called",
    "matches",
    "memory_of",
    "parse_model",
    "print_model",
    "remark_on",
    "rows_of",
    "table",
    "vendor_of_model",
    "within",
]
