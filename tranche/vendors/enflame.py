"""Enflame: DRS profiles by sixths of a card, and whole cards.

HAMi turns memory and cores into a profile; ``drs-gcu`` names its sixths, to HAMi and to the
vendor's own scheduler. ``vgcu`` and its percentage are HAMi's older way. Source: HAMi v2.10.0,
pkg/device/enflame and docs/enflame-vgcu-support.md.
"""

from typing import ClassVar, Final

from tranche.vendors.base import Asked, Written
from tranche.vendors.choice import Keys, keys
from tranche.vendors.names import Names
from tranche.vendors.numbers import whole
from tranche.vendors.sizes import card_of
from tranche.vendors.stack import Stack, one_of
from tranche.words.quantity import MAX_PERCENT
from tranche.words.request import Mebibytes, Percent, Request, Slice
from tranche.words.said import NOTHING, Reading, Said

SIXTHS: Final = "enflame.com/drs-gcu"
_OF: Final = 6


class Enflame(Stack, frozen=True):
    """Enflame's cards."""

    key: ClassVar[str] = "enflame"
    title: ClassVar[str] = "Enflame"
    cards: ClassVar[Names] = Names("enflame.com/gcu", whole=True)
    slices: ClassVar[Names | None] = Names(
        memory="enflame.com/gcu-memory", cores="enflame.com/gcu-core"
    )
    older: ClassVar[tuple[Names, ...]] = (
        Names("enflame.com/vgcu", percent="enflame.com/vgcu-percentage"),
    )
    keys: ClassVar[Keys] = keys(cards="enflame.com/{}-gpuuuid")

    def names(self) -> frozenset[str]:
        """HAMi's and the vendor's."""
        return super().names() | {SIXTHS}

    def read(self, asked: Asked) -> Reading:
        """As `Stack.read`, and sixths."""
        general, sixths = super().read(asked), self._sixths(asked)
        first = min(super().names() & asked.keys(), default="")
        return one_of({first: general, SIXTHS: sixths})

    def write(self, request: Request) -> Written:
        """A profile by its sixths."""
        card, amount = card_of(self.key, request.models), request.amount
        if card is None or not isinstance(amount, Slice):
            return super().write(request)
        mib = amount.memory.mib if isinstance(amount.memory, Mebibytes) else 0
        sixths = next(size.parts for size in card.sizes if size.mib >= mib)
        return Written({SIXTHS: sixths}, runtime_class=self.runtime_class)

    def _sixths(self, asked: Asked) -> Reading:
        sixths = whole(asked, SIXTHS, _OF, least=0)
        if sixths is None:
            return Reading(NOTHING)
        if sixths == 0:
            return Reading(NOTHING, (f"{SIXTHS}: 0 asks for no card, and none is given",))
        card = card_of(self.key, ())
        size = next((one for one in card.sizes if one.parts == sixths), None) if card else None
        percent = sixths * MAX_PERCENT // _OF
        memory = Mebibytes(size.mib) if size else Percent(percent)
        return Reading(Said(amount=Slice(memory, percent), count=1, vendor=self.key))
