"""Tranche's own keys on a pod.

====================================== ========================================================
annotation or label ``tranche.dev/gpu``     a sentence, for the pod's default container
``tranche.dev/gpu.<container>``             a sentence, for that container
``tranche.dev/memory``, ``cores``,          one part each, for the default container
``model``, ``count``
====================================== ========================================================
"""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from tranche.words.amounts import count_of
from tranche.words.errors import Refusal
from tranche.words.lists import read_kinds
from tranche.words.namespace import KEYS, PREFIX
from tranche.words.request import MAX_COUNT, Slice
from tranche.words.said import Reading, Said, agree
from tranche.words.scanner import LONGEST_WRITTEN, Cursor, check_length
from tranche.words.sentence import read_sentence

SENTENCE_KEY: Final = PREFIX + "gpu"
RESERVED: Final = tuple(PREFIX + name for name in ("slices", "assigned", "cards"))


@dataclass(frozen=True, slots=True)
class NativeWords:
    """What Tranche's keys say.

    Attributes:
        pod: for the default container; None where nothing speaks for it.
        named: by container's name; whether there are such containers is not looked at.
        pod_place: the key that spoke first for the default container.
        warnings: about keys that mean nothing.
    """

    pod: Reading | None
    named: Mapping[str, Reading]
    pod_place: str
    warnings: tuple[str, ...]


def read_words(annotations: Mapping[str, str], labels: Mapping[str, str]) -> NativeWords:
    """All of Tranche's keys on one pod.

    Raises:
        Refusal: words that are not understood, a part said twice with two values, or a key that is
            nearly one of Tranche's.
    """
    pod: Reading | None = None
    pod_place = ""
    named: dict[str, Reading] = {}
    warnings: list[str] = []
    for kind, key, value in _own(annotations, labels):
        place = f"{kind} {key}"
        word = key[len(PREFIX) :]
        container = word[4:] if word.startswith("gpu.") else None
        if container is None and word != "gpu" and word not in _PARTS:
            warnings.append(_unknown(place, key, word))
            continue
        reading = _read(place, word, value, label=kind == "label")
        if container is not None:
            named[container] = _both(named.get(container), reading, ("another key", place))
        else:
            pod = _both(pod, reading, (pod_place, place))
            pod_place = pod_place or place
    return NativeWords(pod, named, pod_place, tuple(warnings))


def _own(annotations: Mapping[str, str], labels: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    for kind, values in (("annotation", annotations), ("label", labels)):
        for key in sorted(values):
            if key.startswith(PREFIX) and key not in RESERVED:
                yield kind, key, values[key]


def _read(place: str, word: str, value: str, *, label: bool) -> Reading:
    try:
        check_length(value, LONGEST_WRITTEN)
        if word in _PARTS:
            return _PARTS[word](value, label)
        return read_sentence(value, label=label)
    except Refusal as refusal:
        raise refusal.at(place) from None


def _both(one: Reading | None, other: Reading, places: tuple[str, str]) -> Reading:
    if one is None:
        return other
    said = agree(one.said, other.said, places=places)
    return Reading(said, one.warnings + other.warnings)


def _memory(value: str, label: bool) -> Reading:  # noqa: FBT001
    reading = read_sentence(value, label=label)
    amount = reading.said.amount
    if reading.said != Said(amount=amount) or not isinstance(amount, Slice) or amount.cores:
        raise Refusal(value, "not an amount of memory", "write it as 3000Mi or 50%")
    return reading


def _cores(value: str, label: bool) -> Reading:  # noqa: FBT001, ARG001
    share = re.fullmatch(r"\s*(\d{1,9})\s*(?:%|pct|percent)?[\s_]*(?:cores)?\s*", value, re.ASCII)
    if share is None:
        raise Refusal(value, "not a share of cores", "write a whole percent such as 30")
    return read_sentence(f"{share[1]}% cores")


def _model(value: str, label: bool) -> Reading:  # noqa: FBT001
    cursor = Cursor(value, label=label)
    vendor, models = read_kinds(cursor)
    if cursor:
        raise cursor.unknown('"or" and a model')
    return Reading(Said(vendor=vendor, models=models))


def _count(value: str, label: bool) -> Reading:  # noqa: FBT001, ARG001
    count = count_of(value.strip())
    if count is None:
        raise Refusal(value, "not a number of cards", f"write one from 1 to {MAX_COUNT}")
    return Reading(Said(count=count))


def _unknown(place: str, key: str, word: str) -> str:
    """A key that nobody reads: a slip of the pen is refused, another's key is only remarked on."""
    if word in KEYS:
        raise Refusal("", "this is said of namespaces, not of pods", "take it off", where=place)
    known = ("gpu", *_PARTS)
    stem = word.split(".", maxsplit=1)[0].lower()
    near = ["gpu"] if stem in _PARTS else difflib.get_close_matches(stem[:63], known, 1, 0.6)
    if near:
        tail = f".{word.partition('.')[2]}" if "." in word and near[0] == "gpu" else ""
        raise Refusal(
            "", "not a key of Tranche", f"did you mean {PREFIX}{near[0]}{tail}?", where=place
        )
    return f"{place}: Tranche knows no such key, and did not read {key}"


_PARTS: Final[dict[str, Callable[[str, bool], Reading]]] = {
    "memory": _memory,
    "cores": _cores,
    "model": _model,
    "count": _count,
}
