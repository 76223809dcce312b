"""The lists of a sentence: models joined by "or", and uuids joined by commas."""

import re
from typing import Final

from tranche.words.amounts import CLAUSES
from tranche.words.models import parse_model
from tranche.words.request import Model
from tranche.words.scanner import Cursor

MOST_MODELS: Final = 32
MOST_CARDS: Final = 64
UUID: Final = re.compile(r"(?=[^0-9]*[0-9])[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}", re.ASCII)
"""A driver's name for one card. It holds a digit, so it can never be a word of the grammar."""


def read_models(cursor: Cursor) -> tuple[Model, ...]:
    """Step over models, to the end or the next clause.

    Raises:
        Refusal: a word that names no model, or too many.
    """
    models: list[Model] = []
    while True:
        words: list[str] = []
        while cursor and cursor.peek() not in ("or", ",", *CLAUSES):
            words.append(cursor.take())
        if not words:
            raise cursor.unknown("a model, such as A100")
        model = parse_model(" ".join(words))
        if model not in models:
            models.append(model)
        if len(models) > MOST_MODELS:
            raise cursor.refuse(f"more than {MOST_MODELS} models", "name fewer")
        if not cursor.accept("or", ","):
            return tuple(models)
        cursor.accept("or")


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
