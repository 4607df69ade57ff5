"""Opening a store: its tables are made, migrated and never guessed at."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, event, inspect, text

from gp365.model.errors import Bug, Misconfigured
from gp365.store import migrate, tables
from gp365.store.engine import Store, open_store


def _engine(url: str):
    engine = create_engine(url if "://" in url else f"sqlite:///{url}")
    if engine.dialect.name == "sqlite":
        Path(url).parent.mkdir(parents=True, exist_ok=True)

        def explicit(connection, _record) -> None:
            connection.isolation_level = None

        event.listen(engine, "connect", explicit)
        event.listen(engine, "begin", lambda conn: conn.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def _differences(store: Store) -> list[object]:
    with store.engine.connect() as conn:
        return list(compare_metadata(MigrationContext.configure(conn), tables.metadata))


def test_a_new_store_has_exactly_the_tables_that_the_program_describes(store: Store) -> None:
    assert _differences(store) == []
    with store.read() as conn:
        assert migrate.current(conn) == migrate.HEAD
        assert set(tables.metadata.tables) <= set(inspect(conn).get_table_names())


@pytest.mark.parametrize("revision", migrate.REVISIONS)
def test_a_store_of_every_earlier_gp365_is_brought_to_the_present_schema(url: str, revision: str) -> None:
    engine = _engine(url)
    migrate.upgrade(engine, revision)
    engine.dispose()
    store = open_store(url)
    assert _differences(store) == []
    store.close()


def test_a_store_keeps_its_identity_when_it_is_opened_again(open_again: Callable[[], Store]) -> None:
    assert open_again().id == open_again().id != ""


def test_a_store_of_a_newer_gp365_is_refused_and_left_alone(store: Store, url: str) -> None:
    with store.write() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Misconfigured) as refusal:
        open_store(url)
    assert refusal.value.code == "store-newer"
    with store.write() as conn:
        assert migrate.current(conn) == "9999"


def test_many_workers_may_open_a_new_store_at_the_same_moment(url: str) -> None:
    ids: list[str] = []
    errors: list[BaseException] = []

    def open_it() -> None:
        try:
            store = open_store(url)
            ids.append(store.id)
            store.close()
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(ids) == 6 and len(set(ids)) == 1


def test_sqlite_writes_ahead_and_waits_for_the_disk(tmp_path: Path) -> None:
    store = open_store(tmp_path / "gp365.db")
    with store.read() as conn:
        assert conn.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
        assert conn.execute(text("PRAGMA synchronous")).scalar_one() == 2
        assert conn.execute(text("PRAGMA busy_timeout")).scalar_one() >= 10_000
    store.close()


def test_a_file_that_is_no_store_is_called_so(tmp_path: Path) -> None:
    path = tmp_path / "gp365.db"
    path.write_bytes(b"this is a letter, not a database" * 200)
    with pytest.raises(Bug) as failure:
        open_store(path)
    assert failure.value.code == "store-failed" and failure.value.exit_code == 6
    assert path.read_bytes().startswith(b"this is a letter")


def test_a_server_that_does_not_answer_is_called_so_without_its_password() -> None:
    with pytest.raises(Bug) as failure:
        open_store("postgresql://gp365:canary-4711@127.0.0.1:1/gp365?connect_timeout=2")
    assert failure.value.code == "store-failed"
    assert "canary-4711" not in str(failure.value) + repr(failure.value.__cause__)


def test_a_python_with_a_sqlite_that_is_too_old_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sqlite3.sqlite_version_info", (3, 26, 0))
    with pytest.raises(Misconfigured) as refusal:
        open_store(tmp_path / "gp365.db")
    assert refusal.value.code == "sqlite-old" and "PostgreSQL" in refusal.value.fix
    assert list(tmp_path.iterdir()) == []
