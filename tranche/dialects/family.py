"""Resources of one container that together ask for cards: the form that most systems share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tranche.dialects.base import PodWords
from tranche.dialects.measure import Field, Unit, field
from tranche.vendors.base import Asked
from tranche.words.errors import Refusal
from tranche.words.quantity import MAX_PERCENT
from tranche.words.request import Mebibytes, Percent, Slice
from tranche.words.said import NOTHING, Reading, Said, agree


@dataclass(frozen=True, slots=True)
class Family:
    """What one system calls the parts of a request; "" where it has no such resource.

    Attributes:
        count: cards.
        memory: in units of ``unit``.
        unit: MiB, or "bytes"; None where the cluster decides, and has not said.
        setting: of this dialect, that says the unit; for refusals.
        share: percent of memory.
        cores: percent of compute.
        step: ``cores`` are multiples of it.
        total: the others are sums over all the cards, not of each.
        vendor: whose cards these are.
    """

    count: str = ""
    memory: str = ""
    unit: Unit | None = 1
    setting: str = ""
    share: str = ""
    cores: str = ""
    step: int = 1
    total: bool = False
    vendor: str | None = "nvidia"

    @property
    def names(self) -> frozenset[str]:
        """All resources of it."""
        return frozenset({self.count, self.memory, self.share, self.cores} - {""})

    def read(self, asked: Asked, cards: Field | None = None) -> Reading:
        """What one container asks for; ``cards`` where the count stands in another place.

        Raises:
            Refusal: an amount that cannot be, or a remainder.
        """
        if not self.names & asked.keys():
            return Reading(NOTHING)
        if cards is None and self.count:
            cards = field(asked, self.count)
        parts = [part for name in self._parts() if (part := field(asked, name))]
        count = cards.whole(least=0) if cards else None
        if cards and count == 0:
            if parts:
                raise cards.refuse(f"no card, yet {parts[0].where} of it", "write 1")
            return Reading(NOTHING, (f"{cards.where}: 0 asks for no card, and none is given",))
        amount, warnings = self._amount(asked, (count or 1) if self.total else 1)
        return Reading(Said(amount=amount, count=count or 1, vendor=self.vendor), warnings)

    def _parts(self) -> tuple[str, ...]:
        return tuple(name for name in (self.memory, self.share, self.cores) if name)

    def _amount(self, asked: Asked, count: int) -> tuple[Slice | None, tuple[str, ...]]:
        size, warnings = self._memory(asked, count)
        cores = field(asked, self.cores) if self.cores else None
        if size is None and cores is None:
            return None, ()
        return Slice(size, self._cores(cores, count) if cores else None), warnings

    def _memory(
        self, asked: Asked, count: int
    ) -> tuple[Mebibytes | Percent | None, tuple[str, ...]]:
        memory = field(asked, self.memory) if self.memory else None
        share = field(asked, self.share) if self.share else None
        if memory and share:
            raise memory.refuse(f"{share.where} says memory too", "leave one of them out")
        if share:
            return Percent(share.percent(count)), ()
        if not memory:
            return None, ()
        if self.unit is None:
            raise memory.refuse(
                "what one of it stands for is a setting of the cluster, and is not set",
                f"have dialects.{self.setting} set",
            )
        return memory.memory(self.unit, count)

    def _cores(self, cores: Field, count: int) -> int:
        value = cores.quantity().value
        if self.step > 1 and value % self.step:
            low = int(value // self.step) * self.step
            near = [n for n in (low, low + self.step) if 0 < n <= MAX_PERCENT * count]
            raise cores.refuse(
                f"not a multiple of {self.step}", f"write {' or '.join(map(str, near)) or 'less'}"
            )
        return cores.percent(count)


def read_containers(
    pod: PodWords,
    read: Callable[[Asked], Reading],
    general: Callable[[], Reading] = lambda: Reading(NOTHING),
) -> Mapping[str, Reading]:
    """What each container says, and what the pod says over all of those that ask for cards.

    Raises:
        Refusal: of any of them, with the container named.
    """
    found: dict[str, Reading] = {}
    for name, asked in pod.containers.items():
        try:
            reading = read(asked)
        except Refusal as refusal:
            raise refusal.at(f"container {name}: {refusal.where}") from None
        if reading.said != NOTHING or reading.warnings:
            found[name] = reading
    if all(reading.said == NOTHING for reading in found.values()):
        return found
    return over(found, general())


def over(found: Mapping[str, Reading], general: Reading) -> Mapping[str, Reading]:
    """Words of the pod joined to those of its containers; its warnings are heard once.

    Raises:
        Refusal: the two contradict each other.
    """
    joined: dict[str, Reading] = {}
    heard = general.warnings
    for name, reading in found.items():
        if reading.said == NOTHING:
            joined[name] = reading
            continue
        places = (f"the resources of container {name}", "the pod")
        said = agree(reading.said, general.said, places=places)
        joined[name] = Reading(said, reading.warnings + heard)
        heard = ()
    return joined
