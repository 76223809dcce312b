"""Annotations, labels and node selectors, read by a table of keys."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from tranche.words.errors import Refusal, shorten
from tranche.words.lists import MOST_CARDS, MOST_MODELS, UUID
from tranche.words.models import is_called, parse_model, table
from tranche.words.request import Model, Placing
from tranche.words.said import NOTHING, Reading, Said, agree
from tranche.words.scanner import check_length

Reader = Callable[[str], Reading]
Readers = Mapping[str, Reader]

LONGEST: Final = 4096


def read_keys(values: Mapping[str, str], readers: Readers, kind: str = "annotation") -> Reading:
    """What those of the keys that are there say together; blank ones say nothing.

    Raises:
        Refusal: words that cannot be understood or kept, or a contradiction; the key is named.
    """
    said, place = NOTHING, ""
    warnings: tuple[str, ...] = ()
    for key, read in readers.items():
        written = values.get(key, "").strip()
        if not written:
            continue
        here = f"{kind} {key}"
        try:
            check_length(written, LONGEST)
            reading = read(written)
        except Refusal as refusal:
            raise refusal.at(here) from None
        said = agree(said, reading.said, places=(place, here))
        warnings += tuple(f"{here}: {warning}" for warning in reading.warnings)
        place = here
    return Reading(said, warnings)


def together(*readings: Reading) -> Reading:
    """Readings of several kinds of keys.

    Raises:
        Refusal: two that contradict each other.
    """
    said = NOTHING
    for reading in readings:
        said = agree(said, reading.said, places=("one key of the pod", "another"))
    return Reading(said, tuple(w for reading in readings for w in reading.warnings))


def models(part: str, *, inside: bool = True) -> Reader:
    """A comma list of models; ``inside`` where the other system looks for a part of a name."""

    def read(written: str) -> Reading:
        words = [word.strip() for word in written.split(",") if word.strip()]
        if len(words) > MOST_MODELS:
            raise Refusal(written, f"more than {MOST_MODELS} models", "name fewer")
        found: dict[Model, None] = {}
        warnings: list[str] = []
        for word in words:
            model = parse_model(word)
            lost = inside and only_inside(model, word)
            if lost:
                warnings.append(f"{word} is read as a whole word here, so it does not mean {lost}")
            found[model] = None
        return Reading(_said(part, tuple(found) or None), tuple(warnings))

    return read


def one_model(written: str) -> Reading:
    """One model by its full name, blanks perhaps as hyphens."""
    return Reading(Said(models=(parse_model(written),)))


def cards(part: str) -> Reader:
    """A comma list of uuids."""

    def read(written: str) -> Reading:
        found = tuple(dict.fromkeys(card.strip() for card in written.split(",") if card.strip()))
        if len(found) > MOST_CARDS:
            raise Refusal(written, f"more than {MOST_CARDS} uuids", "name fewer")
        for card in found:
            if not UUID.fullmatch(card):
                raise Refusal(card, "not the uuid of a card", "write it as the vendor's tool does")
        return Reading(_said(part, found or None))

    return read


def placing(part: str) -> Reader:
    """``binpack`` or ``spread``; ``numa`` of cards. ``none`` says nothing."""

    def read(written: str) -> Reading:
        if written == "numa" and part == "card_policy":
            return Reading(Said(same_numa=True))
        if written in tuple(Placing):
            return Reading(_said(part, Placing(written)))
        if written == "none":
            return Reading(NOTHING)
        return Reading(NOTHING, (f"Tranche has no policy {written[:40]}, and uses its default",))

    return read


def lost(what: str) -> Reader:
    """A key that Tranche has no words for: it is told of, and left out."""

    def read(written: str) -> Reading:
        return Reading(NOTHING, (f"{shorten(written, 40)} is lost: {what}",))

    return read


def only(*served: str, remedy: str) -> Reader:
    """Some values that ask for nothing more; any other is refused."""

    def read(written: str) -> Reading:
        if written.lower() in served:
            return Reading(NOTHING)
        raise Refusal(written, "Tranche cannot serve this mode yet", remedy)

    return read


def only_inside(model: Model, word: str) -> str:
    """A card that has the word in its name, and that Tranche does not mean by the model."""
    for row in table().models:
        for name in row.names:
            if word.lower() in name.lower() and not is_called(model, name):
                return name
    return ""


def _said(part: str, value: object) -> Said:
    values: dict[str, Any] = {part: value}
    return Said(**values)
