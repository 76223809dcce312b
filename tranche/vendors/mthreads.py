"""Moore Threads: slices by the driver, of fixed sizes in 512 MiB, and cores in sixteenths.

Memory and cores are sums over the cards. Source: HAMi v2.10.0, pkg/device/mthreads/device.go,
which turns any request for several cards into whole ones. ``mthreads.com/gpu`` is the vendor's own
plugin's; the annotations are ``mthreads.ai``, not ``.com``.
"""

from typing import ClassVar, Final

from tranche.vendors.choice import Keys, keys
from tranche.vendors.names import Names
from tranche.vendors.stack import Stack

_VGPU: Final = Names(
    "mthreads.com/vgpu",
    "mthreads.com/sgpu-memory",
    unit=512,
    cores="mthreads.com/sgpu-core",
    steps=16,
    total=True,
)


class Mthreads(Stack, frozen=True):
    """Moore Threads' cards."""

    key: ClassVar[str] = "mthreads"
    title: ClassVar[str] = "Moore Threads"
    cards: ClassVar[Names] = _VGPU
    slices: ClassVar[Names | None] = _VGPU
    older: ClassVar[tuple[Names, ...]] = (Names("mthreads.com/gpu", whole=True),)
    keys: ClassVar[Keys] = keys(cards="mthreads.ai/{}-gpuuuid")
    published_class: ClassVar[str] = "mthreads"
