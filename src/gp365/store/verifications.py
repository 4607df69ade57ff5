"""Writes that are to be read back, and those that did not stand: one row per record, gone once it agrees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, bindparam, func, or_, select

from gp365.store import tables
from gp365.store.among import among_given
from gp365.store.bulk import chunks
from gp365.store.straight import Query, ask

_TABLE = tables.verification
DUE, STANDING = "due", "standing"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A write that was drawn to be read back.

    `expected` holds the values as they shall stand (sent, or as the reply said they were stored), packed, with what
    earlier writes of the same record still have to show; `version` and `birth` are what the reply said, "" if nothing.
    `state` is due, or standing: it was read back and `found` (packed, by field) stood there instead.
    """

    key: str
    entity: str
    system: str
    flow: str
    pair: str
    side: str
    intent: str
    run: str
    subject: str
    expected: bytes
    version: str
    birth: str
    done_at: datetime
    state: str = DUE
    found: bytes = b"{}"


@dataclass(frozen=True, slots=True)
class Verification(Drawn):
    """A drawn write with the number under which it is kept."""

    number: int = 0


class Waiting(NamedTuple):
    """How many writes of a flow are still to be read back, and how many did not stand."""

    due: int
    standing: int


_NAMES = tuple(Verification.__dataclass_fields__)
_QUERY = select(*(_TABLE.c[name] for name in _NAMES))


def on(
    conn: Connection, pair: str, flow: str, system: str, entity: str, keys: Iterable[str]
) -> dict[str, Verification]:
    """Find what is kept of these external records, by key."""
    scope: dict[str, Any] = {"in_entity": entity, "in_system": system, "in_flow": flow, "in_pair": pair}
    found: dict[str, Verification] = {}
    for chunk in chunks(keys):
        for row in ask(conn, "verifications on", _on, scope | {"keys": chunk}):
            kept = Verification(*row)
            found[kept.key] = kept
    return found


def _on() -> Query:
    place = (_TABLE.c.entity == bindparam("in_entity"), _TABLE.c.system == bindparam("in_system"))
    scope = (_TABLE.c.flow == bindparam("in_flow"), _TABLE.c.pair == bindparam("in_pair"))
    return _QUERY.where(among_given(_TABLE.c.key), *place, *scope)


def drawn_for(conn: Connection, pair: str, flow: str, side: str, run: str) -> bool:
    """Tell whether a run has already drawn a write on a side."""
    query = select(_TABLE.c.number).where(_TABLE.c.pair == pair, _TABLE.c.flow == flow)
    query = query.where(_TABLE.c.side == side, _TABLE.c.run == run).limit(1)
    return conn.execute(query).scalar_one_or_none() is not None


def put(conn: Connection, drawn: Sequence[Drawn], instead_of: Iterable[int] = ()) -> None:
    """Keep drawn writes; those that they take the place of go."""
    drop(conn, instead_of)
    if drawn:
        conn.execute(_TABLE.insert(), [asdict(one) for one in drawn])


def drop(conn: Connection, numbers: Iterable[int]) -> None:
    """Forget what needs no further look."""
    for chunk in chunks(numbers):
        conn.execute(_TABLE.delete().where(_TABLE.c.number.in_(chunk)))


def stand(conn: Connection, number: int, found: bytes) -> None:
    """Note what was found instead of a write."""
    conn.execute(_TABLE.update().where(_TABLE.c.number == number).values(state=STANDING, found=found))


def page(
    conn: Connection, pair: str, flow: str, after: int, limit: int, states: Sequence[str] = (DUE, STANDING)
) -> list[Verification]:
    """Read what is to be read back, the oldest first: due, or standing and to be looked at once more."""
    given = {"in_after": after, "in_pair": pair, "in_flow": flow, "most": limit}
    rows = ask(conn, f"verifications {' '.join(states)}", partial(_page, tuple(states)), given)
    return [Verification(*row) for row in rows]


def _page(states: tuple[str, ...]) -> Query:
    scope = (_TABLE.c.pair == bindparam("in_pair"), _TABLE.c.flow == bindparam("in_flow"))
    one = or_(*(_TABLE.c.state == state for state in states))
    query = _QUERY.where(_TABLE.c.number > bindparam("in_after"), *scope, one)
    return query.order_by(_TABLE.c.number).limit(bindparam("most"))


def standing(
    conn: Connection, pair: str | None = None, flow: str | None = None, limit: int = 1000
) -> list[Verification]:
    """Read the writes that did not stand, of a pair and flow where given, the oldest first."""
    query = _QUERY.where(_TABLE.c.state == STANDING)
    for column, wanted in ((_TABLE.c.pair, pair), (_TABLE.c.flow, flow)):
        query = query if wanted is None else query.where(column == wanted)
    return _read(conn, query.order_by(_TABLE.c.number).limit(limit))


def get(conn: Connection, number: int) -> Verification | None:
    """Read one by its number, or None."""
    found = _read(conn, _QUERY.where(_TABLE.c.number == number))
    return found[0] if found else None


def waiting(conn: Connection, pair: str, flow: str) -> Waiting:
    """Count what is kept of a flow."""
    rows = ask(conn, "verifications waiting", _waiting, {"in_pair": pair, "in_flow": flow})
    found = {str(state): int(count) for state, count in rows}
    return Waiting(found.get(DUE, 0), found.get(STANDING, 0))


def _waiting() -> Query:
    scope = (_TABLE.c.pair == bindparam("in_pair"), _TABLE.c.flow == bindparam("in_flow"))
    return select(_TABLE.c.state, func.count()).where(*scope).group_by(_TABLE.c.state)


def _read(conn: Connection, query: Select[Any]) -> list[Verification]:
    return [Verification(*row) for row in conn.execute(query)]
