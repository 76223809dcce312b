"""T-Head: whole PPUs. Its slices are MIG-like, and no public name of one was found.

Source: the survey LinkMaq/kube-accelerator-sim, docs/research; the second name is gpustack's.
"""

from typing import ClassVar

from tranche.vendors.names import Names
from tranche.vendors.stack import Stack


class Thead(Stack, frozen=True):
    """T-Head's cards."""

    key: ClassVar[str] = "thead"
    title: ClassVar[str] = "T-Head"
    cards: ClassVar[Names] = Names("aliyun.com/ppu", whole=True)
    older: ClassVar[tuple[Names, ...]] = (Names("alibabacloud.com/ppu", whole=True),)
