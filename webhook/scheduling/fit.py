"""Whether one card would do for one container, and if not, the first thing that is missing.

Causes stand in the order in which they are told: a person who asks for an A100 where there is none
need not hear of memory.
"""

from enum import IntEnum
from typing import Final, NamedTuple

from tranche.words.request import Percent, Slice
from webhook.scheduling.shape import UNFIT, Demand
from webhook.scheduling.stock import Stock


class Cause(IntEnum):
    """What is missing, the first told first."""

    NO_CARDS = 0
    MODEL = 1
    CARD = 2
    HEALTH = 3
    SLICING = 4
    CORES = 5
    MEMORY = 6
    COUNT = 7
    NUMA = 8
    TOGETHER = 9
    TICKETS = 10


class Stop(NamedTuple):
    """What stopped a card.

    Attributes:
        cause: the first check that it did not pass.
        had: what it had of what the cause is about, in the unit of the cause's text.
    """

    cause: Cause
    had: int = 0


_MODEL: Final = Stop(Cause.MODEL)
_CARD: Final = Stop(Cause.CARD)
_HEALTH: Final = Stop(Cause.HEALTH)
_SLICING: Final = Stop(Cause.SLICING)


def stopped(stock: Stock, demand: Demand) -> Stop | None:  # noqa: PLR0911  a list of checks
    """What stops a card from serving a container that is alone in its pod; None if nothing does.

    ``demand`` must have learned the card's kind.
    """
    need = demand.needs[stock.kind]
    if need == UNFIT:
        return _MODEL
    if demand.picky and not demand.named(stock.card.uuid):
        return _CARD
    if not stock.card.healthy:
        return _HEALTH
    if not (demand.whole or stock.card.holds):
        return _SLICING
    if demand.cores > stock.promise if demand.cores else stock.shut:
        return Stop(Cause.CORES, stock.promise)
    # Who asks for a whole card needs all of its memory, and whoever is there holds some.
    if need > stock.free:
        return Stop(Cause.MEMORY, _in_unit(demand, stock))
    return None


def _in_unit(demand: Demand, stock: Stock) -> int:
    amount = demand.request.amount
    percent = isinstance(amount, Slice) and isinstance(amount.memory, Percent)
    return stock.free * 100 // stock.card.mib if percent else stock.free
