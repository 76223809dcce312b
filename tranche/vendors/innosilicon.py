"""Innosilicon: of its Fenghua cards nothing public exists that a request could be written in."""

from typing import ClassVar

from tranche.vendors.fitting import Warnings
from tranche.vendors.names import Names
from tranche.vendors.stack import Stack
from tranche.words.errors import Refusal
from tranche.words.request import Request
from tranche.words.sentence import print_sentence


class Innosilicon(Stack, frozen=True):
    """Innosilicon's cards, which cannot be asked for."""

    key: ClassVar[str] = "innosilicon"
    title: ClassVar[str] = "Innosilicon"
    cards: ClassVar[Names] = Names()

    def fit(self, request: Request) -> tuple[Request, Warnings]:
        """Nothing fits.

        Raises:
            Refusal: always.
        """
        raise Refusal(
            print_sentence(request),
            "nothing public exists for Innosilicon's cards: no resource, no device plugin, no tool",
            "ask for another maker's cards",
        )
