"""What is to be renewed, and whom to trust meanwhile. Pure: the time is an argument."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from webhook.certificates.authority import AUTHORITY_LIFE, Pair, make_authority, make_leaf, names_of
from webhook.certificates.material import Material

AUTHORITY_MARGIN: Final = AUTHORITY_LIFE / 10
"""A CA is replaced when it has less than this left: a year, many lives of a leaf."""

OVERLAP: Final = timedelta(hours=1)
"""For so long after a CA was made, others in the bundle stay trusted: every replica reads the
Secret every half minute, so by then none serves a leaf of another CA."""

MOST_STRANGERS: Final = 4
"""Other CAs kept in the bundle at most, the youngest first."""


class Step(StrEnum):
    """What is to be made anew."""

    KEEP = "keep"
    LEAF = "leaf"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Due:
    """A step and, for the log, why."""

    step: Step
    why: str = ""


def due(material: Material | None, names: Iterable[str], now: datetime) -> Due:
    """What is to be renewed of what the Secret holds; None stands for nothing usable."""
    if material is None:
        return Due(Step.ALL, "there is none that can be used")
    authority = material.authority.certificate
    if now < authority.not_valid_before_utc:
        return Due(Step.ALL, "the CA is not valid yet")
    if now > authority.not_valid_after_utc - AUTHORITY_MARGIN:
        return Due(Step.ALL, "the CA nears its end")
    why = _leaf_is_due(material.leaf.certificate, names, now)
    return Due(Step.LEAF, why) if why else Due(Step.KEEP)


def _leaf_is_due(leaf: x509.Certificate, names: Iterable[str], now: datetime) -> str:
    if not names_of(leaf) >= set(names):
        return "the certificate lacks a name"
    if now < leaf.not_valid_before_utc:
        return "the certificate is not valid yet"
    life = leaf.not_valid_after_utc - leaf.not_valid_before_utc
    if now > leaf.not_valid_before_utc + life * 2 / 3:
        return "two thirds of the certificate's life have passed"
    return ""


def renew(material: Material | None, step: Step, names: Iterable[str], now: datetime) -> Material:
    """The material after a step."""
    if material is None or step is Step.ALL:
        authority = make_authority(now)
        return Material(authority, make_leaf(authority, names, now))
    if step is Step.LEAF:
        return Material(material.authority, make_leaf(material.authority, names, now))
    return material


def bundle_for(authority: Pair, standing: Iterable[bytes], now: datetime) -> bytes:
    """The caBundle that should stand, given what stands.

    Ours first. Any other CA stays while ours is younger than `OVERLAP`: a replica may still serve a
    leaf of it, whether the CA was rotated or its Secret was lost. Later, none stays.
    """
    wanted = [authority.certificate]
    if now < authority.made + OVERLAP:
        others = {c for pem in standing for c in certificates_of(pem)} - {authority.certificate}
        living = [c for c in others if c.not_valid_after_utc > now]
        living.sort(key=lambda c: (c.not_valid_before_utc, c.serial_number), reverse=True)
        wanted += living[:MOST_STRANGERS]
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in wanted)


def certificates_of(pem: bytes) -> list[x509.Certificate]:
    """The certificates of a bundle; none when it cannot be read, as a chart's placeholder."""
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError:
        return []
