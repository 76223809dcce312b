"""The cards of a node as its agent reports them, and their form on the wire.

Wire: the node annotation ``tranche.dev/cards``, JSON, written only by the node agent::

    {"v": 1, "cards": [{"uuid": "GPU-…", "vendor": "nvidia", "model": "NVIDIA A100-SXM4-80GB",
                        "mib": 81920, "numa": 0, "healthy": true, "holds": ["interposer"]}]}
"""

from typing import Final

import msgspec

from tranche.words.errors import Malformed

CARDS_ANNOTATION: Final = "tranche.dev/cards"
VERSION: Final = 1


class Card(msgspec.Struct, frozen=True, omit_defaults=True):
    """One physical card.

    Attributes:
        uuid: the driver's own name for it, unique in the cluster.
        vendor: the key of `tranche.vendors`, such as ``nvidia``.
        model: the name that the driver reports, untouched.
        mib: memory in MiB as the driver reports it.
        numa: NUMA node, or None when the driver does not say.
        healthy: False takes the card out of scheduling; what runs on it stays.
        holds: how slices are held to size there, strongest first; empty means whole cards only.
        partitions: the vendor's fixed slices that can be had of it.
    """

    uuid: str
    vendor: str
    model: str
    mib: int
    numa: int | None = None
    healthy: bool = True
    holds: tuple[str, ...] = ()
    partitions: tuple[str, ...] = ()


class _Wire(msgspec.Struct, frozen=True):
    v: int
    cards: tuple[Card, ...]


_decoder = msgspec.json.Decoder(_Wire)


def dump_cards(cards: tuple[Card, ...]) -> str:
    """The annotation's text; equal cards give equal text, so that it is written on change only."""
    return msgspec.json.encode(_Wire(VERSION, tuple(sorted(cards, key=lambda c: c.uuid)))).decode()


def load_cards(text: str) -> tuple[Card, ...]:
    """The cards of an annotation.

    Raises:
        Malformed: not this version's form, a card twice, or a card of no memory.
    """
    try:
        wire = _decoder.decode(text)
    except msgspec.MsgspecError as error:
        raise Malformed(f"{CARDS_ANNOTATION}: {error}") from error
    if wire.v != VERSION:
        raise Malformed(f"{CARDS_ANNOTATION}: version {wire.v}, and this release reads {VERSION}")
    if len({card.uuid for card in wire.cards}) != len(wire.cards):
        raise Malformed(f"{CARDS_ANNOTATION}: a uuid appears twice")
    if any(card.mib < 1 for card in wire.cards):
        raise Malformed(f"{CARDS_ANNOTATION}: a card without memory")
    return wire.cards
