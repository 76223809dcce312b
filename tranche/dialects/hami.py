"""HAMi's words about NVIDIA cards, as its existing users have them.

The resources are `tranche.vendors.nvidia`'s, as Tranche keeps HAMi's names for them. Here are the
annotations, which speak for every container of the pod that asks for cards, and the priority.
Source: HAMi v2.10.0, pkg/device/nvidia/device.go and pkg/util/types.go.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from tranche.words.errors import Refusal
from tranche.words.lists import MOST_CARDS, MOST_MODELS, UUID
from tranche.words.models import is_called, parse_model, table
from tranche.words.quantity import parse_quantity
from tranche.words.request import Model, Placing
from tranche.words.said import NOTHING, Reading, Said, agree
from tranche.words.scanner import check_length

PRIORITY: Final = "nvidia.com/priority"
SCHEDULER_NAME: Final = "hami-scheduler"
"""The scheduler that HAMi's users name by hand; with Tranche's webhook it means Tranche's."""

LONGEST: Final = 4096


def read_annotations(annotations: Mapping[str, str]) -> Reading:
    """What HAMi's annotations say of the cards wanted.

    Raises:
        Refusal: words that cannot be understood or cannot be kept, with the annotation named.
    """
    said, place = NOTHING, ""
    warnings: tuple[str, ...] = ()
    for key, read in _READERS.items():
        written = annotations.get(key, "").strip()
        if not written:
            continue
        try:
            check_length(written, LONGEST)
            reading = read(written)
        except Refusal as refusal:
            raise refusal.at(f"annotation {key}") from None
        said = agree(said, reading.said, places=(place, f"annotation {key}"))
        warnings += tuple(f"annotation {key}: {warning}" for warning in reading.warnings)
        place = f"annotation {key}"
    return Reading(said, warnings)


def read_priority(asked: Mapping[str, str | float]) -> int | None:
    """0 (high) or 1 (low), from the resources of one container.

    Raises:
        Refusal: any other value.
    """
    if PRIORITY not in asked:
        return None
    try:
        value = parse_quantity(asked[PRIORITY]).value
    except Refusal as refusal:
        raise refusal.at(PRIORITY) from None
    if value not in (0, 1):
        raise Refusal(str(asked[PRIORITY]), "no priority", "write 0 or 1", where=PRIORITY)
    return int(value)


def _models(written: str) -> tuple[tuple[Model, ...], tuple[str, ...]]:
    """HAMi matches any part of a name; here words are whole, with a warning where it differs."""
    words = [word.strip() for word in written.split(",") if word.strip()]
    if len(words) > MOST_MODELS:
        raise Refusal(written, f"more than {MOST_MODELS} models", "name fewer")
    warnings: list[str] = []
    models: list[Model] = []
    for word in words:
        model = parse_model(word)
        lost = _only_as_part(model, word)
        if lost:
            warnings.append(f"{word} is read as a whole word here, so it does not mean {lost}")
        if model not in models:
            models.append(model)
    return tuple(models), tuple(warnings)


def _only_as_part(model: Model, word: str) -> str:
    """A card that HAMi would match by a part of its name, and Tranche does not."""
    for row in table().models:
        for name in row.names:
            if word.lower() in name.lower() and not is_called(model, name):
                return name
    return ""


def _use_models(written: str) -> Reading:
    models, warnings = _models(written)
    return Reading(Said(models=models or None), warnings)


def _avoid_models(written: str) -> Reading:
    models, warnings = _models(written)
    return Reading(Said(not_models=models or None), warnings)


def _cards(written: str) -> tuple[str, ...] | None:
    cards = tuple(dict.fromkeys(card.strip() for card in written.split(",") if card.strip()))
    if len(cards) > MOST_CARDS:
        raise Refusal(written, f"more than {MOST_CARDS} uuids", "name fewer")
    for card in cards:
        if not UUID.fullmatch(card):
            raise Refusal(card, "not the uuid of a card", "write it as nvidia-smi -L lists it")
    return cards or None


def _policy(part: str) -> Callable[[str], Reading]:
    def read(written: str) -> Reading:
        if written == "numa" and part == "card_policy":
            return Reading(Said(same_numa=True))
        if written in tuple(Placing):
            values: dict[str, Any] = {part: Placing(written)}
            return Reading(Said(**values))
        return Reading(NOTHING, (f"Tranche has no policy {written[:40]}, and uses its default",))

    return read


def _numa_bind(written: str) -> Reading:
    return Reading(Said(same_numa=True) if written.lower() == "true" else NOTHING)


def _mode(written: str) -> Reading:
    if written.lower() == "hami-core":
        return Reading(NOTHING)
    raise Refusal(written, "Tranche cannot serve this mode yet", "take it off to get a slice")


_READERS: Final[dict[str, Callable[[str], Reading]]] = {
    "nvidia.com/use-gputype": _use_models,
    "nvidia.com/nouse-gputype": _avoid_models,
    "nvidia.com/use-gpuuuid": lambda written: Reading(Said(cards=_cards(written))),
    "nvidia.com/nouse-gpuuuid": lambda written: Reading(Said(not_cards=_cards(written))),
    "hami.io/node-scheduler-policy": _policy("node_policy"),
    "hami.io/gpu-scheduler-policy": _policy("card_policy"),
    "nvidia.com/numa-bind": _numa_bind,
    "nvidia.com/vgpu-mode": _mode,
}
