"""What a slice has of a card beyond what its own processes count.

The driver's word on a process holds all that it has: contexts, modules, libraries, workspaces, and
whatever got past the interposer. Pure: what the driver, the kernel and the regions say in, bytes
out.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from nodeagent.enforcement.region import Slot
from nodeagent.enforcement.shares import Sharer
from nodeagent.slices.cgroups import Home
from nodeagent.vendors.base import Process

_MOST: Final = 2**63 - 1


def whose(
    processes: Iterable[Process],
    homes: Mapping[int, Home | None],
    sharers: Iterable[Sharer],
    names: Mapping[str, str],
) -> dict[int, Sequence[Sharer]]:
    """The slices that each process on a card may be of, by pid; none for who lives in no slice.

    Args:
        processes: all that are on the card.
        homes: where each of them lives, by pid; one that could not be found is missing.
        sharers: all slices of the card.
        names: of their pods' containers, by the engine's ids.
    """
    by_pod: dict[str, list[Sharer]] = defaultdict(list)
    for sharer in sharers:
        by_pod[sharer.pod].append(sharer)
    return {one.pid: _owners(homes.get(one.pid), by_pod, names) for one in processes}


def taken(
    processes: Iterable[Process],
    owned: Mapping[int, Sequence[Sharer]],
    sharers: Collection[Sharer],
) -> dict[Path, int | None]:
    """What each slice of one card has of it by the driver's word.

    Args:
        processes: all that are on the card.
        owned: `whose` they are.
        sharers: all slices of the card.

    Returns:
        Bytes by the slice's folder; None where the driver does not say what one of its processes
        has, or where a process may be its or another's.
    """
    known = {sharer.folder: 0 for sharer in sharers}
    unknown: set[Path] = set()
    for process in processes:
        owners = owned[process.pid]
        if process.used is None or len(owners) > 1:
            unknown.update(owner.folder for owner in owners)
        else:
            for owner in owners:
                known[owner.folder] += process.used
    return {folder: None if folder in unknown else used for folder, used in known.items()}


def _owners(
    home: Home | None, by_pod: Mapping[str, Sequence[Sharer]], names: Mapping[str, str]
) -> Sequence[Sharer]:
    """The slices that a process may be of.

    A pod's status tells of a container a while after its start; until then the pod's only slice on
    the card is the one.
    """
    if home is None:
        return ()
    candidates = by_pod.get(home.pod, ())
    name = names.get(home.container)
    return [one for one in candidates if name in {None, one.container}]


def counted(slots: Collection[Slot] | None, owners: Collection[int]) -> int | None:
    """Bytes that a slice counts of a card for those that the driver lists there.

    What a dead process has counted stays until another takes its slot over, and would hide as much
    of what the living have. Where not one of the listed is found among the owners (they may count
    their ids otherwise, as in a sandbox), all slots count.

    Args:
        slots: of the slice; None where its region cannot be read.
        owners: the words of the processes on the card, as `layout.owner_word`.
    """
    if slots is None:
        return None
    return sum(slot.used for slot in [s for s in slots if s.owner in owners] or slots)


def beyond(taken: int | None, counts: Iterable[int | None]) -> int | None:
    """Bytes that a slice has beyond its count; None where one of the numbers is not known.

    Args:
        taken: by the driver's word.
        counts: the region's, from before and after the driver was asked. Memory is counted before
            it is taken and until it is given back, so what is on its way in or out is in the larger
            one.
    """
    known = [count for count in counts if count is not None]
    if taken is None or None in counts:
        return None
    return max(0, min(taken, _MOST) - max(known))


def settled(told: int, last: int | None, now: int | None) -> int:
    """What the limits are to say after two looks at what is beyond the count.

    The middle one of the three: up to the smaller of two looks that are both above what was told,
    down to the larger of two below it. So a look that caught an allocation on its way changes
    nothing, and neither does one that saw nothing.
    """
    if last is None or now is None:
        return told
    return sorted((told, last, now))[1]


def astray(processes: Collection[int], homes: Collection[int]) -> bool:
    """Whether the driver's pids are of a namespace that this agent does not see.

    Most of them are then not to be found, and the few that are may be anybody's. One or the other
    is missing at any time: the driver keeps what belongs to the dead until its last handle is gone.

    Args:
        processes: pids by the driver's word.
        homes: those of them that are to be found.
    """
    return 2 * len(homes) < len(processes)
