"""The live TLS context: what it shows can be replaced without closing a connection."""

import os
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from cryptography import x509

from tranche.words.errors import Malformed

CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""For TLS 1.2: forward secrecy and authenticated encryption only. 1.3 has no others."""


class Served:
    """A server context whose certificate is chosen anew at each handshake.

    A new certificate comes in a context of its own, so that one which does not load changes
    nothing, and a key of another kind leaves nothing of the old one behind. Connections that stand
    keep what they agreed on.

    Attributes:
        context: for the listener; fails every handshake until something was loaded.
        leaf: the certificate that is shown; None before the first.
    """

    def __init__(self) -> None:
        self.context = _context()
        self.leaf: x509.Certificate | None = None
        self._current: ssl.SSLContext | None = None
        self.context.sni_callback = self._choose

    def load(self, certificate: bytes, key: bytes) -> None:
        """Show this certificate (PEM, with its chain) from the next handshake on.

        Raises:
            Malformed: they cannot be read or do not belong together; the former one stays.
        """
        try:
            leaf = x509.load_pem_x509_certificate(certificate)
            fresh = _context()
            _load(fresh, certificate, key)
        except (ValueError, ssl.SSLError) as error:
            raise Malformed(f"certificate: {error}") from error
        self._current, self.leaf = fresh, leaf

    def problem(self, now: datetime) -> str:
        """Why a client could not trust it now; empty when it could."""
        if self.leaf is None:
            return "no certificate yet"
        if now < self.leaf.not_valid_before_utc:
            return f"certificate is not valid before {self.leaf.not_valid_before_utc:%F %TZ}"
        if now > self.leaf.not_valid_after_utc:
            return f"certificate expired at {self.leaf.not_valid_after_utc:%F %TZ}"
        return ""

    def days_left(self, now: datetime) -> float:
        """Until the certificate expires; negative afterwards, 0 when there is none."""
        if self.leaf is None:
            return 0.0
        return (self.leaf.not_valid_after_utc - now).total_seconds() / 86400

    # OpenSSL calls this for every handshake, also when the client names no server.
    def _choose(self, tls: ssl.SSLObject, _name: str | None, _outer: ssl.SSLContext) -> int | None:
        if self._current is None:
            return ssl.ALERT_DESCRIPTION_INTERNAL_ERROR
        tls.context = self._current
        return None


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_TICKET
    # API servers keep connections open and resume none: tickets would be work for nothing.
    context.num_tickets = 0
    context.set_alpn_protocols(["http/1.1"])
    return context


def _load(context: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    # The ssl module reads files only; a file in memory needs no writable folder and no cleaning up.
    handle = os.memfd_create("tranche-tls", os.MFD_CLOEXEC)
    try:
        with os.fdopen(os.dup(handle), "wb") as file:
            file.write(certificate + b"\n" + key)
        context.load_cert_chain(f"/proc/self/fd/{handle}", password=_no_password)
    finally:
        os.close(handle)


def _no_password() -> bytes:
    # Without this, OpenSSL would ask a terminal for the password of an encrypted key.
    return b""


def utc_now() -> datetime:
    """The clock of the certificates."""
    return datetime.now(UTC)


Clock = Callable[[], datetime]
