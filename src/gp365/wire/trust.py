"""Whom we trust: a CA bundle becomes a TLS context, a certificate problem becomes a sentence; there is no off switch."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from gp365.model.errors import Misconfigured, Unauthorised
from gp365.wire.calls import unauthorised


@dataclass(frozen=True, slots=True)
class Trust:
    """Name the CA file that a system's certificate must lead to; without one, the machine's own authorities."""

    ca_file: Path | None = None

    def context(self) -> ssl.SSLContext:
        """Return a client context that verifies chain and host name, TLS 1.2 or newer.

        Raise Misconfigured("settings-invalid") if the CA file is missing or holds no certificate.
        """
        return _context(self.ca_file)


@lru_cache(maxsize=16)
def _context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    except (OSError, ssl.SSLError) as exc:
        reason = (
            exc.strerror
            if not isinstance(exc, ssl.SSLError) and exc.strerror
            else "it holds no certificate in PEM form"
        )
        raise Misconfigured(
            "settings-invalid",
            f"The CA file {ca_file} cannot be used: {reason}",
            field="ca_file",
            value=str(ca_file),
        ) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # A private authority made for one server rarely carries every extension that strict RFC 5280 checking asks for.
    context.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", ssl.VerifyFlags(0))
    context.set_alpn_protocols(["http/1.1"])
    return context


_REASONS = {
    10: "it has expired",
    9: "it is not valid yet",
    18: "it is self-signed and not in the CA file",
    19: "its authority is unknown: it ends in a root that we do not trust",
    20: "its authority is unknown",
    21: "its authority is unknown: the server does not send the intermediate certificates",
    62: "it was issued for another name",
    64: "it was issued for another address",
}
"""OpenSSL's X509_V_ERR_* numbers (openssl verification options page) in plain words."""


def certificate_fault(error: ssl.SSLCertVerificationError, host: str, system: str) -> Unauthorised:
    """Return Unauthorised("certificate") that says what is wrong with the server's certificate."""
    reason = _REASONS.get(error.verify_code, error.verify_message)
    return unauthorised("certificate", f"The certificate of {host} is refused: {reason}", system)


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What a doctor tells about a server's certificate; times are aware UTC."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    valid_from: datetime
    valid_to: datetime


def certificate_facts(der: bytes) -> CertificateFacts:
    """Read the facts of a certificate in DER form."""
    certificate = x509.load_der_x509_certificate(der)
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        names = tuple(str(name.value) for name in extension.value)
    except x509.ExtensionNotFound:
        names = ()
    return CertificateFacts(
        certificate.subject.rfc4514_string(),
        certificate.issuer.rfc4514_string(),
        names,
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
    )


def server_end_point(der: bytes) -> bytes:
    """Return the `tls-server-end-point` channel binding of a certificate (RFC 5929 §4.1).

    The hash is that of the certificate's own signature, except that MD5 and SHA-1 become SHA-256.
    """
    certificate = x509.load_der_x509_certificate(der)
    algorithm = certificate.signature_hash_algorithm
    if algorithm is None or isinstance(algorithm, hashes.MD5 | hashes.SHA1):
        algorithm = hashes.SHA256()
    return b"tls-server-end-point:" + certificate.fingerprint(algorithm)
