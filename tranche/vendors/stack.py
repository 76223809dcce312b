"""What most vendors have in common: a `Vendor` whose facts are data and whose settings are fields.

A vendor's file says what its resources are called and what they count; it adds code only where its
stack is unlike the others.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Final

import msgspec

from tranche.vendors.base import Asked, Written
from tranche.vendors.choice import Choice, Keys, choice_of
from tranche.vendors.fitting import Warnings, called, fit_cores, fit_free
from tranche.vendors.names import Names
from tranche.vendors.partitions import Partitions
from tranche.vendors.sizes import card_of, fit_size
from tranche.words.errors import Refusal
from tranche.words.makers import one_maker, title_of
from tranche.words.request import Amount, Mebibytes, Partition, Request, Slice, Whole
from tranche.words.said import NOTHING, Reading
from tranche.words.sentence import print_sentence

_LOST: Final = "how much of the media engines comes with it cannot be said"


class Stack(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """A `Vendor`, filled in.

    Attributes:
        cards: what whole cards are written in.
        slices: what slices are written in; None where the stack has none.
        older: what is read besides, and never written.
        partitions: fixed slices that have resources of their own.
        keys: annotations for the choice of cards.
        counts: how many whole cards a container may have; empty is any number.
        several: a container may have slices of several cards.
        all_cores: a slice of which no cores were said is taken by the stack to have all of them.
        interposed: Tranche's interposer holds its slices.
        lent: its slices are HAMi's making.
        published_class: the RuntimeClass that the vendor's own documents name.
        runtime_class: of pods with its cards; empty leaves the pod's, for clusters where the
            vendor's runtime is the default one. A class that does not exist is refused by
            Kubernetes, and a runtime that is not there shows no card.
    """

    key: ClassVar[str]
    title: ClassVar[str]
    cards: ClassVar[Names]
    slices: ClassVar[Names | None] = None
    older: ClassVar[tuple[Names, ...]] = ()
    partitions: ClassVar[Partitions] = Partitions()
    keys: ClassVar[Keys] = Keys()
    counts: ClassVar[tuple[int, ...]] = ()
    several: ClassVar[bool] = False
    all_cores: ClassVar[bool] = False
    interposed: ClassVar[bool] = False
    lent: ClassVar[bool] = False
    published_class: ClassVar[str] = ""

    runtime_class: str = ""

    def families(self) -> tuple[Names, ...]:
        """All that is read, each name in one of them."""
        slices = () if self.slices is None else (self.slices,)
        return tuple(dict.fromkeys((*slices, self.cards, *self.older)))

    def names(self) -> frozenset[str]:
        """Every resource name that `read` understands."""
        names = frozenset(name for names in self.families() for name in names.all)
        return names | self.fixed()

    def fixed(self) -> frozenset[str]:
        """The partitions among them."""
        return frozenset(self.partitions.resources)

    def read(self, asked: Asked) -> Reading:
        """What the resources of one container ask for; see `Vendor.read`."""
        asking = {min(n.all & asked.keys(), default=""): n for n in self.families()}
        found = {at: n.read(asked, self.key) for at, n in asking.items() if at}
        return one_of(found | self.partitions.read(asked, self.key))

    def fit(self, request: Request) -> tuple[Request, Warnings]:
        """The request as these cards can be cut; see `Vendor.fit`."""
        self.check_maker(request)
        amount, warnings = self.fit_amount(request)
        fitted = replace(request, amount=amount)
        if isinstance(amount, Whole):
            self.check_count(fitted)
        elif request.count > 1 and not self.several and isinstance(amount, Slice):
            raise Refusal(
                print_sentence(request),
                f"a container can have a slice of one {self.title} card only",
                f"ask for a slice of one card, or for whole cards: {request.count} x whole",
            )
        if self.all_cores and isinstance(amount, Slice) and amount.cores is None:
            all_of_them = (
                f"no cores were said, and {self.title}'s stack takes that for all of them, so that "
                "the card is not shared; say a share, such as 25% cores"
            )
            warnings = (*warnings, all_of_them)
        return fitted, warnings

    def write(self, request: Request) -> Written:
        """What the stack takes for a request that `fit` has passed; see `Vendor.write`."""
        if isinstance(request.amount, Partition):
            resource = self.partitions.resource(request.amount.name)
            return Written({resource: request.count}, runtime_class=self.runtime_class)
        names = self.slices_of(request) if isinstance(request.amount, Slice) else None
        names = names or self.cards_of(request)
        return Written(names.write(request), runtime_class=self.runtime_class)

    def choose(self, request: Request) -> Choice:
        """The choice of cards in the annotations of the vendor's own scheduler."""
        return choice_of(request, self.keys_of(request), self.key)

    def fit_amount(self, request: Request) -> tuple[Amount, Warnings]:
        """The amount as it can be had.

        Raises:
            Refusal: it cannot.
        """
        match request.amount:
            case Slice() as amount:
                return self.fit_slice(amount, request)
            case Partition(name):
                return self.fit_partition(name, request)
            case whole:
                return whole, ()

    def fit_slice(self, amount: Slice, request: Request) -> tuple[Amount, Warnings]:
        """A slice of a size that exists, or a whole card.

        Raises:
            Refusal: there are none, or none is as large.
        """
        names = self.slices_of(request)
        if names is None:
            raise self.no_slices(request)
        if amount == Slice(None):
            return Whole(), ()
        card = card_of(self.key, request.models)
        if card is None:
            return fit_free(amount, names, self.key, request.models)
        fitted, warnings = fit_size(amount, card, called(self.key, request.models))
        if card.parts or not isinstance(fitted, Slice):
            return fitted, warnings
        cores, more = fit_cores(fitted.cores, names)
        return Slice(fitted.memory, cores), warnings + more

    def fit_partition(self, name: str, request: Request) -> tuple[Amount, Warnings]:
        """A fixed slice by the vendor's name for it; as a slice, where it has no other resource.

        Raises:
            Refusal: these cards have none of that name.
        """
        if name in self.partitions.names:
            return Partition(name), ()
        card = card_of(self.key, request.models)
        size = card.named(name) if card else None
        if card is None or size is None:
            known = self.partitions.names if card is None else {one.name for one in card.sizes}
            raise self.no_partition(name, sorted(known))
        lost = () if size.name == name else (f"{name} is given as {size.name}: {_LOST}",)
        return Slice(Mebibytes(size.mib), card.cores(size)), lost

    def slices_of(self, request: Request) -> Names | None:  # noqa: ARG002
        """What slices of these cards are written in."""
        return self.slices

    def cards_of(self, request: Request) -> Names:  # noqa: ARG002
        """What whole cards are written in."""
        return self.cards

    def keys_of(self, request: Request) -> Keys:  # noqa: ARG002
        """The annotations for the choice of these cards."""
        return self.keys

    def check_maker(self, request: Request) -> None:
        """Make sure that these are this vendor's cards.

        Raises:
            Refusal: they are not.
        """
        if request.vendor not in (None, self.key):
            raise Refusal(
                print_sentence(request),
                f"these are not {self.title}'s cards, but {title_of(request.vendor or '')}'s",
                "name one maker",
            )
        one_maker(self.key, request.models)

    def check_count(self, request: Request) -> None:
        """Make sure that a container may have so many whole cards.

        Raises:
            Refusal: it may not.
        """
        if self.counts and request.count not in self.counts:
            more = (count for count in self.counts if count > request.count)
            raise Refusal(
                print_sentence(request),
                f"{self.title} gives a container {either(self.counts)} whole cards",
                f"ask for one of these, such as {next(more, self.counts[-1])} x whole",
            )

    def no_slices(self, request: Request) -> Refusal:
        """Slices of these cards are refused."""
        return Refusal(
            print_sentence(request),
            f"{self.title} cards are given whole: the stack has no slices of them",
            "ask for whole cards, such as 1 x whole",
        )

    def no_partition(self, name: str, known: Iterable[str]) -> Refusal:
        """A partition by this name is refused."""
        listed = [one for one in known if one][:8]
        return Refusal(
            name,
            f"{self.title} has no fixed slice of this name",
            f"write {either(listed)}" if listed else "ask for memory, such as 8Gi, or for whole",
        )


def one_of(found: Mapping[str, Reading]) -> Reading:
    """The one reading there is, of those that begin with each resource.

    Raises:
        Refusal: several; two of the names are given.
    """
    spoken = {name: one for name, one in found.items() if one.said != NOTHING or one.warnings}
    if len(spoken) > 1:
        one, other = list(spoken)[:2]
        raise Refusal("", f"{one} and {other} ask for cards in two ways", "leave one of them out")
    return next(iter(spoken.values()), Reading(NOTHING))


def either(values: Sequence[object]) -> str:
    """``1, 2 or 4``."""
    words = [str(value) for value in values]
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
