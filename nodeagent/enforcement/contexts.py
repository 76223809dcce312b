"""What a context takes of a card, learned from the processes that the driver lists there.

What a process has beyond its count is its context, more contexts perhaps, and whatever else nobody
counts. It is never less than one context, so the least that was seen of any process comes nearest.
Too small a number does no harm, since the rest is found as ever; too large a one refuses what would
fit. So a process is weighed once, as it comes, before it has loaded much.

Counts lie in the containers' hands. What one shows therefore goes no further than its namespace,
within which pods can do away with each other anyhow: it can neither have another tenant's contexts
refused nor make them free. No effects: what was seen in, bytes out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from nodeagent.enforcement.region import Slot
from tranche.words.assignment import Grant

_MIB: Final = 1 << 20

MOST: Final = 1 << 30
"""Bytes; contexts take some hundred MiB, and what seems to take more has something else beside."""


@dataclass(frozen=True, slots=True)
class _Newcomer:
    """A process that is still to be weighed.

    Attributes:
        namespace: of its pod.
        told: bytes that a context took by the limits that it found.
        first: bytes that its own seemed to take at the first look; 0 before that.
    """

    namespace: str
    told: int
    first: int = 0


class Contexts:
    """The least that a context was seen to take, by namespace and card.

    Each card teaches for itself: nothing promises that two of one model are set up alike.
    """

    def __init__(self) -> None:
        self._least: dict[tuple[str, str], int] = {}
        self._on: dict[str, dict[int, _Newcomer | None]] = {}
        """By card and pid; None who is not to be weighed, or has been."""

    def of(self, namespace: str, card: str) -> int:
        """Bytes; 0 where that is not known yet."""
        return self._least.get((namespace, card), 0)

    def told(self, namespace: str, grant: Grant) -> int:
        """What the limits of a slice are to say, in bytes; 0 where it is not known.

        Nor is a slice told what it could not hold even once. It may be too much, and a program that
        gets no context can never show that it is.
        """
        size = self.of(namespace, grant.card)
        return size if size <= grant.mib * _MIB else 0

    def learn(self, namespace: str, card: str, size: int) -> None:
        """A context takes so many bytes, or less; 0 says nothing."""
        if size:
            self._least[namespace, card] = min(size, self.of(namespace, card) or size)

    def newcomers(self, card: str, namespaces: Mapping[int, str | None]) -> frozenset[int]:
        """Which of those on a card now are still to be weighed.

        Whoever is there when the card is first looked at may have come long ago, and is not.

        Args:
            card: its uuid.
            namespaces: of the pods of all who are on it, by pid; None for who is in no slice.
        """
        before = self._on.get(card)
        now: dict[int, _Newcomer | None] = {}
        for pid, namespace in namespaces.items():
            if before is None or namespace is None:
                now[pid] = None
            else:
                new = _Newcomer(namespace, self.of(namespace, card))
                now[pid] = before.get(pid, new)
        self._on[card] = now
        return frozenset(pid for pid, one in now.items() if one)

    def weigh(self, card: str, pid: int, used: int | None, counts: Sequence[int | None]) -> None:
        """Learns from a newcomer at its second look; of the two the larger one counts.

        A look may catch a context that is not whole yet, or an allocation on its way, and then sees
        too little. For the arguments see `context_size`.
        """
        one = self._on[card][pid]
        size = one and context_size(used, counts, one.told)
        if not one or not size:
            return
        if one.first:
            self.learn(one.namespace, card, max(one.first, size))
        self._on[card][pid] = None if one.first else replace(one, first=size)


def context_size(used: int | None, counts: Sequence[int | None], told: int) -> int | None:
    """Bytes that the context of a process takes at most; None where that cannot be said.

    Args:
        used: by the driver's word.
        counts: of the process alone, from before and after the driver was asked.
        told: what it was to count for a context. Who counts less in all has not: it had its context
            before, or its slice could not hold so much.
    """
    before, after = counts
    if used is None or before is None or before != after:
        return None
    size = used - before + (told if told <= before else 0)
    return size if 0 < size <= MOST else None


def own_count(slots: Iterable[Slot], owner: int) -> int | None:
    """Bytes that a process counts; None where no slot is surely its own, or more than one is.

    What it had counted before it called exec is another slot of the same owner.

    Args:
        slots: of its slice.
        owner: its word, as `layout.owner_word`; 0 is nobody's.
    """
    own = [slot.used for slot in slots if slot.owner == owner != 0]
    return own[0] if len(own) == 1 else None
