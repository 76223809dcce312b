"""Vendors as a cluster would have them, and sentences put to them."""

from tranche.vendors import make_vendors, vendor_of
from tranche.vendors.base import Vendor, Written
from tranche.words.errors import Refusal
from tranche.words.request import Request, Slice, Whole
from tranche.words.said import Said, request_of
from tranche.words.sentence import parse_sentence, print_sentence

VENDORS = make_vendors({"cambricon": {"memoryUnit": "256Mi"}})


def put(sentence: str, vendors=VENDORS) -> tuple[Request, Written, tuple[str, ...]]:
    """What a sentence becomes: as it fits, as it is written, and all that is warned of."""
    request = parse_sentence(sentence)
    vendor = vendor_of(request, "nvidia", vendors)
    fitted, warnings = vendor.fit(request)
    written = vendor.write(fitted)
    return fitted, written, (*warnings, *written.warnings)


def refusal(sentence: str, vendors=VENDORS) -> str:
    """Why a sentence is refused."""
    try:
        fitted, _, _ = put(sentence, vendors)
    except Refusal as refused:
        return str(refused)
    raise AssertionError(f"{sentence} is not refused, but is {print_sentence(fitted)}")


def request_in(said: Said) -> Request:
    """The request, where a bare count means whole cards as it does in a cluster."""
    request = request_of(said)
    if request.amount == Slice(None):
        return request_of(Said(**{**{f: getattr(said, f) for f in PARTS}, "amount": Whole()}))
    return request


PARTS = Said.__dataclass_fields__


def reread(vendor: Vendor, request: Request) -> Request:
    """What the vendor reads of what it wrote."""
    return request_in(vendor.read(vendor.write(request).resources).said)
