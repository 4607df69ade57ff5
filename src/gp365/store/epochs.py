"""Epochs: what each side of a pair was, and how far it had come, when a run last ended well."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, bindparam, select

from gp365.store import tables
from gp365.store.bulk import now, put_rows
from gp365.store.straight import Query, ask

_TABLE = tables.epoch


def get(conn: Connection, pair: str) -> dict[str, str]:
    """Read the epochs of a pair by side; a side that never told one is missing."""
    rows = ask(conn, "epochs", _of_pair, {"in_pair": pair})
    return {str(side): str(value) for side, value in rows}


def _of_pair() -> Query:
    return select(_TABLE.c.side, _TABLE.c.value).where(_TABLE.c.pair == bindparam("in_pair"))


def keep(conn: Connection, pair: str, epochs: Mapping[str, str]) -> None:
    """Keep the epochs that sides told; "" is not kept."""
    at = now(conn)
    put_rows(
        conn,
        _TABLE,
        [
            {"pair": pair, "side": side, "value": value, "set_at": at}
            for side, value in epochs.items()
            if value
        ],
    )
