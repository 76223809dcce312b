"""The cluster's own certificates, and the kubeconfig files that carry them."""

import datetime as dt
import ipaddress
import json
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

API_SERVER = "https://127.0.0.1:6443"

_DAY = dt.timedelta(days=1)
_VALID_DAYS = 30
_SIGNS = x509.KeyUsage(
    digital_signature=True,
    key_cert_sign=True,
    crl_sign=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)


class Pki:
    """A certificate authority in a folder. Keys are P-256: RSA would take a second each."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tranche-e2e")])
        authority = (
            _draft(self._name, self._name, self._key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_SIGNS, critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )
        self._write_key("ca", self._key)
        self._write_certificate("ca", authority)

    def issue(
        self, file: str, name: str, group: str | None = None, server: Sequence[str] = ()
    ) -> None:
        """Writes `file`.crt and `file`.key of a client, or a server at these names or addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        attributes = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
        if group:
            attributes.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, group))
        usages = [ExtendedKeyUsageOID.CLIENT_AUTH]
        draft = _draft(x509.Name(attributes), self._name, key)
        if server:
            usages.append(ExtendedKeyUsageOID.SERVER_AUTH)
            places = x509.SubjectAlternativeName([_place(text) for text in server])
            draft = draft.add_extension(places, critical=False)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        draft = draft.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        draft = draft.add_extension(issuer, critical=False)
        self._write_key(file, key)
        self._write_certificate(file, draft.sign(self._key, hashes.SHA256()))

    def key_pair(self, file: str) -> None:
        """Writes `file`.key and `file`.pub: what service account tokens are signed with."""
        key = ec.generate_private_key(ec.SECP256R1())
        self._write_key(file, key)
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        (self.folder / f"{file}.pub").write_bytes(public)

    def client(self, file: str, name: str, group: str | None = None) -> None:
        """Issues a certificate and writes `file`.conf, a kubeconfig that uses it."""
        self.issue(file, name, group)
        place = {"server": API_SERVER, "certificate-authority": str(self.folder / "ca.crt")}
        user = {
            "client-certificate": str(self.folder / f"{file}.crt"),
            "client-key": str(self.folder / f"{file}.key"),
        }
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "e2e", "cluster": place}],
            "users": [{"name": name, "user": user}],
            "contexts": [{"name": "e2e", "context": {"cluster": "e2e", "user": name}}],
            "current-context": "e2e",
        }
        (self.folder / f"{file}.conf").write_text(json.dumps(config, indent=1))

    def _write_key(self, file: str, key: ec.EllipticCurvePrivateKey) -> None:
        data = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        path = self.folder / f"{file}.key"
        path.touch(mode=0o600)
        path.write_bytes(data)

    def _write_certificate(self, file: str, certificate: x509.Certificate) -> None:
        data = certificate.public_bytes(serialization.Encoding.PEM)
        (self.folder / f"{file}.crt").write_bytes(data)


def _place(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _draft(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAY)
        .not_valid_after(now + _VALID_DAYS * _DAY)
    )
