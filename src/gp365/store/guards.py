"""Guards: what stopped a flow or a pair until a person lets it go on, and what the guards let through of late."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, func, or_, select

from gp365.model.values import pack
from gp365.store import tables
from gp365.store.among import among
from gp365.store.bulk import chunks, now, put_rows
from gp365.store.straight import Query, ask

OPEN, RELEASED, ENDED = "open", "released", "ended"
GONE = "gone"
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_GUARD, _PASSED, _PARKED = tables.guard, tables.passed, tables.parked

Mark = tuple[str, str]  # side and operation


@dataclass(frozen=True, slots=True)
class Guard:
    """Why a flow (or, with flow "", a whole pair) is stopped. `shown` is packed.

    `state` is open, released (a person let it go, and it is being carried out) or ended.
    """

    id: int
    pair: str
    flow: str
    side: str
    code: str
    message: str
    shown: bytes
    run: str
    state: str
    made_at: datetime
    seen_at: datetime
    released_by: str
    released_at: datetime | None


_COLUMNS = tuple(_GUARD.c[name] for name in Guard.__annotations__)


def put(
    conn: Connection,
    pair: str,
    flow: str,
    side: str,
    code: str,
    message: str,
    shown: Mapping[str, Any],
    run: str,
) -> None:
    """Note what stops a flow or a pair; one that is open already is seen again, with what it shows now."""
    at = now(conn)
    told = {"message": message, "shown": pack(shown), "run": run, "seen_at": at}
    place = (_GUARD.c.pair == pair, _GUARD.c.flow == flow, _GUARD.c.side == side, _GUARD.c.code == code)
    seen = conn.execute(_GUARD.update().where(*place, _GUARD.c.state == OPEN).values(told))
    if seen.rowcount:
        return
    row = {"pair": pair, "flow": flow, "side": side, "code": code, "state": OPEN, "made_at": at}
    conn.execute(_GUARD.insert(), [row | told | {"released_by": "", "released_at": None}])


def standing(conn: Connection, pair: str, flow: str, code: str | None = None) -> list[Guard]:
    """Read the guards of a flow and of its whole pair that are open or released, oldest first."""
    given = {"in_pair": pair, "in_flow": flow}
    if code is None:
        return [Guard(*row) for row in ask(conn, "standing guards", _standing, given)]
    of_code = {**given, "in_code": code}
    return [Guard(*row) for row in ask(conn, "standing guards of a code", _standing_of_code, of_code)]


def _standing() -> Query:
    mine = or_(_GUARD.c.flow == bindparam("in_flow"), _GUARD.c.flow == "")
    stands = or_(_GUARD.c.state == OPEN, _GUARD.c.state == RELEASED)
    return select(*_COLUMNS).where(_GUARD.c.pair == bindparam("in_pair"), mine, stands).order_by(_GUARD.c.id)


def _standing_of_code() -> Query:
    return _standing().where(_GUARD.c.code == bindparam("in_code"))


def standing_all(conn: Connection) -> list[Guard]:
    """Read every guard that is open or released, oldest first."""
    query = select(*_COLUMNS).where(_GUARD.c.state.in_((OPEN, RELEASED)))
    return [Guard(*row) for row in conn.execute(query.order_by(_GUARD.c.id))]


def release(conn: Connection, id: int, actor: str, shown: bytes) -> bool:
    """Let an open guard go in a person's name; False if it is not open."""
    released = {"state": RELEASED, "released_by": actor, "released_at": now(conn), "shown": shown}
    done = conn.execute(_GUARD.update().where(_GUARD.c.id == id, _GUARD.c.state == OPEN).values(released))
    return done.rowcount == 1


def tell(conn: Connection, id: int, shown: Mapping[str, Any]) -> None:
    """Replace what a guard shows."""
    conn.execute(_GUARD.update().where(_GUARD.c.id == id).values(shown=pack(shown)))


def end(conn: Connection, ids: Iterable[int]) -> None:
    """End guards."""
    for chunk in chunks(ids):
        conn.execute(_GUARD.update().where(among(_GUARD.c.id, chunk)).values(state=ENDED, seen_at=now(conn)))


