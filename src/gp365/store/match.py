"""Match keys: each record's normalised values by rule, so that both sides can be matched set-wise in the store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select

from gp365.store import tables
from gp365.store.bulk import chunks, put_rows

_TABLE = tables.match_key
# Many values are looked up at every page: fewer statements cost less than shorter ones.
_AT_ONCE = 5000


def put_keys(conn: Connection, pair: str, flow: str, side: str, rows: Sequence[tuple[int, str, str]]) -> None:
    """Keep what records match by, as (rule, key, normalised value); a record's older value of the rule is replaced."""
    scope = {"pair": pair, "flow": flow, "side": side}
    put_rows(conn, _TABLE, [{**scope, "rule": rule, "key": key, "norm": norm} for rule, key, norm in rows])


def drop_keys(conn: Connection, pair: str, flow: str, side: str, keys: Iterable[str]) -> None:
    """Forget what these records match by."""
    scope = (_TABLE.c.pair == pair, _TABLE.c.flow == flow, _TABLE.c.side == side)
    for chunk in chunks(keys):
        conn.execute(_TABLE.delete().where(*scope, _TABLE.c.key.in_(chunk)))


def find(
    conn: Connection, pair: str, flow: str, other_side: str, rule: int, norms: Iterable[str]
) -> dict[str, list[str]]:
    """Find the other side's records by their normalised value of a rule; keys in order."""
    query = select(_TABLE.c.norm, _TABLE.c.key).where(
        _TABLE.c.pair == pair, _TABLE.c.flow == flow, _TABLE.c.side == other_side, _TABLE.c.rule == rule
    )
    found: dict[str, list[str]] = {}
    for chunk in chunks(norms):
        for norm, key in conn.execute(query.where(_TABLE.c.norm.in_(chunk)).order_by(_TABLE.c.key)):
            found.setdefault(norm, []).append(key)
    return found


def find_all(conn: Connection, pair: str, flow: str, norms: Iterable[str]) -> list[tuple[str, int, str, str]]:
    """Find the records of both sides by their normalised values: (side, rule, value, key); keys in order."""
    found: list[tuple[str, int, str, str]] = []
    query = select(_TABLE.c.side, _TABLE.c.rule, _TABLE.c.norm, _TABLE.c.key).where(
        _TABLE.c.pair == pair, _TABLE.c.flow == flow
    )
    for chunk in chunks(norms, _AT_ONCE):
        rows = conn.execute(query.where(_TABLE.c.norm.in_(chunk)).order_by(_TABLE.c.key))
        found += [(side, rule, norm, key) for side, rule, norm, key in rows]
    return found
