"""What the writers of other systems' words have in common: what must be equal, refused or told."""

from collections.abc import Mapping
from typing import Final

from tranche.dialects.keys import only_inside
from tranche.vendors import vendor_of
from tranche.vendors.base import Vendor, Written
from tranche.vendors.nvidia import Nvidia
from tranche.words.errors import Refusal
from tranche.words.models import fits_size, is_called, parse_model, print_model, table
from tranche.words.request import Model, Partition, Request, Slice, Whole

PRODUCT: Final = "nvidia.com/gpu.product"
"""The node label by which GPU feature discovery tells a model."""


def alike(title: str, written: Mapping[str, Written]) -> Mapping[str, Written]:
    """The same, once it is sure that what speaks for the whole pod is equal in all containers.

    Raises:
        Refusal: it is not.
    """
    first = next(iter(written.values()), None)
    for name, one in written.items():
        for kind in ("annotations", "labels", "node_selector", "node_affinity", "runtime_class"):
            mine, theirs = getattr(one, kind), getattr(first, kind)
            if mine != theirs:
                raise Refusal(
                    "",
                    f"what {title} is told on the pod speaks for all of its containers, and {name} "
                    "asks otherwise than the first",
                    "ask for the same kind of card in all, or use two pods",
                )
    return written


def size_of(request: Request, title: str) -> Slice | Whole:
    """What is asked of each card.

    Raises:
        Refusal: a partition, which few systems have a word for.
    """
    if isinstance(request.amount, Partition):
        raise Refusal(
            request.amount.name,
            f"{title} has no word for a partition",
            "ask for memory, such as 10Gi",
        )
    return request.amount


def vendor_key(request: Request) -> str:
    """Whose cards these are; NVIDIA's where nothing tells it.

    Raises:
        Refusal: cards of two makers.
    """
    return vendor_of(request, Nvidia.key).key


def nvidia_only(request: Request, title: str) -> None:
    """Make sure that these are NVIDIA's cards.

    Raises:
        Refusal: another vendor's.
    """
    key = vendor_key(request)
    if key != Nvidia.key:
        raise Refusal(key, f"{title} shares NVIDIA's cards alone", "ask for one of those")


def of_vendor(
    request: Request, vendors: Mapping[str, Vendor], title: str
) -> tuple[Written, tuple[str, ...]]:
    """The vendor's own words for a request, rounded up to a size that it has.

    Raises:
        Refusal: no such vendor here, or no size that would do.
    """
    vendor, fitting, warnings = fitted(request, vendors, title)
    written = vendor.write(fitting)
    return written, (*warnings, *written.warnings)


def fitted(
    request: Request, vendors: Mapping[str, Vendor], title: str
) -> tuple[Vendor, Request, tuple[str, ...]]:
    """Whose cards these are, the request rounded up to a size that they have, and warnings.

    Raises:
        Refusal: as `of_vendor`.
    """
    key = vendor_key(request)
    if key not in vendors:
        listed = ", ".join(sorted({"nvidia", *vendors}))
        raise Refusal(key, f"{title} is written here without this vendor", f"ask for {listed}")
    return vendors[key], *vendors[key].fit(request)


def without_choice(request: Request, title: str, *, models: bool = False) -> None:
    """Make sure that nothing is chosen which the system has no word for; it could not be left out.

    Args:
        request: as asked.
        title: of the system.
        models: one model can be said.

    Raises:
        Refusal: it is.
    """
    parts = {"uuids": request.cards or request.not_cards, "what not to take": request.not_models}
    if not models:
        parts["models"] = request.models
    for part, said in parts.items():
        if said:
            raise Refusal("", f"{title} has no word for {part}", f"leave {part} out")


def one_name(models: tuple[Model, ...], title: str) -> str:
    """The one name that drivers report for these models, as a node label's value.

    Raises:
        Refusal: several names, or a model that is not known.
    """
    names = all_names(models)
    if len(names) != 1:
        shown = " or ".join(map(print_model, models)).upper()
        known = ", ".join(names[:4]) or "none that Tranche knows"
        raise Refusal(
            shown,
            f"{title} selects one model by a node's label, and cards called so report {known}",
            f"write one full name, such as {names[0] if names else 'NVIDIA A100-SXM4-80GB'}",
        )
    return names[0].replace(" ", "-")


def all_names(models: tuple[Model, ...]) -> tuple[str, ...]:
    """All that drivers are known to report for any of these models."""
    return tuple(dict.fromkeys(name for model in models for name in names_of(model)))


def names_inside(models: tuple[Model, ...], title: str) -> tuple[str, tuple[str, ...]]:
    """A comma list for a system that looks for parts of names, with what else it would find."""
    words: list[str] = []
    warnings: list[str] = []
    for model in models:
        word = print_model(model).upper()
        names = names_of(model)
        if names and not all(word.lower() in name.lower() for name in names):
            words += names
            warnings.append(f"{word}: {title} is told the names that Tranche knows for it")
            continue
        words.append(word)
        other = only_inside(model, word)
        if other:
            warnings.append(f"{word}: {title} looks for a part of a name, and finds {other} too")
    return ",".join(dict.fromkeys(words)), tuple(warnings)


def names_of(model: Model) -> tuple[str, ...]:
    """All that drivers are known to report for a model."""
    return tuple(
        name
        for row in table().models
        for name in row.names
        if is_called(model, name) and _sized(model, name, row.mib)
    )


def lost(request: Request, title: str, *kept: str) -> tuple[str, ...]:
    """Warnings of the preferences that the system has no word for, save those kept."""
    parts = {
        "card_policy": request.card_policy,
        "node_policy": request.node_policy,
        "same_numa": request.same_numa or None,
        "priority": request.priority,
    }
    return tuple(
        f"{part.replace('_', ' ')} {'' if value is True else value}".strip()
        + f" is lost: {title} has no word for it"
        for part, value in parts.items()
        if value is not None and part not in kept
    )


def _sized(model: Model, name: str, mib: tuple[int, ...]) -> bool:
    if model.gigabytes is None:
        return True
    said = parse_model(name).gigabytes
    return said == model.gigabytes if said else any(fits_size(model, one) for one in mib)
