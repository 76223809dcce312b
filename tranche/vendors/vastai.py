"""Vastai: whole cards, or dies as its plugin is set to offer them. Source: HAMi v2.10.0, vastai."""

from typing import ClassVar

from tranche.vendors.choice import Keys, keys
from tranche.vendors.names import Names
from tranche.vendors.stack import Stack


class Vastai(Stack, frozen=True):
    """Vastai's cards."""

    key: ClassVar[str] = "vastai"
    title: ClassVar[str] = "Vastai"
    cards: ClassVar[Names] = Names("vastaitech.com/va", whole=True)
    keys: ClassVar[Keys] = keys("vastaitech.com/{}-va", "vastaitech.com/{}-gpuuuid")
