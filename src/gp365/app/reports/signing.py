"""Signing reports with a key of this store's own (Ed25519), and checking signatures with the public key alone.

What is signed is a line that names the SHA-256 of the report's bytes, so that a report of any size is signed as a stream.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from gp365.app.project import Project
from gp365.model.errors import Misconfigured
from gp365.store import vault
from gp365.wire.redact import register_secret

IN_VAULT = "gp365-report-key"
"""The name of the private key in the vault."""
PREFIX = "ed25519:"
_STATEMENT = "gp365 report 1\nsha256 {}\n"


@dataclass(frozen=True, slots=True, repr=False)
class ReportKey:
    """The private key of a store, with its public half as text."""

    private: Ed25519PrivateKey
    public: str

    @property
    def fingerprint(self) -> str:
        """Name the key by the SHA-256 of its public half."""
        return fingerprint_of(public_of(self.public))

    def sign(self, digest: str) -> str:
        """Sign the SHA-256 (hexadecimal) of a report; base64."""
        return base64.b64encode(self.private.sign(_statement(digest))).decode()

    def __repr__(self) -> str:
        return f"ReportKey({self.public})"


def report_key(project: Project) -> ReportKey:
    """Give the key of this store, made when it is first asked for and sealed in the vault."""
    master = vault.open_key(project.store, project.ring)
    with project.store.write() as conn:
        if IN_VAULT not in vault.list_secrets(conn):
            made = Ed25519PrivateKey.generate().private_bytes_raw()
            text = base64.b64encode(made).decode()
            register_secret(text)
            vault.set_secret(conn, master, IN_VAULT, text)
        held = vault.get_secret(conn, master, IN_VAULT)
    register_secret(held)
    private = Ed25519PrivateKey.from_private_bytes(base64.b64decode(held))
    raw = private.public_key().public_bytes_raw()
    return ReportKey(private, PREFIX + base64.b64encode(raw).decode())


def pem_of(public: str) -> str:
    """Write a public key as PEM, for other tools."""
    key = public_of(public)
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def fingerprint_of(key: Ed25519PublicKey) -> str:
    """Name a public key by its SHA-256."""
    return f"SHA256:{sha256(key.public_bytes_raw()).hexdigest()}"


def public_of(text: str) -> Ed25519PublicKey:
    """Read a public key: `ed25519:` and base64, base64 alone, or PEM; Misconfigured("usage") if it is none."""
    given = text.strip()
    try:
        if given.startswith("-----BEGIN"):
            key = load_pem_public_key(given.encode())
            if isinstance(key, Ed25519PublicKey):
                return key
            raise ValueError("another kind of key")
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(given.removeprefix(PREFIX), validate=True))
    except (ValueError, binascii.Error):
        fix = "Give what `gp365 reconcile key` shows, or a file that holds it."
        raise Misconfigured("usage", "That is no public key of Ed25519.", field="key", fix=fix) from None


def key_given(text: str) -> Ed25519PublicKey:
    """Read a public key from the command line: the key itself, or the path of a file that holds it."""
    path = Path(text)
    try:
        if len(text) < 1000 and path.is_file():
            return public_of(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError):
        pass
    return public_of(text)


def is_signed(key: Ed25519PublicKey, digest: str, signature: str) -> bool:
    """Tell whether a signature (base64) is this key's for a report with this SHA-256."""
    try:
        key.verify(base64.b64decode(signature, validate=True), _statement(digest))
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return True


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, hexadecimal."""
    held = sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            held.update(piece)
    return held.hexdigest()


def _statement(digest: str) -> bytes:
    return _STATEMENT.format(digest).encode()
