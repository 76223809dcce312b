"""Vendors whose slices are equal shares of a card, made beforehand or counted by the core."""

from dataclasses import dataclass
from fractions import Fraction

from tranche.vendors.base import Asked, Written
from tranche.vendors.fitting import Warnings, called, memory_of_all, unknown_memory
from tranche.vendors.numbers import whole
from tranche.vendors.stack import Stack, either, one_of
from tranche.words.errors import Refusal
from tranche.words.quantity import MAX_PERCENT
from tranche.words.request import (
    MAX_COUNT,
    Amount,
    Mebibytes,
    Model,
    Percent,
    Request,
    Slice,
    Whole,
)
from tranche.words.said import NOTHING, Reading, Said
from tranche.words.sentence import print_sentence


@dataclass(frozen=True, slots=True)
class Share:
    """A share of a card: so many of a resource. Memory and compute go together."""

    resource: str
    number: int
    of_card: Fraction

    @property
    def amount(self) -> Slice:
        """As a slice, in whole percent."""
        percent = int(self.of_card * MAX_PERCENT)
        return Slice(Percent(percent), percent)


class Shared(Stack, frozen=True):
    """A vendor of such slices."""

    def shares(self) -> tuple[Share, ...]:
        """All there are, the least first, and none of a whole card."""
        raise NotImplementedError

    def cards_in(self, resource: str, number: int) -> int | None:
        """How many whole cards so many of a share's resource are; None where they are not whole."""
        del resource, number
        return None

    def names(self) -> frozenset[str]:
        """Of whole cards, and of shares."""
        return super().names() | {share.resource for share in self.shares()}

    def read(self, asked: Asked) -> Reading:
        """As `Stack.read`, and shares."""
        found = {name: self._shared(name, asked) for name in self._resources() & asked.keys()}
        general = super().read(asked)
        if general != Reading(NOTHING):
            found[self.cards.count] = general
        return one_of(dict(sorted(found.items())))

    def write(self, request: Request) -> Written:
        """A share by its own resource."""
        if not isinstance(request.amount, Slice):
            return super().write(request)
        share = next(share for share in self.shares() if share.amount == request.amount)
        return Written({share.resource: share.number}, runtime_class=self.runtime_class)

    def fit_slice(self, amount: Slice, request: Request) -> tuple[Amount, Warnings]:
        """The least share that has what is asked, or a whole card."""
        if amount == Slice(None):
            return Whole(), ()
        asked = print_sentence(Request(amount))
        said = self._percents(amount, asked, request.models)
        needed = Fraction(max(said), MAX_PERCENT)
        share = next((share for share in self.shares() if share.of_card >= needed), None)
        why = f"{called(self.key, request.models)} is shared out in fixed parts"
        if share is None:
            grown = f"{asked} is rounded up to a whole card: {why}"
            return Whole(), () if set(said) == {MAX_PERCENT} else (grown,)
        percent = share.amount.cores
        grown = f"{asked} is rounded up to {percent}% of memory and cores: {why}"
        same = set(said) == {percent} and not isinstance(amount.memory, Mebibytes)
        return share.amount, () if same else (grown,)

    def _resources(self) -> frozenset[str]:
        return frozenset(share.resource for share in self.shares())

    def _percents(self, amount: Slice, asked: str, models: tuple[Model, ...]) -> list[int]:
        said = [] if amount.cores is None else [amount.cores]
        match amount.memory:
            case Percent(percent):
                said.append(percent)
            case Mebibytes(mib):
                card = memory_of_all(models)
                if card is None:
                    raise unknown_memory(asked, self.key, models)
                if mib > card:
                    why = f"{called(self.key, models)} has {card} MiB"
                    raise Refusal(asked, why, "ask for no more than that")
                said.append(-(-mib * MAX_PERCENT // card))
        return said

    def _shared(self, name: str, asked: Asked) -> Reading:
        number = whole(asked, name, MAX_COUNT * MAX_PERCENT, least=0) or 0
        if number == 0:
            return Reading(NOTHING, (f"{name}: 0 asks for no card, and none is given",))
        numbers = {s.number: s.amount for s in self.shares() if s.resource == name}
        if number in numbers:
            return Reading(Said(amount=numbers[number], count=1, vendor=self.key))
        cards = self.cards_in(name, number)
        if cards is None or cards > MAX_COUNT:
            raise Refusal(
                str(asked[name]),
                "a container has one share of a card, or whole cards",
                f"write {either(sorted(numbers))}",
                where=name,
            )
        return Reading(Said(amount=Whole(), count=cards, vendor=self.key))
