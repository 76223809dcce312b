"""Partitions that a plugin offers as resources of their own, one name each."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from tranche.vendors.base import Asked
from tranche.vendors.numbers import whole
from tranche.words.request import MAX_COUNT, Partition
from tranche.words.said import NOTHING, Reading, Said


@dataclass(frozen=True, slots=True)
class Partitions:
    """Names of partitions under one prefix; a ``+`` cannot stand in a resource and is a dot there.

    Attributes:
        prefix: of the resources, such as ``nvidia.com/mig-``.
        names: as people write them.
    """

    prefix: str = ""
    names: frozenset[str] = frozenset()

    @property
    def resources(self) -> Mapping[str, str]:
        """Names by resource."""
        return _by_resource(self)

    def resource(self, name: str) -> str:
        """What a partition is asked for by."""
        return f"{self.prefix}{name.replace('+', '.')}"

    def read(self, asked: Asked, vendor: str) -> dict[str, Reading]:
        """What is asked for, by resource.

        Raises:
            Refusal: a number of them that cannot be.
        """
        found: dict[str, Reading] = {}
        for resource in self.resources.keys() & asked.keys():
            count = whole(asked, resource, MAX_COUNT, least=0)
            amount = Partition(self.resources[resource])
            none = Reading(NOTHING, (f"{resource}: 0 asks for no card, and none is given",))
            some = Reading(Said(amount=amount, count=count, vendor=vendor))
            found[resource] = some if count else none
        return dict(sorted(found.items()))


@lru_cache(16)
def _by_resource(partitions: Partitions) -> Mapping[str, str]:
    return {partitions.resource(name): name for name in partitions.names}
