"""The vault: secrets that stand in no file, message or trail of calls, bound to their names."""

from __future__ import annotations

import base64
import os
import pickle
import stat
import sys
import traceback
from pathlib import Path
from types import ModuleType

import pytest
from sqlalchemy import select

from gp365.model.contract import Secret
from gp365.model.errors import Misconfigured
from gp365.store import tables, vault
from gp365.store.engine import Store, open_store
from gp365.store.masterkey import KeyRing, MasterKey, key_text_of, new_key

CANARY = "canary-4711-S3cret!ß"


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)


def _ring(folder: Path, **environ: str) -> KeyRing:
    return KeyRing(folder, "store-1", environ)


def _set(store: Store, key: MasterKey, **more: str) -> None:
    with store.write() as conn:
        for name, secret in more.items():
            vault.set_secret(conn, key, name, secret)


def _get(store: Store, key: MasterKey, name: str) -> str:
    with store.read() as conn:
        return vault.get_secret(conn, key, name)


def test_a_secret_is_kept_listed_replaced_and_deleted(store: Store) -> None:
    key = new_key()
    _set(store, key, gp=CANARY, sales="other")
    assert (_get(store, key, "gp"), _get(store, key, "sales")) == (CANARY, "other")
    _set(store, key, gp="changed")
    assert _get(store, key, "gp") == "changed"
    with store.write() as conn:
        assert vault.list_secrets(conn) == ["gp", "sales"]
        assert vault.delete_secret(conn, "gp") and not vault.delete_secret(conn, "gp")
    with pytest.raises(Misconfigured) as missing:
        _get(store, key, "gp")
    assert missing.value.code == "secret-missing"


def test_a_secret_stands_in_no_byte_of_the_project_folder(tmp_path: Path) -> None:
    store = open_store(tmp_path / "gp365.db")
    ring = _ring(tmp_path)
    key = vault.open_key(store, ring)
    _set(store, key, gp=CANARY)
    secret: Secret = vault.VaultSecret(store, ring, "gp")
    assert secret.reveal() == CANARY
    shown = f"{secret!r} {key!r} {ring!r} {store!r}"
    needles = [CANARY.encode(), base64.b64encode(CANARY.encode()), CANARY.encode("utf-16-le")]
    hay = b"\0".join(path.read_bytes() for path in tmp_path.iterdir()) + shown.encode()
    assert len(hay) > 10_000
    assert not any(needle in hay for needle in needles)
    assert key_text_of(key) not in shown
    store.close()


def test_a_sealed_secret_opens_only_under_its_own_name(store: Store) -> None:
    key = new_key()
    _set(store, key, low="harmless", high=CANARY)
    with store.write() as conn:
        sealed = conn.execute(select(tables.vault).where(tables.vault.c.name == "high")).mappings().one()
        swap = {"nonce": sealed["nonce"], "sealed": sealed["sealed"]}
        conn.execute(tables.vault.update().where(tables.vault.c.name == "low").values(swap))
    with pytest.raises(Misconfigured) as refusal:
        _get(store, key, "low")
    assert refusal.value.code == "vault-key"


def test_a_wrong_key_opens_nothing_and_neither_key_nor_secret_is_in_the_trail(store: Store) -> None:
    key, wrong = new_key(), new_key()
    _set(store, key, gp=CANARY)
    with pytest.raises(Misconfigured) as refusal:
        _get(store, wrong, "gp")
    trail = traceback.TracebackException.from_exception(refusal.value, capture_locals=True)
    text = "".join(trail.format())
    assert CANARY not in text
    assert key_text_of(wrong) not in text and repr(wrong.reveal()) not in text


def test_the_first_use_makes_a_private_key_file_and_later_uses_find_it(store: Store, tmp_path: Path) -> None:
    key = vault.open_key(store, _ring(tmp_path))
    _set(store, key, gp=CANARY)
    file = tmp_path / "master.key"
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert vault.open_key(store, _ring(tmp_path)).id == key.id
    file.unlink()
    with pytest.raises(Misconfigured) as lost:
        vault.open_key(store, _ring(tmp_path))
    assert lost.value.code == "vault-key"
    assert not file.exists()  # a lost key is never replaced in silence


