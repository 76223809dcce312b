"""Resources that go together on one container: what they are called, what their numbers count."""

from dataclasses import dataclass, field
from math import ceil

from tranche.vendors.base import Asked
from tranche.vendors.numbers import mebibytes, whole
from tranche.words.errors import Refusal
from tranche.words.models import parse_model
from tranche.words.quantity import MAX_PERCENT
from tranche.words.request import MAX_COUNT, Mebibytes, Percent, Request, Slice, Whole
from tranche.words.said import NOTHING, Reading, Said


@dataclass(frozen=True, slots=True)
class Names:
    """One way to ask for cards. A name that is "" does not exist.

    Attributes:
        count: cards.
        memory: of each card, in units of ``unit``.
        unit: MiB; None where the cluster has to say it, by ``setting``.
        setting: how it is said, for the refusal.
        suffixes: a suffix on ``memory``, whichever, makes it bytes; and it is written with one.
        percent: share of each card's memory.
        cores: compute, of which a card has ``steps``.
        steps: likewise.
        total: memory and cores are sums over all the cards.
        whole: these are whole cards and nothing else.
        models: what the names themselves say, as people write it.
        all: every one of them.
    """

    count: str = ""
    memory: str = ""
    unit: int | None = 1
    setting: str = ""
    suffixes: bool = False
    percent: str = ""
    cores: str = ""
    steps: int = MAX_PERCENT
    total: bool = False
    whole: bool = False
    models: tuple[str, ...] = ()
    all: frozenset[str] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Their set is asked for at every pod."""
        names = {self.count, self.memory, self.percent, self.cores} - {""}
        object.__setattr__(self, "all", frozenset(names))

    def read(self, asked: Asked, vendor: str | None) -> Reading:
        """What they say; `NOTHING` where none of them is there, or no card.

        Raises:
            Refusal: an amount that cannot be, with the resource in ``where``.
        """
        if not self.all & asked.keys():
            return Reading(NOTHING)
        count = whole(asked, self.count, MAX_COUNT, least=0)
        others = [n for n in (self.memory, self.percent, self.cores) if n in asked]
        if count == 0:
            if others:
                why = f"no card, yet {others[0]} of it"
                raise Refusal("0", why, f"write {self.count}: 1", where=self.count)
            return Reading(NOTHING, (f"{self.count}: 0 asks for no card, and none is given",))
        memory, warnings = self._memory(asked, count or 1)
        cores = self._cores(asked, count or 1)
        amount = None if memory is None and cores is None else Slice(memory, cores)
        said = Said(
            amount=Whole() if self.whole else amount,
            count=count or 1,
            models=tuple(map(parse_model, self.models)) or None,
            vendor=vendor,
        )
        return Reading(said, warnings)

    def write(self, request: Request) -> dict[str, int | str]:
        """What stands for a request that fits; `read` reads it back, save cores with no name."""
        written: dict[str, int | str] = {self.count: request.count} if self.count else {}
        if not isinstance(request.amount, Slice):
            return written
        cards = request.count if self.total else 1
        match request.amount.memory:
            case Mebibytes(mib) if self.suffixes:
                written[self.memory] = f"{mib * cards}Mi"
            case Mebibytes(mib):
                written[self.memory] = mib // self.unit_of(str(mib)) * cards
            case Percent(percent) if self.percent:
                written[self.percent] = percent
        if self.cores and request.amount.cores is not None:
            written[self.cores] = self.steps_of(request.amount.cores) * cards
        return written

    def steps_of(self, cores: int) -> int:
        """The least number of steps that is as much compute as these percent."""
        return ceil(cores * self.steps / MAX_PERCENT)

    def percent_of(self, steps: int) -> int:
        """Whole percent of the card's compute in so many steps; `steps_of` gives them back."""
        return steps * MAX_PERCENT // self.steps

    def _memory(
        self, asked: Asked, count: int
    ) -> tuple[Mebibytes | Percent | None, tuple[str, ...]]:
        if self.memory in asked and self.percent in asked:
            both = f"{self.memory} and {self.percent} on one container"
            raise Refusal("", f"{both} say memory in two ways", "leave one of them out")
        percent = whole(asked, self.percent, MAX_PERCENT)
        if percent is not None:
            return Percent(percent), ()
        if self.memory not in asked:
            return None, ()
        cards = count if self.total else 1
        unit = self.unit_of(str(asked[self.memory]))
        mib, warnings = mebibytes(asked, self.memory, unit, of=cards, suffixes=self.suffixes)
        return None if mib is None else Mebibytes(mib), warnings

    def _cores(self, asked: Asked, count: int) -> int | None:
        steps = whole(asked, self.cores, self.steps, of=count if self.total else 1)
        return None if steps is None else self.percent_of(steps)

    def unit_of(self, written: str) -> int:
        """MiB that one of ``memory`` stands for.

        Raises:
            Refusal: the cluster has to say it, and has not.
        """
        if self.unit is None:
            raise Refusal(
                written,
                "what one of it stands for differs between clusters, and is not set here",
                f"have {self.setting}",
                where=self.memory,
            )
        return self.unit
