"""Annotations by which another scheduler is told which cards to take: each vendor has its own."""

from dataclasses import dataclass

from tranche.words.catalogue import SIZE, split_maker, tokens_of
from tranche.words.models import fits_size, print_model, rows_of, vendor_of_model
from tranche.words.request import Model, Request


@dataclass(frozen=True, slots=True)
class Keys:
    """A vendor's annotations, each with a comma list; "" where there is none.

    Attributes:
        models: any of these models.
        not_models: none of them.
        cards: only these uuids.
        not_cards: none of them.
        by_name: the resource's own name says the model.
    """

    models: str = ""
    not_models: str = ""
    cards: str = ""
    not_cards: str = ""
    by_name: bool = False


def keys(models: str = "", cards: str = "", avoid: str = "nouse", *, by_name: bool = False) -> Keys:
    """Keys of one form: ``{}`` stands for use and for its opposite."""
    return Keys(
        models.format("use"),
        models.format(avoid),
        cards.format("use"),
        cards.format(avoid),
        by_name,
    )


@dataclass(frozen=True, slots=True)
class Choice:
    """What a stack's own scheduler can be told of a request's choice of cards, and what it cannot.

    Attributes:
        annotations: of the pod.
        unsaid: what there is no word for, in words.
    """

    annotations: dict[str, str]
    unsaid: tuple[str, ...]


def choice_of(request: Request, keys: Keys, vendor: str) -> Choice:
    """A request's choice of cards in a vendor's annotations.

    What the vendor's resources say already is left out: its own name, and others' models to avoid.
    """
    models = tuple(m for m in request.models if split_maker(m)[1] != Model(()))
    avoided = tuple(m for m in request.not_models if vendor_of_model(m) in (None, vendor))
    said = {
        "models": (keys.models, _names(models)),
        "models to avoid": (keys.not_models, _names(avoided)),
        "uuids": (keys.cards, request.cards),
        "uuids to avoid": (keys.not_cards, request.not_cards),
    }
    annotations = {key: ",".join(values) for key, values in said.values() if key and values}
    unsaid = tuple(
        part
        for part, (key, values) in said.items()
        if values and not key and not (keys.by_name and part.startswith("models"))
    )
    return Choice(annotations, unsaid)


def _names(models: tuple[Model, ...]) -> tuple[str, ...]:
    """As drivers report them, since the schedulers look for a part of that."""
    names = [
        [name for row in rows_of(model) for name in row.names if _sized(model, name, row.mib)]
        or [print_model(model).upper()]
        for model in models
    ]
    return tuple(dict.fromkeys(name for known in names for name in known))


def _sized(model: Model, name: str, mib: tuple[int, ...]) -> bool:
    """Whether a card of this name can be of the size that was said."""
    in_name = [size[1] for token in tokens_of(name) if (size := SIZE.fullmatch(token))]
    if model.gigabytes is None or not (in_name or mib):
        return True
    if in_name:
        return str(model.gigabytes) in in_name
    return any(fits_size(model, one) for one in mib)
