"""Former ends: of which link a record was an end before it was merged, or made anew, for the day that it is there again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, select

from gp365.store import tables
from gp365.store.among import among
from gp365.store.bulk import chunks, inserting, now
from gp365.store.links import Side

_TABLE = tables.former_end
_TARGET = ["key", "link", "side", "flow", "pair"]


class Former(NamedTuple):
    """A record's key on a side with its birth mark, and the number of the link whose end it was."""

    key: str
    link: int
    birth: str


def put(conn: Connection, pair: str, flow: str, side: Side, left: Sequence[Former]) -> None:
    """Note ends that links have left just now."""
    if left:
        statement, at_ = inserting(conn, _TABLE), now(conn)
        rows = [{"pair": pair, "flow": flow, "side": side, **one._asdict(), "left_at": at_} for one in left]
        newer = {name: statement.excluded[name] for name in ("birth", "left_at")}
        conn.execute(statement.on_conflict_do_update(index_elements=_TARGET, set_=newer), rows)


def of_keys(conn: Connection, pair: str, flow: str, side: Side, keys: Iterable[str]) -> list[Former]:
    """Find what these records were ends of, what was left first before others."""
    return [
        one for chunk in chunks(keys) for one in _where(conn, pair, flow, side, among(_TABLE.c.key, chunk))
    ]


def of_births(conn: Connection, pair: str, flow: str, side: Side, births: Iterable[str]) -> list[Former]:
    """Find what had these birth marks, what was left last after others."""
    return [
        one
        for chunk in chunks(births)
        for one in _where(conn, pair, flow, side, among(_TABLE.c.birth, chunk))
    ]


def of_links(conn: Connection, pair: str, flow: str, side: Side, links: Iterable[int]) -> list[Former]:
    """Find what these links were at before, what was left first before others."""
    return [
        one for chunk in chunks(links) for one in _where(conn, pair, flow, side, _TABLE.c.link.in_(chunk))
    ]


def drop(conn: Connection, pair: str, flow: str, side: Side, ends: Iterable[tuple[str, int]]) -> None:
    """Forget ends, as (key, link): the link is there again."""
    for key, link in ends:
        conn.execute(
            _TABLE.delete().where(*_scope(pair, flow, side), _TABLE.c.key == key, _TABLE.c.link == link)
        )


def _where(
    conn: Connection, pair: str, flow: str, side: Side, wanted: ColumnElement[bool]
) -> Iterator[Former]:
    query = select(_TABLE.c.key, _TABLE.c.link, _TABLE.c.birth).where(*_scope(pair, flow, side), wanted)
    yield from (Former(*row) for row in conn.execute(query.order_by(_TABLE.c.left_at, _TABLE.c.link)))


def _scope(pair: str, flow: str, side: Side) -> tuple[ColumnElement[bool], ...]:
    return _TABLE.c.pair == pair, _TABLE.c.flow == flow, _TABLE.c.side == side
