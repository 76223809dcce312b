"""The CA and the leaf as they are kept together in one Secret."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tranche.words.errors import Malformed
from webhook.certificates.authority import Pair

CA_CERTIFICATE: Final = "ca.crt"
CA_KEY: Final = "ca.key"
LEAF_CERTIFICATE: Final = "tls.crt"
LEAF_KEY: Final = "tls.key"


@dataclass(frozen=True, slots=True)
class Material:
    """An authority and the server certificate that it signed."""

    authority: Pair
    leaf: Pair


def dump_material(material: Material) -> dict[str, bytes]:
    """The data of the Secret, under the keys that a Secret of type kubernetes.io/tls has."""
    return {
        CA_CERTIFICATE: material.authority.certificate_pem,
        CA_KEY: material.authority.key_pem,
        LEAF_CERTIFICATE: material.leaf.certificate_pem,
        LEAF_KEY: material.leaf.key_pem,
    }


def load_material(data: Mapping[str, bytes]) -> Material:
    """What a Secret holds.

    Raises:
        Malformed: something is missing or unreadable, a key does not belong to its certificate, or
            the leaf was signed by another authority.
    """
    authority = _pair(data, CA_CERTIFICATE, CA_KEY)
    leaf = _pair(data, LEAF_CERTIFICATE, LEAF_KEY)
    try:
        leaf.certificate.verify_directly_issued_by(authority.certificate)
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Malformed(f"{LEAF_CERTIFICATE}: not signed by {CA_CERTIFICATE}") from error
    return Material(authority, leaf)


def _pair(data: Mapping[str, bytes], certificate_at: str, key_at: str) -> Pair:
    for name in (certificate_at, key_at):
        if name not in data:
            raise Malformed(f"{name}: missing")
    try:
        certificate = x509.load_pem_x509_certificate(data[certificate_at])
        key = load_pem_private_key(data[key_at], None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Malformed(f"{certificate_at} and {key_at}: {error}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise Malformed(f"{key_at}: not a key on an elliptic curve")
    if key.public_key() != certificate.public_key():
        raise Malformed(f"{key_at}: not the key of {certificate_at}")
    return Pair(certificate, key)
