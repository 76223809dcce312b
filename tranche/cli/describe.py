"""A request in a person's words."""

from collections.abc import Mapping
from typing import Final

from tranche.words.makers import title_of
from tranche.words.models import print_model
from tranche.words.request import (
    Mebibytes,
    Model,
    Partition,
    Percent,
    Placing,
    Request,
    Slice,
    Whole,
)

_FIRST: Final[Mapping[Placing, str]] = {
    Placing.BINPACK: "the fullest {} that still has room is taken first",
    Placing.SPREAD: "the emptiest {} is taken first",
}


def describe(request: Request) -> str:
    """What a container gets: ``3000 MiB of memory of one card, an A100 or V100``."""
    return "; ".join([_amount(request) + _which(request), *_placing(request)])


def _amount(request: Request) -> str:
    one = request.count == 1
    match request.amount:
        case Whole():
            return "one whole card, alone" if one else f"{request.count} whole cards, alone on each"
        case Partition(name):
            return f"{request.count} x {name}"
        case Slice(memory, cores):
            of = "one card" if one else f"each of {request.count} cards"
            shares = "" if cores is None else f" and {cores}% of the cores"
            return f"{_memory(memory)}{shares} of {of}"


def _memory(memory: Mebibytes | Percent | None) -> str:
    match memory:
        case Mebibytes(mib):
            return f"{mib} MiB of memory"
        case Percent(percent):
            return f"{percent}% of the memory"
        case None:
            return "what the default says of the memory"


def _which(request: Request) -> str:
    words = f", {_named(request.models)}" if request.models else ""
    words += f", of {title_of(request.vendor)}" if request.vendor is not None else ""
    words += f", but no {_named(request.not_models)}" if request.not_models else ""
    words += f", chosen among {', '.join(request.cards)}" if request.cards else ""
    words += f", but not {', '.join(request.not_cards)}" if request.not_cards else ""
    return words


def _named(models: tuple[Model, ...]) -> str:
    return " or ".join(print_model(model).upper() for model in models)


def _placing(request: Request) -> list[str]:
    words = []
    if request.card_policy is not None:
        words.append(_FIRST[request.card_policy].format("card"))
    if request.node_policy is not None:
        words.append(_FIRST[request.node_policy].format("node"))
    if request.same_numa:
        words.append("all on one NUMA node")
    if request.priority is not None:
        words.append("high priority" if request.priority == 0 else "low priority")
    return words
