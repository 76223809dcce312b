"""Tells regions which of their processes have died.

Processes of a container judge each other, but only within their own pid namespace. When the last
one of a namespace that a container has made for itself dies, what it counted would stay for as long
as the container runs. The agent sees all of them.
"""

from collections.abc import Callable, Collection, Mapping
from collections.abc import Set as AbstractSet

import structlog

from nodeagent.enforcement.attribution import of_each
from nodeagent.enforcement.region import bury
from nodeagent.enforcement.shares import Sharer
from tranche.words.errors import Malformed

_log = structlog.get_logger("obituaries")


class Obituaries:
    """Remembers who was seen on a card, and writes an obituary when that process is gone.

    Only of those: whoever was never seen may be one whose ids the agent cannot know, as in a
    sandbox.

    Args:
        owner: how the process of a pid is named in regions (`layout.owner_word`), 0 where that is
            not told; raises OSError when there is none.
    """

    def __init__(self, owner: Callable[[int], int]) -> None:
        self._owner = owner
        self._met: dict[Sharer, dict[int, int]] = {}

    def look(self, on: Mapping[Sharer, AbstractSet[int]]) -> None:
        """One look at all slices.

        Args:
            on: the pids of each slice's processes that are on its cards.
        """
        self._met = {sharer: self._met.get(sharer, {}) for sharer in on}
        for sharer, met in self._met.items():
            missing = met.keys() - on[sharer]
            still = of_each(missing, self._owner)
            gone = {pid for pid in missing if still.get(pid) != met[pid]}
            dead = {met.pop(pid) for pid in gone}
            met.update(of_each(on[sharer] - met.keys(), self._owner))
            dead -= {0, *met.values()}
            if dead:
                _tell(sharer, dead)


def _tell(sharer: Sharer, dead: Collection[int]) -> None:
    try:
        bury(sharer.folder / "region", dead)
    except (Malformed, OSError) as error:
        _log.debug("a region cannot be told", folder=str(sharer.folder), why=str(error))
