"""The vault: secrets sealed by AES-256-GCM in the store, bound to their names; only `get` ever shows one.

A row says by which key it was sealed, so that a change of the master key that was cut off can be finished.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, select

from gp365.model.errors import Misconfigured
from gp365.store import tables
from gp365.store.bulk import now, put_rows
from gp365.store.engine import Store
from gp365.store.masterkey import KeyRing, MasterKey

_TABLE = tables.vault
_NONCE_BYTES = 12
_FORMAT = b"gp365 vault 1\x1f"


def set_secret(conn: Connection, key: MasterKey, name: str, secret: str) -> None:
    """Seal a secret under its name, replacing an older one."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = AESGCM(key.reveal()).encrypt(nonce, secret.encode(), _FORMAT + name.encode())
    row = {"name": name, "key_id": key.id, "nonce": nonce, "sealed": sealed, "set_at": now(conn)}
    put_rows(conn, _TABLE, [row])


def get_secret(conn: Connection, key: MasterKey, name: str) -> str:
    """Open a secret; Misconfigured("secret-missing") if there is none, ("vault-key") if the key does not open it."""
    row = conn.execute(select(_TABLE.c.nonce, _TABLE.c.sealed).where(_TABLE.c.name == name)).one_or_none()
    if row is None:
        raise Misconfigured("secret-missing", f"The vault holds no secret named {name!r}.")
    try:
        return AESGCM(key.reveal()).decrypt(row.nonce, row.sealed, _FORMAT + name.encode()).decode()
    except InvalidTag:
        # From nothing: the trail of the first error would hold the key as a local variable.
        raise Misconfigured(
            "vault-key", f"The master key does not open the secret {name!r}, or its row was changed."
        ) from None


def list_secrets(conn: Connection) -> list[str]:
    """Name the secrets."""
    return list(conn.execute(select(_TABLE.c.name).order_by(_TABLE.c.name)).scalars())


def delete_secret(conn: Connection, name: str) -> bool:
    """Delete a secret; False if there was none."""
    return conn.execute(_TABLE.delete().where(_TABLE.c.name == name)).rowcount == 1


def open_key(store: Store, ring: KeyRing) -> MasterKey:
    """Return the master key, making it on first use and finishing a change that was cut off.

    Misconfigured("vault-key") if secrets are there that the key does not open.
    """
    with store.read() as conn:
        ids = set(conn.execute(select(_TABLE.c.key_id).distinct()).scalars())
    return ring.open(ids)


def rotate(store: Store, ring: KeyRing) -> int:
    """Seal every secret under a new master key and return their number.

    The new key is kept beside the old one before the secrets change, and takes its place after: a cut at any moment
    leaves a key that opens them. A key from GP365_MASTER_KEY cannot be changed here: Misconfigured("vault-key").
    """
    old = open_key(store, ring)
    new = ring.prepare()
    with store.write() as conn:
        names = list_secrets(conn)
        for name in names:
            set_secret(conn, new, name, get_secret(conn, old, name))
    ring.settle(new)
    return len(names)


@dataclass(frozen=True, slots=True, repr=False)
class VaultSecret:
    """A secret of the vault that is read each time it is needed (a port of `model.contract`)."""

    store: Store
    ring: KeyRing
    name: str

    def reveal(self) -> str:
        """Return the secret text; Misconfigured("secret-missing") if it is not there."""
        key = open_key(self.store, self.ring)
        with self.store.read() as conn:
            return get_secret(conn, key, self.name)

    def __repr__(self) -> str:
        return f"VaultSecret({self.name!r})"