def let_go(conn: Connection, pair: str, flow: str, codes: Iterable[str], actor: str) -> dict[str, int]:
    """Approve, in a person's name, every undecided parked entry of these codes; count them by code."""
    counts: dict[str, int] = {}
    for code in codes:
        place = (_PARKED.c.pair == pair, _PARKED.c.flow == flow, _PARKED.c.code == code)
        undecided = (_PARKED.c.state == "open", _PARKED.c.resolution.is_(None))
        decided = {
            "resolution": pack({"approve": True}),
            "resolved_by": actor,
            "resolved_at": now(conn),
        }
        number = conn.execute(_PARKED.update().where(*place, *undecided).values(decided)).rowcount
        if number:
            counts[code] = number
    return counts


def held(conn: Connection, pair: str, flow: str, code: str) -> list[bytes]:
    """Read what the undecided parked entries of a code show."""
    given = {"in_pair": pair, "in_flow": flow, "in_code": code}
    return [shown for (shown,) in ask(conn, "held by a guard", _held, given)]


def _held() -> Query:
    return select(_PARKED.c.shown).where(
        _PARKED.c.pair == bindparam("in_pair"),
        _PARKED.c.flow == bindparam("in_flow"),
        _PARKED.c.code == bindparam("in_code"),
        _PARKED.c.state == "open",
        _PARKED.c.resolution.is_(None),
    )


# what the guards let through


def window(conn: Connection, pair: str, flow: str, since: datetime) -> dict[Mark, int]:
    """Count the records that were let through since a moment, by (side, operation)."""
    given = {"in_since": since, "in_pair": pair, "in_flow": flow}
    rows = ask(conn, "window of a guard", _window, given)
    return {(side, operation): number for side, operation, number in rows}


def _window() -> Query:
    return (
        select(_PASSED.c.side, _PASSED.c.operation, func.count())
        .where(_PASSED.c.at >= bindparam("in_since"), *_passed_of_flow())
        .group_by(_PASSED.c.side, _PASSED.c.operation)
    )


def _passed_of_flow() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return _PASSED.c.pair == bindparam("in_pair"), _PASSED.c.flow == bindparam("in_flow")


def passed(
    conn: Connection, pair: str, flow: str, subjects: Iterable[str], since: datetime
) -> dict[str, set[Mark]]:
    """Find what these subjects were let through with since a moment: a record counts once."""
    found: dict[str, set[Mark]] = {}
    for chunk in chunks(subjects):
        query = select(_PASSED.c.subject, _PASSED.c.side, _PASSED.c.operation).where(
            among(_PASSED.c.subject, chunk), _PASSED.c.pair == pair, _PASSED.c.flow == flow
        )
        for subject, side, operation in conn.execute(query.where(_PASSED.c.at >= since)):
            found.setdefault(subject, set()).add((side, operation))
    return found


def let_through(
    conn: Connection, pair: str, flow: str, rows: Sequence[tuple[str, Mark]], at: datetime | None = None
) -> None:
    """Note that subjects were let through with an operation, now or at another moment."""
    scope = {"pair": pair, "flow": flow, "at": at or now(conn)}
    put_rows(
        conn,
        _PASSED,
        [{**scope, "subject": name, "side": side, "operation": done} for name, (side, done) in rows],
    )


def forget_older(conn: Connection, pair: str, flow: str, since: datetime) -> None:
    """Drop what was let through before a moment; vanished records stay known."""
    old = (_PASSED.c.at < since, _PASSED.c.pair == pair, _PASSED.c.flow == flow)
    conn.execute(_PASSED.delete().where(*old, _PASSED.c.operation != GONE))


def known_gone(conn: Connection, pair: str, flow: str, side: str) -> set[int]:
    """Name the links whose end on a side is known to have vanished."""
    given = {"in_side": side, "in_pair": pair, "in_flow": flow}
    return {int(subject[1:]) for (subject,) in ask(conn, "known gone", _known_gone, given)}


def _known_gone() -> Query:
    gone = (_PASSED.c.operation == GONE, _PASSED.c.side == bindparam("in_side"))
    return select(_PASSED.c.subject).where(*gone, *_passed_of_flow())


def back_again(conn: Connection, pair: str, flow: str, side: str, numbers: Iterable[int]) -> None:
    """Forget that these links' ends had vanished: they are there again."""
    for chunk in chunks(f"L{number}" for number in numbers):
        conn.execute(
            _PASSED.delete().where(
                among(_PASSED.c.subject, chunk),
                _PASSED.c.operation == GONE,
                _PASSED.c.side == side,
                _PASSED.c.pair == pair,
                _PASSED.c.flow == flow,
            )
        )
