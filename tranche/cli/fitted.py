"""Requests as the cards they are for can be cut: rounded up to what their vendor has."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from tranche.vendors import known, vendor_of
from tranche.vendors.base import Vendor
from tranche.vendors.nvidia import Nvidia
from tranche.words.errors import Refusal
from tranche.words.request import Request, Slice

DEFAULT: Final = Nvidia.key
"""Whose cards are meant where no word tells: those of the vendor that most clusters have."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What one container gets.

    Attributes:
        request: with the vendor in it, where that is not the default one.
        vendor: of its cards.
        warnings: what was rounded up, with both numbers.
    """

    request: Request
    vendor: Vendor
    warnings: tuple[str, ...] = ()


def fit(request: Request, vendors: Mapping[str, Vendor] = known) -> Fitted:
    """The request as its vendor's cards can be had.

    One that names no amount is left as it is: what fills it in is the namespace's default.

    Raises:
        Refusal: cards of two makers, or no size that the vendor has would do.
    """
    vendor = vendor_of(request, DEFAULT, vendors)
    if request.amount == Slice(None):
        return Fitted(request, vendor)
    whose = request.vendor if vendor.key == DEFAULT else vendor.key
    fitted, warnings = vendor.fit(replace(request, vendor=whose))
    return Fitted(fitted, vendor, warnings)


def check_amount(request: Request) -> None:
    """Make sure that there is something to write.

    Raises:
        Refusal: nobody said how much.
    """
    if request.amount == Slice(None):
        raise Refusal(
            "",
            "no amount is said, and there is no namespace here whose default would say it",
            "say how much, such as 3000Mi or whole",
        )
