"""Vendors that have a set of resources for each chip, so that the model has to be known at once."""

from dataclasses import dataclass, replace
from typing import ClassVar

from tranche.vendors.choice import Keys
from tranche.vendors.fitting import Warnings
from tranche.vendors.names import Names
from tranche.vendors.stack import Stack, either
from tranche.words.errors import Refusal
from tranche.words.models import parse_model, rows_of
from tranche.words.request import Request
from tranche.words.sentence import print_sentence


@dataclass(frozen=True, slots=True)
class Chip:
    """One chip: the words of ``models.toml`` that are it, and what it is asked for by."""

    models: tuple[str, ...]
    names: Names
    keys: Keys


class Chips(Stack, frozen=True):
    """A vendor of such chips; ``cards`` are whole ones of the vendor's own plugin.

    Attributes:
        chips: all that have resources of their own.
        model: the chip meant where none is named; empty refuses slices of none.
    """

    chips: ClassVar[tuple[Chip, ...]]

    model: str = ""

    def __post_init__(self) -> None:
        """A chip that is set has to be one."""
        words = [word for chip in self.chips for word in chip.models]
        if self.model and self.model not in words:
            raise ValueError(f"model is one of {', '.join(words)}")

    def families(self) -> tuple[Names, ...]:
        """Those of each chip, and of the vendor's own plugin."""
        return (*(chip.names for chip in self.chips), self.cards, *self.older)

    def fit(self, request: Request) -> tuple[Request, Warnings]:
        """As `Stack.fit`, once a chip is chosen."""
        if request.models or not self.model:
            return super().fit(request)
        fitted, warnings = super().fit(replace(request, models=(parse_model(self.model),)))
        meant = f"no model was named: {self.model} is meant, as this cluster's settings say"
        return fitted, (meant, *warnings)

    def chip_of(self, request: Request) -> Chip | None:
        """The one chip that is asked for; None where none is, or it has no resources of its own.

        Raises:
            Refusal: several.
        """
        words = {row.word for model in request.models for row in rows_of(model)}
        found = {word: next((c for c in self.chips if word in c.models), None) for word in words}
        chips = set(found.values())
        if len(chips) > 1:
            raise Refusal(
                print_sentence(request),
                f"{self.title}'s resources are one for each chip, and {either(sorted(words))} are "
                "several",
                "name one of them",
            )
        return next(iter(chips), None)

    def slices_of(self, request: Request) -> Names | None:
        """Those of the chip."""
        chip = self.chip_of(request)
        return chip.names if chip else None

    def cards_of(self, request: Request) -> Names:
        """Those of the chip, else the vendor's own plugin's."""
        chip = self.chip_of(request)
        return chip.names if chip else self.cards

    def keys_of(self, request: Request) -> Keys:
        """Those of the chip."""
        chip = self.chip_of(request)
        return chip.keys if chip else self.keys

    def no_slices(self, request: Request) -> Refusal:
        """Slices are of a chip that is named, and that the stack can cut."""
        words = either([chip.models[0] for chip in self.chips])
        if request.models:
            why = f"{self.title}'s stack has no slices of this chip"
            return Refusal(print_sentence(request), why, f"ask for it whole, or name {words}")
        return Refusal(
            print_sentence(request),
            f"{self.title}'s resources are one for each chip, and none is named",
            f"name {words}, or have vendors.{self.key}.model set",
        )
