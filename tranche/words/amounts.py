"""The first half of a sentence: how many cards, and how much of each."""

import re
from typing import Final

from tranche.words.quantity import read_memory, read_percent
from tranche.words.request import (
    MAX_COUNT,
    Amount,
    Mebibytes,
    Partition,
    Percent,
    Slice,
    Whole,
)
from tranche.words.scanner import IS_PARTITION, Cursor

CLAUSES: Final = (
    "on",
    "not",
    "spread",
    "binpack",
    "same-numa",
    "node-spread",
    "node-binpack",
    "card",
    "priority",
)
"""Words that open what comes after the amount."""

PARTS: Final = {"half": 50, "quarter": 25}
"""Words for parts of a card, in percent of its memory and of its cores."""

_EXPECTED: Final = 'an amount, such as 3000Mi, 50%, 8Gi and 30% cores, "half", or "whole"'
_PERCENT: Final = re.compile(r"[^%]*(%|pct|percent)", re.ASCII)
_NUMERIC: Final = re.compile(r"[+-]?\.?\d.*", re.ASCII)
_PLAIN: Final = re.compile(r"[+-]?[\d.]+", re.ASCII)


def count_of(written: str) -> int | None:
    """A number of cards, or None if it is none that can be asked for."""
    if not re.fullmatch(r"\d{1,9}", written, re.ASCII):
        return None
    return int(written) if 1 <= int(written) <= MAX_COUNT else None


def read_count(cursor: Cursor) -> int | None:
    """Step over ``2 x``; None where the sentence does not count.

    Raises:
        Refusal: a count of nothing, of a part, or of more than `MAX_COUNT`.
    """
    if cursor.peek(1) not in ("x", "×"):  # noqa: RUF001
        return None
    count = count_of(cursor.peek())
    if count is None:
        raise cursor.refuse(
            f'"{cursor.peek()[:40]}" is no number of cards', f"write one from 1 to {MAX_COUNT}"
        )
    cursor.take()
    cursor.take()
    return count


def read_amount(cursor: Cursor, *, counted: bool) -> tuple[Amount | None, tuple[str, ...]]:
    """Step over the amount; None where it is left to a default.

    Raises:
        Refusal: no such amount.
    """
    word = cursor.peek()
    if word in CLAUSES or (counted and not word):
        return None, ()
    if cursor.accept("whole"):
        return Whole(), ()
    if word in PARTS:
        cursor.take()
        return Slice(Percent(PARTS[word]), PARTS[word]), ()
    if IS_PARTITION.fullmatch(word):
        cursor.take()
        return Partition(word), ()
    if not _NUMERIC.fullmatch(word):
        raise cursor.unknown(_EXPECTED, ("whole", *PARTS, "x", *CLAUSES))
    return _read_slice(cursor)


def _read_slice(cursor: Cursor) -> tuple[Slice, tuple[str, ...]]:
    memory: Mebibytes | Percent | None = None
    cores: int | None = None
    warnings: tuple[str, ...] = ()
    while True:
        word = cursor.take()
        if cursor.accept("cores", "core"):
            if cores is not None:
                raise cursor.refuse("cores are said twice", "say them once")
            cores = _cores(cursor, word)
        elif memory is not None:
            raise _no_cores(cursor, word)
        elif _PERCENT.fullmatch(word.lower()):
            memory = Percent(read_percent(word))
            cursor.accept("memory")
        else:
            mib, warnings = read_memory(word)
            memory = Mebibytes(mib)
            cursor.accept("memory")
        if not cursor.accept("and"):
            return Slice(memory, cores), warnings
        if not _NUMERIC.fullmatch(cursor.peek()):
            raise cursor.unknown("a share of cores, such as 30% cores")


def _cores(cursor: Cursor, word: str) -> int:
    if _PLAIN.fullmatch(word):
        raise cursor.refuse(
            f'"{word[:40]} cores" is a number with no unit; cores are a share of the card',
            f"write {word[:40]}% cores",
        )
    return read_percent(word)


def _no_cores(cursor: Cursor, word: str) -> Exception:
    if _PERCENT.fullmatch(word.lower()) or _PLAIN.fullmatch(word):
        share = re.sub(r"[^\d.].*", "", word)
        return cursor.refuse(f'"{word[:40]}" of what?', f"write {share}% cores")
    return cursor.refuse("memory is said twice", "say it once")
