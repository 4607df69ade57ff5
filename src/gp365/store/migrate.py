"""Bringing a store to the present schema: revisions run in order, in one transaction, from the shipped package."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, Text, column, inspect, select, table, text

from gp365.model.errors import Misconfigured

# In order; the last one is what tables.py describes.
REVISIONS = (
    "0001",
    "0002",
    "0003",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
    "0011",
    "0012",
    "0013",
    "0015",
    "0016",
    "0017",
)
HEAD = REVISIONS[-1]
_VERSION = table("alembic_version", column("version_num", Text))
_PG_LOCK = 7_365_001  # any number that every gp365 process asks for


def upgrade(engine: Engine, target: str = HEAD) -> None:
    """Run the pending revisions; Misconfigured("store-newer") if the store is ahead of this program."""
    with engine.connect() as conn, conn.begin():
        if _pending(conn, target) and conn.dialect.name == "postgresql":
            # Two processes that meet an old store: the second waits, and looks again.
            conn.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _PG_LOCK})
        if _pending(conn, target):
            _run(conn, target)


def current(conn: Connection) -> str | None:
    """Return the store's revision, or None for an empty database."""
    if not inspect(conn).has_table(_VERSION.name):
        return None
    return conn.execute(select(_VERSION.c.version_num)).scalar_one_or_none()


def _pending(conn: Connection, target: str) -> bool:
    found = current(conn)
    if found is not None and found not in REVISIONS:
        raise Misconfigured(
            "store-newer",
            f"The store has the schema {found}; this gp365 knows it up to {HEAD}.",
            fix="Use the gp365 that made the store, or a newer one.",
        )
    return found is None or REVISIONS.index(found) < REVISIONS.index(target)


def _run(conn: Connection, target: str) -> None:
    # Alembic costs a tenth of a second to import; an up-to-date store never needs it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = conn
    command.upgrade(config, target)
