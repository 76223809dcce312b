"""MetaX: slices by the driver's sGPU, each with its memory as it is written: ``2048Mi``.

Source: HAMi v2.10.0, pkg/device/metax/{device,sdevice}.go: a bare number is GiB, and one with a
suffix is bytes; a slice of which no cores are said is given all of them.
"""

from typing import ClassVar

from tranche.vendors.choice import Keys, keys
from tranche.vendors.names import Names
from tranche.vendors.stack import Stack


class Metax(Stack, frozen=True):
    """MetaX's cards."""

    key: ClassVar[str] = "metax"
    title: ClassVar[str] = "MetaX"
    cards: ClassVar[Names] = Names("metax-tech.com/gpu", whole=True)
    slices: ClassVar[Names | None] = Names(
        "metax-tech.com/sgpu",
        "metax-tech.com/vmemory",
        unit=1024,
        suffixes=True,
        cores="metax-tech.com/vcore",
    )
    keys: ClassVar[Keys] = keys(cards="metax-tech.com/{}-gpuuuid")
    several: ClassVar[bool] = True
    all_cores: ClassVar[bool] = True
