"""Contributions to roll-ups: what each linked record of each company last gave to a record that companies share.

A contribution counts while its link is open: what was closed is withdrawn without a word here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, select

from gp365.store import tables
from gp365.store.among import among
from gp365.store.bulk import chunks, now, put_rows
from gp365.store.links import NewLink, Side, insert

_TABLE, _LINK, _RUN = tables.contribution, tables.link, tables.run


@dataclass(frozen=True, slots=True)
class Given:
    """What one record of one pair contributes to a shared record.

    `amount` is a decimal text or a word of the roll-up's own, None while it cannot be known.
    """

    shared_key: str
    rollup: str
    entity: str
    system: str
    source_key: str
    pair: str
    currency: str
    amount: str | None


@dataclass(frozen=True, slots=True)
class Rolled:
    """A roll-up of one shared entity of one system: its name, and which companies' pairs take part.

    `flow` is whose records contribute, their keys on the end `source`; `through` is the flow whose links say which
    records a shared one stands for, its keys on the other end.
    """

    rollup: str
    entity: str
    system: str
    pairs: tuple[str, ...]
    flow: str
    through: str
    source: Side


class Source(NamedTuple):
    """A record of a pair, by its key."""

    pair: str
    key: str


def keep(conn: Connection, given: Sequence[Given]) -> None:
    """Keep what records contribute now, each to one shared record: what it gave to another one before is dropped."""
    withdraw(conn, given)
    at = now(conn)
    put_rows(conn, _TABLE, [asdict(one) | {"set_at": at} for one in given])


def withdraw(conn: Connection, given: Sequence[Given]) -> None:
    """Drop what these records contribute to any other shared record than the one named."""
    if not given:
        return
    names = ("source_key", "pair", "rollup", "entity", "system")
    same = [_TABLE.c[name] == bindparam(f"b_{name}") for name in names]
    statement = _TABLE.delete().where(*same, _TABLE.c.shared_key != bindparam("b_shared_key"))
    conn.execute(
        statement, [{f"b_{name}": getattr(one, name) for name in (*names, "shared_key")} for one in given]
    )


def link_new(conn: Connection, rolled: Rolled, pair: str, run: str = "") -> int:
    """Link each shared record with its roll-up, under the pair, where it is not yet; return how many are new.

    Those of pairs that take part no more are linked too: what stands there must be taken back.
    """
    linked = and_(
        _LINK.c.left_key == _TABLE.c.shared_key, _LINK.c.pair == pair, _LINK.c.flow == rolled.rollup
    )
    missing = select(_TABLE.c.shared_key).distinct().outerjoin(_LINK, linked)
    missing = missing.where(*_rollup(rolled), _LINK.c.id.is_(None)).order_by(_TABLE.c.shared_key)
    made = 0
    for chunk in chunks(conn.execute(missing).scalars()):
        insert(
            conn,
            [NewLink(pair, rolled.rollup, key, key, made_by="roll-up", run=run) for key in chunk],
        )
        made += len(chunk)
    return made


def linked_sums(conn: Connection, rolled: Rolled, pair: str, after: int, limit: int) -> list[tuple[int, str]]:
    """Give (link, shared record) of the sums that a pair has linked, in the order of their links, after one of them."""
    scope = (_LINK.c.pair == pair, _LINK.c.flow == rolled.rollup, _LINK.c.state == "open", _LINK.c.id > after)
    query = select(_LINK.c.id, _LINK.c.left_key).where(*scope).order_by(_LINK.c.id).limit(limit)
    return [(number, str(key)) for number, key in conn.execute(query)]


def complete(conn: Connection, rolled: Rolled) -> bool:
    """Tell whether every pair has completed a run of the flow, so that all that it links is known."""
    query = select(func.count(_RUN.c.pair.distinct()))
    done = query.where(_RUN.c.flow == rolled.flow, _RUN.c.state.in_(("done", "mismatched")))
    done = done.where(_RUN.c.pair.in_(rolled.pairs))
    return conn.execute(done).scalar_one() == len(rolled.pairs)


def given_to(conn: Connection, rolled: Rolled, keys: Iterable[str]) -> dict[str, dict[Source, Given]]:
    """Read what open links contribute to these shared records.

    Which links are open is looked at here: asked for it, SQLite goes through all open links of the flow for each chunk.
    """
    source = _LINK.c.left_key if rolled.source == "left" else _LINK.c.right_key
    linked = and_(source == _TABLE.c.source_key, _LINK.c.pair == _TABLE.c.pair, _LINK.c.flow == rolled.flow)
    columns = [_TABLE.c[name] for name in Given.__dataclass_fields__]
    found: dict[str, dict[Source, Given]] = {}
    for chunk in chunks(keys):
        query = select(*columns, _LINK.c.state).join(_LINK, linked).where(*_scope(rolled))
        for *row, state in conn.execute(query.where(among(_TABLE.c.shared_key, chunk))):
            if state != "open":
                continue
            given = Given(*row)
            found.setdefault(given.shared_key, {})[Source(given.pair, given.source_key)] = given
    return found


def linked_to(conn: Connection, rolled: Rolled, keys: Iterable[str]) -> dict[str, set[Source]]:
    """Find the records that are linked with these shared ones, each alone or as one of several that share it."""
    source, shared = _ends(rolled)
    found: dict[str, set[Source]] = {}
    for chunk in chunks(keys):
        query = select(shared, _LINK.c.pair, source).where(among(shared, chunk), *_through(rolled, "open"))
        for key, pair, record in conn.execute(query.where(source.is_not(None))):
            found.setdefault(str(key), set()).add(Source(pair, str(record)))
    return found


def sharing(conn: Connection, rolled: Rolled) -> Mapping[str, set[Source]]:
    """Find the further records of shared ones: those whose link has no end of its own there."""
    source, shared = _ends(rolled)
    query = select(_LINK.c.shared_key, _LINK.c.pair, source).where(
        *_through(rolled, "shared"), shared.is_(None)
    )
    found: dict[str, set[Source]] = {}
    for key, pair, record in conn.execute(query.where(source.is_not(None))):
        found.setdefault(str(key), set()).add(Source(pair, str(record)))
    return found


def _ends(rolled: Rolled) -> tuple[ColumnElement[str | None], ColumnElement[str | None]]:
    ends = (_LINK.c.left_key, _LINK.c.right_key)
    return ends if rolled.source == "left" else (ends[1], ends[0])


def _through(rolled: Rolled, state: str) -> tuple[ColumnElement[bool], ...]:
    return (_LINK.c.flow == rolled.through, _LINK.c.pair.in_(rolled.pairs), _LINK.c.state == state)


def _scope(rolled: Rolled) -> tuple[ColumnElement[bool], ...]:
    return (*_rollup(rolled), _TABLE.c.pair.in_(rolled.pairs))


def _rollup(rolled: Rolled) -> tuple[ColumnElement[bool], ...]:
    return (
        _TABLE.c.rollup == rolled.rollup,
        _TABLE.c.entity == rolled.entity,
        _TABLE.c.system == rolled.system,
    )
