"""Words beside the resources that were made of them, which may be rounded up to what exists."""

from collections.abc import Mapping

from tranche.vendors import vendor_of
from tranche.vendors.base import Asked, Vendor
from tranche.vendors.nvidia import Nvidia
from tranche.words.errors import Refusal
from tranche.words.quantity import parse_quantity
from tranche.words.said import Said, agree, fill, request_of


def joined(
    words: Said,
    counted: Said,
    resources: Asked,
    vendors: Mapping[str, Vendor],
    *,
    places: tuple[str, str],
) -> Said:
    """What words and resources of one container say together.

    A pod that was patched has both: ``2000Mi on 910A``, and 4096 as the size that this comes to.
    Then the words are kept, and come to the same size once more.

    Args:
        words: in Tranche's language.
        counted: what the resources say.
        resources: those of the container that were read.
        vendors: by key.
        places: of the words and of the resources, for the refusal.

    Raises:
        Refusal: the two contradict each other.
    """
    try:
        return agree(words, counted, places=places)
    except Refusal:
        both = fill(words, counted)
        if not _come_to(both, resources, vendors):
            raise
        return both


def _come_to(said: Said, resources: Asked, vendors: Mapping[str, Vendor]) -> bool:
    """Whether these resources are what the words are written as."""
    try:
        vendor = vendor_of(request_of(said), Nvidia.key, vendors)
        written = vendor.write(vendor.fit(request_of(said))[0]).resources
    except Refusal:
        return False
    return written.keys() == resources.keys() and all(
        parse_quantity(value) == parse_quantity(resources[name]) for name, value in written.items()
    )
