"""Whose the processes are that a driver tells of."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar

from nodeagent.enforcement.shares import Sharer
from nodeagent.slices.cgroups import Home

_T = TypeVar("_T")


def of_each(pids: Iterable[int], ask: Callable[[int], _T]) -> dict[int, _T]:
    """The answers by pid; without those who have ended, or are not ours to see."""
    answers: dict[int, _T] = {}
    for pid in pids:
        with suppress(OSError):
            answers[pid] = ask(pid)
    return answers


def owners(
    homes: Mapping[int, Home | None], sharers: Collection[Sharer], names: Mapping[str, str]
) -> dict[int, Sequence[Sharer]]:
    """The slices of one card that each process may be of, by its pid.

    A pod's status tells of a container a while after its start; until then the pod's only slice on
    the card is the one.

    Args:
        homes: where each process lives.
        sharers: all slices of the card.
        names: of their pods' containers, by the engine's ids.
    """
    by_pod: dict[str, list[Sharer]] = defaultdict(list)
    for sharer in sharers:
        by_pod[sharer.pod].append(sharer)
    return {
        pid: [
            one
            for one in by_pod.get(home.pod, ())
            if names.get(home.container) in {None, one.container}
        ]
        for pid, home in homes.items()
        if home is not None
    }
