"""The lists of a sentence: makers and models joined by "or", and uuids joined by commas."""

import re
from collections.abc import Iterator
from typing import Final

from tranche.words.amounts import CLAUSES
from tranche.words.makers import one_maker, read_kind
from tranche.words.models import parse_model
from tranche.words.request import Model
from tranche.words.scanner import Cursor

MOST_MODELS: Final = 32
MOST_CARDS: Final = 64
UUID: Final = re.compile(r"(?=[^0-9]*[0-9])[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}", re.ASCII)
"""A driver's name for one card. It holds a digit, so it can never be a word of the grammar."""


def read_kinds(cursor: Cursor) -> tuple[str | None, tuple[Model, ...] | None]:
    """Step over makers and models; whose cards, and which of them, where that was said.

    A maker among its own models means all of its cards.

    Raises:
        Refusal: a word that names no model, too many, or two makers.
    """
    maker: str | None = None
    every = False
    models: dict[Model, None] = {}
    for phrase in _phrases(cursor):
        named, model = read_kind(phrase)
        one_maker(maker, [Model((named,))] if named else [])
        maker = maker or named
        if model is None:
            every = True
        else:
            models[model] = None
    one_maker(maker, models)
    return maker, None if every else tuple(models)


def read_models(cursor: Cursor) -> tuple[Model, ...]:
    """Step over models, to the end or the next clause; makers stand for all of their models.

    Raises:
        Refusal: a word that names no model, or too many.
    """
    return tuple(dict.fromkeys(map(parse_model, _phrases(cursor))))


def _phrases(cursor: Cursor) -> Iterator[str]:
    for _ in range(MOST_MODELS):
        words: list[str] = []
        while cursor and cursor.peek() not in ("or", ",", *CLAUSES):
            words.append(cursor.take())
        if not words:
            raise cursor.unknown("a model, such as A100")
        yield " ".join(words)
        if not cursor.accept("or", ","):
            return
        cursor.accept("or")
    raise cursor.refuse(f"more than {MOST_MODELS} models", "name fewer")


def read_cards(cursor: Cursor) -> tuple[str, ...]:
    """Step over uuids, to the end or the next clause.

    Raises:
        Refusal: a word that is no uuid, or too many.
    """
    cards: list[str] = []
    while True:
        if not UUID.fullmatch(cursor.peek()):
            raise cursor.unknown("the uuid of a card, as nvidia-smi -L lists it")
        card = cursor.take()
        if card not in cards:
            cards.append(card)
        if len(cards) > MOST_CARDS:
            raise cursor.refuse(f"more than {MOST_CARDS} uuids", "name fewer")
        if not cursor.accept(",", "or"):
            return tuple(cards)
