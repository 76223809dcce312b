"""NVIDIA's cards as Kubernetes resources. The three beside the count are the names HAMi gave them.

Memory and cores are per card. The kubelet is offered the count alone; the others are words that the
scheduler is told to ignore.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Final

import msgspec

from tranche.words.errors import Refusal
from tranche.words.quantity import (
    MAX_MIB,
    MAX_PERCENT,
    Quantity,
    parse_quantity,
    whole_mib,
)
from tranche.words.request import MAX_COUNT, Mebibytes, Percent, Request, Slice
from tranche.words.said import NOTHING, Reading, Said


class ResourceNames(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True
):
    """What the resources are called in this cluster.

    Attributes:
        count: cards; the one that the device plugin offers.
        memory: MiB per card.
        memory_percentage: percent of each card's memory.
        cores: percent of each card's cores.
    """

    count: str = "nvidia.com/gpu"
    memory: str = "nvidia.com/gpumem"
    memory_percentage: str = "nvidia.com/gpumem-percentage"
    cores: str = "nvidia.com/gpucores"


DEFAULT_NAMES: Final = ResourceNames()


def read_resources(asked: Mapping[str, str | float], names: ResourceNames) -> Reading:
    """What the resources of one container ask for; `NOTHING` where none is named, or no card.

    Raises:
        Refusal: an amount that cannot be, with the resource in ``where``.
    """
    count = _whole(asked, names.count, 0, MAX_COUNT)
    others = [n for n in (names.memory, names.memory_percentage, names.cores) if n in asked]
    if count == 0:
        if others:
            raise Refusal(
                "0", f"no card, yet {others[0]} of it", f"write {names.count}: 1", where=names.count
            )
        return Reading(NOTHING, (f"{names.count}: 0 asks for no card, and none is given",))
    if names.memory in asked and names.memory_percentage in asked:
        both = f"{names.memory} and {names.memory_percentage} on one container"
        raise Refusal("", f"{both} say memory in two ways", "leave one of them out")
    memory, warnings = _memory(asked, names)
    cores = _whole(asked, names.cores, 1, MAX_PERCENT)
    amount = None if memory is None and cores is None else Slice(memory, cores)
    if count is None and amount is not None:
        count = 1
    return Reading(Said(amount=amount, count=count), warnings)


def write_resources(request: Request, names: ResourceNames) -> dict[str, int]:
    """The resources by which Kubernetes counts this request; `read_resources` reads them back."""
    written = {names.count: request.count}
    if isinstance(request.amount, Slice):
        match request.amount.memory:
            case Mebibytes(mib):
                written[names.memory] = mib
            case Percent(percent):
                written[names.memory_percentage] = percent
        if request.amount.cores is not None:
            written[names.cores] = request.amount.cores
    return written


def _memory(
    asked: Mapping[str, str | float], names: ResourceNames
) -> tuple[Mebibytes | Percent | None, tuple[str, ...]]:
    percent = _whole(asked, names.memory_percentage, 1, MAX_PERCENT)
    if percent is not None:
        return Percent(percent), ()
    if names.memory not in asked:
        return None, ()
    written = str(asked[names.memory])
    if not _quantity(written, names.memory).binary:
        mib = _whole(asked, names.memory, 1, MAX_MIB)
        return (Mebibytes(mib), ()) if mib else (None, ())
    try:
        mib, warnings = whole_mib(_quantity(written, names.memory).value, written)
    except Refusal as refusal:
        raise refusal.at(names.memory) from None
    said = f"{names.memory}: {written} is read as {mib} MiB; a plain number there counts MiB"
    return Mebibytes(mib), (said, *warnings)


def _whole(asked: Mapping[str, str | float], name: str, least: int, most: int) -> int | None:
    if name not in asked:
        return None
    value: Fraction = _quantity(asked[name], name).value
    if value.denominator != 1 or not least <= value <= most:
        raise Refusal(
            str(asked[name]),
            f"not a whole number from {max(least, 1)} to {most}",
            f"write such as {name}: {min(most, 3000) if name.endswith('mem') else 1}",
            where=name,
        )
    return int(value)


def _quantity(written: str | float, name: str) -> Quantity:
    try:
        return parse_quantity(written)
    except Refusal as refusal:
        raise refusal.at(name) from None
