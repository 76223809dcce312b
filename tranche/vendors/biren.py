"""Biren: whole cards, and halves and quarters made beforehand (SVI) under names of their own.

Sources: HAMi v2.10.0, pkg/device/biren/device.go; for the shares the survey
LinkMaq/kube-accelerator-sim, docs/research.
"""

from fractions import Fraction
from typing import ClassVar

from tranche.vendors.choice import Keys, keys
from tranche.vendors.names import Names
from tranche.vendors.shares import Share, Shared


class Biren(Shared, frozen=True):
    """Biren's cards."""

    key: ClassVar[str] = "biren"
    title: ClassVar[str] = "Biren"
    cards: ClassVar[Names] = Names("birentech.com/gpu", whole=True)
    keys: ClassVar[Keys] = keys("birentech.com/{}-biren", "birentech.com/{}-gpuuuid")
    published_class: ClassVar[str] = "biren"

    def shares(self) -> tuple[Share, ...]:
        """A quarter and a half."""
        return (
            Share("birentech.com/1-4-gpu", 1, Fraction(1, 4)),
            Share("birentech.com/1-2-gpu", 1, Fraction(1, 2)),
        )
