"""The master key of the vault: from GP365_MASTER_KEY, the system's keyring where one is installed, or a private file.

The file is made with mode 600. Windows knows no such mode: there the file inherits the rights of its folder, which
should be open to the service's account alone.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import importlib
import os
import secrets
from collections.abc import Collection, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from gp365.model.errors import Misconfigured

ENVIRONMENT = "GP365_MASTER_KEY"
FILE = "master.key"
_SERVICE = "gp365"
_BYTES = 32


class MasterKey:
    """A 256-bit key that is never shown. `id` tells keys apart and gives nothing away."""

    __slots__ = ("_key", "id")

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.id = sha256(b"gp365 key id\x1f" + key).hexdigest()[:16]

    def reveal(self) -> bytes:
        """Return the key's bytes."""
        return self._key

    def __repr__(self) -> str:
        return f"MasterKey({self.id})"

    def __reduce__(self) -> Any:
        raise TypeError("A master key is not to be copied into other processes or files.")


def new_key() -> MasterKey:
    """Draw a key."""
    return MasterKey(secrets.token_bytes(_BYTES))


def key_text_of(key: MasterKey) -> str:
    """Write a key as it stands in GP365_MASTER_KEY or the file."""
    return base64.urlsafe_b64encode(key.reveal()).decode()


def key_of_text(text: str, where: str) -> MasterKey:
    """Read a key of 64 hex digits or 44 characters of base64; Misconfigured("vault-key") otherwise."""
    text = text.strip()
    raw = b""
    with contextlib.suppress(ValueError, binascii.Error):
        raw = bytes.fromhex(text) if len(text) == 2 * _BYTES else base64.urlsafe_b64decode(text)
    if len(raw) != _BYTES:
        raise Misconfigured(
            "vault-key",
            f"The master key in {where} is not 32 bytes as 64 hex digits or base64.",
            fix="Give the key as it was made, or remove it and set the secrets again.",
        )
    return MasterKey(raw)


class KeyRing:
    """Where the master key of one project folder is kept.

    `account` tells the folders of one user apart in the system's keyring (the store's id).
    """

    def __init__(self, folder: Path, account: str, environ: Mapping[str, str] = os.environ) -> None:
        self._file = folder / FILE
        self._next_file = folder / f"{FILE}.new"
        self._account = account
        self._environ = environ

    def open(self, ids: Collection[str]) -> MasterKey:
        """Return the key under which the secrets of these key ids were sealed, or one for the first secret."""
        key = self._from_environment() or self._matching(ids)
        if key is None and not ids:
            key = new_key()
            self._keep(key)
        if key is None or (ids and set(ids) != {key.id}):
            raise Misconfigured("vault-key", "The master key does not open the vault.")
        return key

    def prepare(self) -> MasterKey:
        """Draw the next key and keep it beside the present one."""
        if self._from_environment():
            raise Misconfigured(
                "vault-key",
                f"The master key comes from {ENVIRONMENT}; it is changed where that is set.",
                fix=f"Unset {ENVIRONMENT} and put the key into .gp365/{FILE}, then rotate.",
            )
        key = new_key()
        if _in_keyring(self._account) is not None:
            _to_keyring(f"{self._account}.new", key)
        else:
            _write_private(self._next_file, key_text_of(key))
        return key

    def settle(self, key: MasterKey) -> None:
        """Let the next key take the present one's place."""
        if _in_keyring(f"{self._account}.new") is not None:
            _to_keyring(self._account, key)
            _from_keyring(f"{self._account}.new")
        elif self._next_file.exists():
            self._next_file.replace(self._file)

    def _from_environment(self) -> MasterKey | None:
        text = self._environ.get(ENVIRONMENT)
        return key_of_text(text, ENVIRONMENT) if text else None

    def _matching(self, ids: Collection[str]) -> MasterKey | None:
        present = _in_keyring(self._account) or self._read(self._file)
        following = _in_keyring(f"{self._account}.new") or self._read(self._next_file)
        if following is not None and ids and set(ids) == {following.id}:
            self.settle(following)
            return following
        return present

    def _read(self, path: Path) -> MasterKey | None:
        try:
            return key_of_text(path.read_text("ascii", "replace"), str(path.name))
        except FileNotFoundError:
            return None

    def _keep(self, key: MasterKey) -> None:
        if not _to_keyring(self._account, key):
            _write_private(self._file, key_text_of(key))


def _write_private(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _keyring() -> Any:
    try:
        return importlib.import_module("keyring")
    except ImportError:
        return None


def _in_keyring(account: str) -> MasterKey | None:
    keyring = _keyring()
    if keyring is None:
        return None
    try:
        text = keyring.get_password(_SERVICE, account)
    except keyring.errors.KeyringError:
        return None
    return key_of_text(text, "the keyring") if text else None


def _to_keyring(account: str, key: MasterKey) -> bool:
    keyring = _keyring()
    if keyring is None:
        return False
    try:
        keyring.set_password(_SERVICE, account, key_text_of(key))
    except keyring.errors.KeyringError:
        return False
    return True


def _from_keyring(account: str) -> None:
    keyring = _keyring()
    with contextlib.suppress(keyring.errors.KeyringError):
        keyring.delete_password(_SERVICE, account)
