"""How a slice becomes one that can be cut freely: what people say to what the vendor counts."""

from math import ceil
from typing import Final

from tranche.vendors.names import Names
from tranche.words.catalogue import table
from tranche.words.errors import Refusal
from tranche.words.models import memory_of, print_model, rows_of
from tranche.words.quantity import MAX_PERCENT
from tranche.words.request import Mebibytes, Model, Percent, Slice, Whole

Memory = Mebibytes | Percent | None
Warnings = tuple[str, ...]
_MOST_LISTED: Final = 6


def fit_free(
    amount: Slice, names: Names, vendor: str, models: tuple[Model, ...]
) -> tuple[Slice | Whole, Warnings]:
    """The slice in the vendor's units, rounded up with a warning.

    Raises:
        Refusal: a share of a card of unknown memory, where the vendor has no word for shares.
    """
    if amount.memory in (None, Percent(MAX_PERCENT)) and amount.cores is None and not names.percent:
        return Whole(), ()
    memory, warnings = _fit_memory(amount.memory, names, vendor, models)
    cores, more = fit_cores(amount.cores, names)
    return Slice(memory, cores), warnings + more


def fit_cores(cores: int | None, names: Names) -> tuple[int | None, Warnings]:
    """A share of compute in the steps that there are."""
    if cores is None or names.steps == MAX_PERCENT:
        return cores, ()
    steps = names.steps_of(cores)
    fitted = names.percent_of(steps)
    if fitted == cores:
        return cores, ()
    given = f"{steps} of {names.steps} parts of the card, {fitted}%"
    return fitted, (f"{cores}% cores is rounded up to {given}",)


def memory_of_all(models: tuple[Model, ...]) -> int | None:
    """MiB of one card, where it is known and the same whichever of these models it is."""
    known = {memory_of(model) for model in models}
    return known.pop() if len(known) == 1 else None


def called(vendor: str, models: tuple[Model, ...]) -> str:
    """The cards that a request is for, in words."""
    return " or ".join(print_model(m).upper() for m in models) or table().makers[vendor].title


def _fit_memory(
    memory: Memory, names: Names, vendor: str, models: tuple[Model, ...]
) -> tuple[Memory, Warnings]:
    match memory:
        case Percent(percent) if not names.percent and percent < MAX_PERCENT:
            names.unit_of(f"{percent}%")
            card = memory_of_all(models)
            if card is None:
                raise unknown_memory(f"{percent}%", vendor, models)
            needed = ceil(card * percent / MAX_PERCENT)
            mib = _up(needed, names)
            said = f"{percent}% of {called(vendor, models)}, which has {card} MiB, is {mib}Mi"
            return Mebibytes(mib), (said,)
        case Mebibytes(mib) if names.memory:
            fitted = _up(mib, names)
            why = f"memory is counted by {names.unit} MiB"
            grown = (f"{mib}Mi is rounded up to {fitted}Mi: {why}",) if fitted != mib else ()
            return Mebibytes(fitted), grown
        case Mebibytes(mib):
            card = memory_of_all(models)
            if card is None:
                raise unknown_memory(f"{mib}Mi", vendor, models)
            if mib > card:
                why = f"{called(vendor, models)} has {card} MiB"
                raise Refusal(f"{mib}Mi", why, "ask for no more than that")
            share = ceil(mib * MAX_PERCENT / card)
            said = f"{mib}Mi is rounded up to {share}% of {called(vendor, models)}"
            why = f"{card * share // MAX_PERCENT} MiB: memory is counted by whole percent"
            return Percent(share), (f"{said}, {why}",)
        case _:
            return memory, ()


def _up(mib: int, names: Names) -> int:
    unit = names.unit_of(f"{mib}Mi")
    return ceil(mib / unit) * unit


def unknown_memory(written: str, vendor: str, models: tuple[Model, ...]) -> Refusal:
    """A share and an amount cannot be told from each other without the card's memory."""
    rows = [row for model in models for row in rows_of(model)]
    rows = rows or [row for row in table().models if row.vendor == vendor]
    words = [row.word for row in dict.fromkeys(rows) if len(row.mib) == 1][:_MOST_LISTED]
    other = "write how much, such as 8Gi" if written.endswith("%") else "write a share, such as 20%"
    return Refusal(
        written,
        f"how much memory a card has is not known of {called(vendor, models)}, and it is needed "
        "to tell an amount from a share",
        other + (f", or name {' or '.join(words)}" if words else ""),
    )
