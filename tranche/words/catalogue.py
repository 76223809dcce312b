"""The table of makers and models, ``models.toml`` beside this file, and how its words are read."""

import re
import tomllib
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

import msgspec

from tranche.words.request import Model

SIZE: Final = re.compile(r"(\d{1,4})(?:gb?|gib?)", re.ASCII)
_SHARED: Final = re.compile(r"-(?:SHARED|MIG-.*)$")


class Maker(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A maker's name as it is written, and the words that stand for all of its cards."""

    title: str
    words: tuple[str, ...]


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A word people use, what drivers report for it, and the memory of such cards in MiB."""

    word: str
    vendor: str
    names: tuple[str, ...]
    mib: tuple[int, ...] = ()


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The data file."""

    noise: frozenset[str]
    joined: frozenset[str]
    variants: frozenset[str]
    makers: dict[str, Maker]
    aliases: dict[str, str]
    ambiguous: dict[str, tuple[str, ...]]
    models: tuple[Row, ...]


@cache
def table() -> Table:
    """The data file, read once."""
    text = files("tranche.words").joinpath("models.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Table)


def tokens_of(words: str) -> tuple[str, ...]:
    """Lower-case tokens; a hyphen separates, save in the names that the table lists as joined."""
    found: list[str] = []
    for word in words.lower().replace("_", " ").split():
        joined = ""
        for piece in word.split("-"):
            if joined and f"{joined}-{piece}" in table().joined:
                found[-1] = joined = f"{joined}-{piece}"
            elif piece:
                found.append(piece)
                joined = piece
    return tuple(found)


def plain(tokens: tuple[str, ...]) -> tuple[str, ...]:
    """Without the makers' names, which some stacks report and others leave out."""
    return tuple(t for t in tokens if t not in table().noise)


@lru_cache(1024)
def tokens_reported(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tokens of a reported name: all of them, and those that tell the model."""
    tokens = tokens_of(_SHARED.sub("", name))
    return tokens, tuple(t for t in plain(tokens) if not SIZE.fullmatch(t))


@lru_cache(4096)
def split_maker(model: Model) -> tuple[str | None, Model]:
    """Whose card it is by the maker's name in front, and the model without that name.

    A model that is nothing but its maker has no tokens left.
    """
    maker, tokens = None, model.tokens
    while tokens:
        key, width = _leading(tokens)
        if key is None or maker not in (None, key):
            break
        maker, tokens = key, tokens[width:]
    return maker, Model(tokens, model.gigabytes)


@lru_cache(1024)
def makers_reporting(name: str) -> frozenset[str]:
    """Who makes cards that report this name: by the table, and by a maker's name in it."""
    tokens, telling = tokens_reported(name)
    rows = table().models
    known = {r.vendor for r in rows for one in r.names if tokens_reported(one)[1] == telling}
    leading = split_maker(Model(tokens))[0]
    return frozenset(known if leading is None else known | {leading})


def _leading(tokens: tuple[str, ...]) -> tuple[str | None, int]:
    for spelled, key in _makers():
        if tokens[: len(spelled)] == spelled:
            return key, len(spelled)
    return None, 0


@cache
def _makers() -> tuple[tuple[tuple[str, ...], str], ...]:
    """The makers' words as tokens, the longest first."""
    words = [
        (tokens_of(word), key) for key, maker in table().makers.items() for word in maker.words
    ]
    return tuple(sorted(words, key=lambda entry: -len(entry[0])))
