"""Waits: a record that cannot be written before another one is, and by which field it hangs on it.

A waiter registers first, commits, and looks again after: so the other's arrival is never missed between the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields

from sqlalchemy import Connection, UpdateBase, bindparam, select

from gp365.store import tables
from gp365.store.among import among, among_given
from gp365.store.bulk import chunks, insert_new
from gp365.store.straight import run

_TABLE = tables.wait


@dataclass(frozen=True, slots=True)
class Wait:
    """`side`/`key` of a flow waits, by `field`, for `on_side`/`on_key` of `on_flow`."""

    pair: str
    flow: str
    side: str
    key: str
    field: str
    on_flow: str
    on_side: str
    on_key: str


def register_waits(conn: Connection, rows: Sequence[Wait]) -> None:
    """Note that records wait; the same wait is kept once."""
    insert_new(conn, _TABLE, [asdict(row) for row in rows])


def waits_of(conn: Connection, pair: str, flow: str, waiters: Iterable[tuple[str, str]]) -> list[Wait]:
    """Read what these records (side, key) wait for."""
    columns = [_TABLE.c[field.name] for field in fields(Wait)]
    found: list[Wait] = []
    for side, keys in _by_side(waiters):
        query = select(*columns).where(_TABLE.c.pair == pair, _TABLE.c.flow == flow, _TABLE.c.side == side)
        for chunk in chunks(keys):
            found += [Wait(*row) for row in conn.execute(query.where(among(_TABLE.c.key, chunk)))]
    return found


def clear_waits(conn: Connection, pair: str, flow: str, waiters: Iterable[tuple[str, str]]) -> None:
    """Forget what these records (side, key) wait for."""
    for side, keys in _by_side(waiters):
        for chunk in chunks(keys):
            given = {"b_pair": pair, "b_flow": flow, "b_side": side, "keys": chunk}
            run(conn, "clear waits", _clearing, given)


def _clearing() -> UpdateBase:
    scope = (_TABLE.c.pair == bindparam("b_pair"), _TABLE.c.flow == bindparam("b_flow"))
    return _TABLE.delete().where(*scope, _TABLE.c.side == bindparam("b_side"), among_given(_TABLE.c.key))


def wake_rows(
    conn: Connection, pair: str, on_flow: str, on: Iterable[tuple[str, str]]
) -> list[tuple[str, str, str]]:
    """Delete the waits on these records and return who waited, each once, as (flow, side, key)."""
    woken: dict[tuple[str, str, str], None] = {}
    for side, keys in _by_side(on):
        gone = _TABLE.delete().where(
            _TABLE.c.pair == pair, _TABLE.c.on_flow == on_flow, _TABLE.c.on_side == side
        )
        for chunk in chunks(keys):
            ended = gone.where(among(_TABLE.c.on_key, chunk)).returning(
                _TABLE.c.flow, _TABLE.c.side, _TABLE.c.key
            )
            woken.update(dict.fromkeys((flow, waiter, key) for flow, waiter, key in conn.execute(ended)))
    return sorted(woken)


def _by_side(records: Iterable[tuple[str, str]]) -> Iterator[tuple[str, list[str]]]:
    sides: dict[str, list[str]] = {}
    for side, key in records:
        sides.setdefault(side, []).append(key)
    yield from sorted(sides.items())
