"""One file per vendor: the names of its resources in a cluster, what sizes it has of a card.

A module belongs here when it knows a vendor's spelling on the Kubernetes side, or is what several
of these have in common. What it takes to find or cut a card on a node is the node agent's. To add
one: a module, a line in `known`, its maker and models in ``words/models.toml``, and its sizes in
``sizes.toml`` where it has fixed ones.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec

from tranche.vendors.amd import Amd
from tranche.vendors.ascend import Ascend
from tranche.vendors.aws import Aws
from tranche.vendors.base import Asked, Vendor
from tranche.vendors.biren import Biren
from tranche.vendors.cambricon import Cambricon
from tranche.vendors.enflame import Enflame
from tranche.vendors.google import Google
from tranche.vendors.hygon import Hygon
from tranche.vendors.iluvatar import Iluvatar
from tranche.vendors.innosilicon import Innosilicon
from tranche.vendors.intel import Intel
from tranche.vendors.kunlunxin import Kunlunxin
from tranche.vendors.metax import Metax
from tranche.vendors.mthreads import Mthreads
from tranche.vendors.nvidia import Nvidia
from tranche.vendors.sizes import sizes
from tranche.vendors.stack import Stack, one_of
from tranche.vendors.thead import Thead
from tranche.vendors.vastai import Vastai
from tranche.words import makers
from tranche.words.errors import Malformed
from tranche.words.request import Partition, Request
from tranche.words.said import Reading

kinds: Final[Mapping[str, type[Stack]]] = {
    one.key: one
    for one in (
        *(Nvidia, Amd, Intel, Ascend, Cambricon, Hygon, Mthreads, Metax, Iluvatar, Enflame),
        *(Kunlunxin, Biren, Vastai, Aws, Google, Thead, Innosilicon),
    )
}
"""Each vendor by its key, made of its settings."""

known: Final[Mapping[str, Vendor]] = {key: kind() for key, kind in kinds.items()}
"""Each vendor as it is where the cluster sets nothing."""


def make_vendors(settings: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Vendor]:
    """All vendors with a cluster's settings, such as ``{"cambricon": {"memoryUnit": "1%"}}``.

    Raises:
        Malformed: no such vendor, or settings that it does not have.
    """
    made: dict[str, Vendor] = dict(known)
    for key, values in settings.items():
        if key not in kinds:
            raise Malformed(f"vendors: there is no {key}, but {', '.join(kinds)}")
        try:
            made[key] = msgspec.convert(values, kinds[key], strict=False)
        except msgspec.ValidationError as error:
            raise Malformed(f"vendors.{key}: {error}") from error
    return made


def vendor_of(request: Request, default: str, vendors: Mapping[str, Vendor] = known) -> Vendor:
    """Whose cards a request is for: as its words, its models or its partition's name tell.

    Where none does, or several vendors have a partition of the name, they are ``default``'s.

    Raises:
        Refusal: cards of two makers.
    """
    told = makers.vendor_of(request)
    if told is None and isinstance(request.amount, Partition):
        name = request.amount.name
        owners = {key for key, kind in kinds.items() if name in kind.partitions.names}
        owners |= {card.vendor for card in sizes().cards if card.named(name)}
        told = owners.pop() if len(owners) == 1 else None
    return vendors[told or default]


def read(asked: Asked, vendors: Mapping[str, Vendor] = known) -> Reading:
    """What the resources of one container ask for, of whichever vendor.

    Raises:
        Refusal: an amount that cannot be, or cards of two vendors.
    """
    spoken = {name: one for one in vendors.values() for name in _names(one) & asked.keys()}
    by_vendor = {one.key: (name, one) for name, one in sorted(spoken.items(), reverse=True)}
    return one_of({name: one.read(asked) for name, one in by_vendor.values()})


@lru_cache(256)
def _names(vendor: Vendor) -> frozenset[str]:
    return vendor.names()
