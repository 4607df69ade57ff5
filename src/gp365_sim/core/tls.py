"""A certificate authority of our own and a server certificate for this machine's loopback names.

The files `ca.pem`, `server.pem` and `server.key` are made once per folder and used again while valid.
"""

import hashlib
import ipaddress
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFE = timedelta(days=800)
_LEFT = timedelta(days=60)


@dataclass(frozen=True)
class Certificate:
    """Where the certificate files are, and the channel binding that a client of this server must send."""

    ca_file: Path
    cert_file: Path
    key_file: Path
    binding: bytes


def certificate(folder: Path) -> Certificate:
    """Return the folder's certificate for `localhost`, 127.0.0.1 and ::1, making it when absent or aging."""
    found = Certificate(folder / "ca.pem", folder / "server.pem", folder / "server.key", b"")
    if not _usable(found):
        folder.mkdir(parents=True, exist_ok=True)
        _make(found)
    return Certificate(found.ca_file, found.cert_file, found.key_file, _end_point(found.cert_file))


def _usable(found: Certificate) -> bool:
    if not all(path.is_file() for path in (found.ca_file, found.cert_file, found.key_file)):
        return False
    server = x509.load_pem_x509_certificate(found.cert_file.read_bytes())
    return server.not_valid_after_utc - datetime.now(UTC) > _LEFT


def _end_point(cert_file: Path) -> bytes:
    """`tls-server-end-point` of RFC 5929: the hash of the certificate by its own signature's algorithm."""
    server = x509.load_pem_x509_certificate(cert_file.read_bytes())
    algorithm = server.signature_hash_algorithm
    name = algorithm.name if algorithm and algorithm.name not in ("md5", "sha1") else "sha256"
    digest = hashlib.new(name, server.public_bytes(serialization.Encoding.DER)).digest()
    return b"tls-server-end-point:" + digest


def _make(files: Certificate) -> None:
    ca_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca = _signed(_ca_body(), ca_key, ca_key)
    server = _signed(_server_body(), ca_key, server_key, issuer=ca.subject)
    write_private(files.key_file, _pem(server_key))
    pem = serialization.Encoding.PEM
    files.ca_file.write_bytes(ca.public_bytes(pem))
    files.cert_file.write_bytes(server.public_bytes(pem) + ca.public_bytes(pem))


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, where the operating system knows such a thing."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _ca_body() -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name("gp365 simulator CA"))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(ca=True), critical=True)
    )


def _server_body() -> x509.CertificateBuilder:
    addresses = [x509.IPAddress(ipaddress.ip_address(text)) for text in ("127.0.0.1", "::1")]
    return (
        x509.CertificateBuilder()
        .subject_name(_name("localhost"))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost"), *addresses]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(ca=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _signed(
    body: x509.CertificateBuilder,
    signer: ec.EllipticCurvePrivateKey,
    subject: ec.EllipticCurvePrivateKey,
    issuer: x509.Name | None = None,
) -> x509.Certificate:
    now = datetime.now(UTC)
    return (
        body.issuer_name(issuer or _name("gp365 simulator CA"))
        .public_key(subject.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _LIFE)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(subject.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        .sign(signer, hashes.SHA256())
    )
