"""Whose cards are meant: by the maker's own name, or by the models.

A maker's name works where a model does: ``8Gi on Ascend``, ``50% on Hygon Z100L``. One container
gets cards of one maker.
"""

from collections.abc import Iterable
from dataclasses import replace

from tranche.words.catalogue import split_maker, table
from tranche.words.errors import Refusal
from tranche.words.models import parse_model, print_model, vendor_of_model
from tranche.words.request import Model, Request


def title_of(vendor: str) -> str:
    """A maker's name as it is written."""
    maker = table().makers.get(vendor)
    return maker.title if maker else vendor


def read_kind(words: str) -> tuple[str | None, Model | None]:
    """A maker, a model, or both; no model where all of the maker's cards are meant.

    Raises:
        Refusal: as `parse_model`.
    """
    model = parse_model(words)
    maker, rest = split_maker(model)
    if maker is None:
        return None, model
    if rest.tokens:
        return maker, parse_model(print_model(rest))
    return maker, model if model.gigabytes else None


def print_kinds(vendor: str | None, models: tuple[Model, ...]) -> str:
    """What stands after "on": `read_kind` reads each part of it back."""
    words = [print_model(model) for model in models]
    if vendor is not None and not words:
        return vendor
    if vendor is not None and split_maker(models[0])[0] != vendor:
        words[0] = f"{vendor} {words[0]}"
    return " or ".join(words)


def one_maker(vendor: str | None, models: Iterable[Model]) -> str | None:
    """The maker of all of these; None where nothing tells it.

    Raises:
        Refusal: two makers.
    """
    told, by = vendor, "" if vendor is None else title_of(vendor)
    for model in models:
        whose, called = vendor_of_model(model), print_model(model).upper()
        if told is None:
            told, by = whose, called
        elif whose not in (None, told):
            raise Refusal(
                called,
                f"{by} and {called} are not of one maker, but of {title_of(told)} and "
                f"{title_of(whose or '')}",
                "name models of one maker; another container may ask for another's",
            )
    return told


def vendor_of_any(vendor: str | None, models: Iterable[Model]) -> str | None:
    """As `one_maker`, where two makers are somebody else's to refuse: the first that is told."""
    return vendor or next(filter(None, map(vendor_of_model, models)), None)


def without_told_maker(request: Request, general: str) -> Request:
    """The same, without its maker's key where that says nothing new.

    Args:
        request: as asked.
        general: the maker that is meant where nothing tells it.
    """
    told = vendor_of_any(None, request.models) or general
    return replace(request, vendor=None) if request.vendor == told else request


def vendor_of(request: Request) -> str | None:
    """Whose cards a request is for: as it says, or as its models tell; None where neither does.

    Raises:
        Refusal: two makers.
    """
    return one_maker(request.vendor, request.models)