def test_a_key_from_the_environment_is_used_and_no_file_is_made(store: Store, tmp_path: Path) -> None:
    key = new_key()
    for text in (key_text_of(key), key.reveal().hex(), key_text_of(key) + "\n"):
        assert vault.open_key(store, _ring(tmp_path, GP365_MASTER_KEY=text)).id == key.id
    assert list(tmp_path.glob("master*")) == []
    for text in ("short", "zz" * 32, "A" * 43):
        with pytest.raises(Misconfigured) as refusal:
            vault.open_key(store, _ring(tmp_path, GP365_MASTER_KEY=text))
        assert refusal.value.code == "vault-key" and text not in str(refusal.value)


def test_a_new_master_key_opens_every_secret_and_the_old_one_none(store: Store, tmp_path: Path) -> None:
    old = vault.open_key(store, _ring(tmp_path))
    _set(store, old, gp=CANARY, sales="other")
    assert vault.rotate(store, _ring(tmp_path)) == 2
    new = vault.open_key(store, _ring(tmp_path))
    assert new.id != old.id and _get(store, new, "gp") == CANARY
    with pytest.raises(Misconfigured):
        _get(store, old, "gp")
    assert sorted(path.name for path in tmp_path.glob("master*")) == ["master.key"]


@pytest.mark.parametrize("cut", ["before the secrets", "after the secrets"])
def test_a_change_of_the_key_that_was_cut_off_loses_no_secret(
    store: Store, tmp_path: Path, cut: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = _ring(tmp_path)
    _set(store, vault.open_key(store, ring), gp=CANARY)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        if cut == "before the secrets":
            patched.setattr(vault, "list_secrets", stop)
        else:
            patched.setattr(KeyRing, "settle", stop)
        vault.rotate(store, ring)
    key = vault.open_key(store, _ring(tmp_path))
    assert _get(store, key, "gp") == CANARY
    assert vault.rotate(store, _ring(tmp_path)) == 1
    assert _get(store, vault.open_key(store, _ring(tmp_path)), "gp") == CANARY


def test_a_key_from_the_environment_is_not_changed_behind_the_operators_back(
    store: Store, tmp_path: Path
) -> None:
    ring = _ring(tmp_path, GP365_MASTER_KEY=key_text_of(new_key()))
    _set(store, vault.open_key(store, ring), gp=CANARY)
    with pytest.raises(Misconfigured, match="GP365_MASTER_KEY"):
        vault.rotate(store, ring)
    assert _get(store, vault.open_key(store, ring), "gp") == CANARY


def test_a_key_never_leaves_the_process_in_a_copy() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(new_key())


class _Refused(Exception):
    pass


def _keyring(works: bool) -> ModuleType:
    held: dict[tuple[str, str], str] = {}
    module, errors = ModuleType("keyring"), ModuleType("keyring.errors")
    errors.KeyringError = _Refused  # pyright: ignore

    def get_password(service: str, account: str) -> str | None:
        if not works:
            raise _Refused
        return held.get((service, account))

    def set_password(service: str, account: str, text: str) -> None:
        if not works:
            raise _Refused
        held[service, account] = text

    def delete_password(service: str, account: str) -> None:
        del held[service, account]

    for function in (get_password, set_password, delete_password):
        setattr(module, function.__name__, function)
    module.errors = errors  # pyright: ignore
    return module


def test_where_a_keyring_works_it_keeps_the_key_and_no_file_is_made(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "keyring", _keyring(works=True))
    old = vault.open_key(store, _ring(tmp_path))
    _set(store, old, gp=CANARY)
    vault.rotate(store, _ring(tmp_path))
    new = vault.open_key(store, _ring(tmp_path))
    assert new.id != old.id and _get(store, new, "gp") == CANARY
    assert list(tmp_path.glob("master*")) == []


def test_where_the_keyring_refuses_a_private_file_keeps_the_key(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "keyring", _keyring(works=False))
    key = vault.open_key(store, _ring(tmp_path))
    _set(store, key, gp=CANARY)
    assert (tmp_path / "master.key").exists()
    assert vault.open_key(store, _ring(tmp_path)).id == key.id
    vault.rotate(store, _ring(tmp_path))
    assert _get(store, vault.open_key(store, _ring(tmp_path)), "gp") == CANARY
