"""Several dialects on one cluster: who owns a word that two of them claim."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from tranche.dialects.base import Dialect, PodWords
from tranche.vendors.base import Asked
from tranche.words.errors import Refusal
from tranche.words.said import NOTHING, Reading, agree

NOBODY: Final[Mapping[str, str]] = MappingProxyType({})
_KINDS: Final = {
    "annotations": "annotation",
    "labels": "label",
    "node_selector": "node selector",
}


@dataclass(frozen=True, slots=True)
class Heard:
    """What the dialects made of a pod.

    Attributes:
        readings: by container.
        places: the titles of those that spoke, by container.
        rest: resources that none of them read, by container; the vendors' to read.
    """

    readings: Mapping[str, Reading]
    places: Mapping[str, str]
    rest: Mapping[str, Asked]


@lru_cache(64)
def collisions(dialects: tuple[Dialect, ...]) -> Mapping[str, tuple[Dialect, ...]]:
    """Words that more than one of these dialects claim, each in a sense of its own."""
    names = {name for dialect in dialects for name in dialect.claims}
    found: dict[str, tuple[Dialect, ...]] = {}
    for name in sorted(names):
        owners = tuple(one for one in dialects if claimed(name, one))
        if len(owners) > 1 and not all(name in one.shared for one in owners):
            found[name] = owners
    return found


def claimed(name: str, dialect: Dialect) -> bool:
    """Whether the dialect reads the name."""
    claims = dialect.claims
    return name in claims or any(one.endswith("*") and name.startswith(one[:-1]) for one in claims)


def mentions(dialects: tuple[Dialect, ...], pod: PodWords) -> bool:
    """Whether a pod has any word that one of these dialects reads. Most pods have none."""
    exact, beginnings = _vocabulary(dialects)
    named = (pod.annotations, pod.labels, pod.node_selector, *pod.containers.values())
    return any(key in exact or key.startswith(beginnings) for values in named for key in values)


@lru_cache(64)
def _vocabulary(dialects: tuple[Dialect, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
    claims = frozenset(name for dialect in dialects for name in dialect.claims)
    return claims, tuple(name[:-1] for name in claims if name.endswith("*"))


def read_pod(
    dialects: tuple[Dialect, ...], pod: PodWords, owners: Mapping[str, str] = NOBODY
) -> Heard:
    """What a pod says in all of these dialects.

    Args:
        dialects: those that are switched on.
        pod: its words.
        owners: by word, the key of the dialect that owns it where several claim it.

    Raises:
        Refusal: what one of them refuses, two that contradict each other, or a word of two owners.
    """
    contested = collisions(dialects)
    _check_owned(contested, pod, owners)
    readings: dict[str, Reading] = {}
    places: dict[str, str] = {}
    rest = dict(pod.containers)
    for dialect in dialects:
        foreign = {
            word
            for word, several in contested.items()
            if dialect in several and owners.get(word) != dialect.key
        }
        here = f"{dialect.title}'s words"
        for name, reading in dialect.read(_without(pod, foreign)).items():
            before = readings.get(name, Reading(NOTHING))
            both = (places.get(name, ""), here)
            said = agree(before.said, reading.said, places=both)
            readings[name] = Reading(said, before.warnings + reading.warnings)
            places[name] = here
            rest[name] = {
                one: value
                for one, value in rest.get(name, {}).items()
                if _among(one, foreign) or not claimed(one, dialect)
            }
    return Heard(readings, places, rest)


def _check_owned(
    contested: Mapping[str, tuple[Dialect, ...]], pod: PodWords, owners: Mapping[str, str]
) -> None:
    for word, several in contested.items():
        if owners.get(word) in {one.key for one in several}:
            continue
        place = next(_places(word, pod), None)
        if place is not None:
            titles = " and ".join(one.title for one in several)
            settings = " or ".join(f'"{word}: {one.key}"' for one in several)
            raise Refusal(
                "",
                f"both {titles} claim this word, and mean different things by it",
                f"have the cluster's setting dialects.owners say {settings}, or one switched off",
                where=place,
            )


def _places(word: str, pod: PodWords) -> Iterator[str]:
    """Where on the pod a word stands."""
    for attribute, kind in _KINDS.items():
        for key in getattr(pod, attribute):
            if _among(key, {word}):
                yield f"{kind} {key}"
    for name, asked in pod.containers.items():
        for key in asked:
            if _among(key, {word}):
                yield f"container {name}: {key}"


def _without(pod: PodWords, words: set[str]) -> PodWords:
    """The pod as one sees it to whom these words say nothing."""
    if not words:
        return pod
    kept: dict[str, Any] = {
        attribute: {k: v for k, v in getattr(pod, attribute).items() if not _among(k, words)}
        for attribute in _KINDS
    }
    kept["containers"] = {
        name: {k: v for k, v in asked.items() if not _among(k, words)}
        for name, asked in pod.containers.items()
    }
    return replace(pod, **kept)


def _among(key: str, words: set[str]) -> bool:
    return key in words or any(one.endswith("*") and key.startswith(one[:-1]) for one in words)
