"""Match keys: each record's normalised values by rule, so that both sides can be matched set-wise in the store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, UpdateBase, text

from gp365.store import tables
from gp365.store.among import among
from gp365.store.bulk import chunks, inserting
from gp365.store.straight import run_rows

_TABLE = tables.match_key
_ANY = text("SELECT 1 FROM match_key LIMIT 1")
# Thousands of values are looked up at every page: as one parameter they cost a fraction of as many.
_FIND = {
    "sqlite": text(
        "SELECT side, rule, norm, key FROM match_key WHERE norm IN (SELECT value FROM json_each(:norms))"
        " AND flow = :flow AND pair = :pair ORDER BY key"
    ),
    "postgresql": text(
        "SELECT side, rule, norm, key FROM match_key WHERE norm IN (SELECT unnest(CAST(:norms AS text[])))"
        " AND flow = :flow AND pair = :pair ORDER BY key"
    ),
}


def put_keys(conn: Connection, pair: str, flow: str, side: str, rows: Sequence[tuple[int, str, str]]) -> None:
    """Keep what records match by, as (rule, key, normalised value); a record's older value of the rule is replaced."""
    names = ("pair", "flow", "side", "rule", "key", "norm")
    held = [(pair, flow, side, rule, key, norm) for rule, key, norm in rows]
    run_rows(conn, "put match keys", lambda: _putting(conn), names, held)


def _putting(conn: Connection) -> UpdateBase:
    """A value that stands there already is left alone: most of what changes is matched by nothing."""
    statement = inserting(conn, _TABLE)
    fresh = statement.excluded["norm"]
    return statement.on_conflict_do_update(
        index_elements=["key", "rule", "side", "pair", "flow"],
        set_={"norm": fresh},
        where=_TABLE.c.norm != fresh,
    )


def drop_keys(conn: Connection, pair: str, flow: str, side: str, keys: Iterable[str]) -> None:
    """Forget what these records match by."""
    scope = (_TABLE.c.pair == pair, _TABLE.c.flow == flow, _TABLE.c.side == side)
    for chunk in chunks(keys):
        conn.execute(_TABLE.delete().where(*scope, among(_TABLE.c.key, chunk)))


def any_kept(conn: Connection) -> bool:
    """Tell whether anything is kept at all: before the first run there is nothing to look thousands of values up in."""
    return conn.execute(_ANY).first() is not None


def find(conn: Connection, pair: str, flow: str, norms: Iterable[str]) -> list[tuple[str, int, str, str]]:
    """Find the records of both sides by their normalised values: (side, rule, value, key); keys in order."""
    wanted = list(norms)
    if not wanted:
        return []
    dialect = conn.dialect.name
    given: Any = orjson.dumps(wanted).decode() if dialect == "sqlite" else wanted
    rows = conn.execute(_FIND[dialect], {"pair": pair, "flow": flow, "norms": given})
    return [(side, rule, norm, key) for side, rule, norm, key in rows]
