"""Parked: what waits for a person, one open entry per subject and field, with the values that it shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, and_, bindparam, select

from gp365.model.values import digest, pack
from gp365.store import tables
from gp365.store.among import among, among_given
from gp365.store.bulk import chunks, now
from gp365.store.claims import rename_claims
from gp365.store.straight import Query, ask

_TABLE = tables.parked
_OPEN = _TABLE.c.state == "open"


@dataclass(frozen=True, slots=True)
class NewParked:
    """What is parked and why. `field` is "" for the whole record; `shown` is what a person decides on, packed.

    `code` is a key of the error catalogue; `message` and `fix` are plain sentences. `about` (the base, who and when) is
    shown too, but changing it does not make another entry.
    """

    pair: str
    flow: str
    subject: str
    field: str
    code: str
    message: str
    fix: str = ""
    left_key: str | None = None
    right_key: str | None = None
    shown: bytes = b"{}"
    run: str = ""
    about: bytes = b"{}"


@dataclass(frozen=True, slots=True)
class Parked:
    """An entry as it stands. `state` is open, or ended; `resolution` is a person's decision, packed."""

    id: int
    pair: str
    flow: str
    subject: str
    field: str
    code: str
    message: str
    fix: str
    left_key: str | None
    right_key: str | None
    shown: bytes
    about: bytes | None
    run: str
    state: str
    made_at: datetime
    seen_at: datetime
    ended_at: datetime | None
    resolution: bytes | None
    resolved_by: str
    resolved_at: datetime | None


_NAMES = tuple(Parked.__annotations__)
_QUERY = select(*(_TABLE.c[name] for name in _NAMES))
_OPEN_FOR = _QUERY.where(
    _TABLE.c.pair == bindparam("in_pair"),
    _TABLE.c.flow == bindparam("in_flow"),
    among_given(_TABLE.c.subject),
    _OPEN,
).order_by(_TABLE.c.id)
_ANY = (
    select(_TABLE.c.id)
    .where(_TABLE.c.pair == bindparam("in_pair"), _TABLE.c.flow == bindparam("in_flow"), _OPEN)
    .limit(1)
)
_Place = tuple[str, str, str, str]


def put(conn: Connection, entries: Sequence[NewParked]) -> list[int]:
    """Park, and return the ids in order: the same reason with the same values keeps its entry and its resolution.

    Other values end the old entry and open a new one, so that nobody decides on values that are gone.
    """
    if not entries:
        return []
    unique = {_place(entry): entry for entry in entries}
    there = _open_at(conn, unique)
    same = {place: there[place][0] for place, entry in unique.items() if _is_same(entry, there.get(place))}
    at = now(conn)
    _see_again(conn, [(number, unique[place]) for place, number in same.items()], at)
    _end_ids(conn, [number for place, (number, *_) in there.items() if place not in same], at)
    made = _insert(conn, [entry for place, entry in unique.items() if place not in same], at)
    return [(same | made)[_place(entry)] for entry in entries]


def end(conn: Connection, pair: str, flow: str, places: Iterable[tuple[str, str]]) -> None:
    """End the open entries of (subject, field); where there is none, nothing happens."""
    wanted = set(places)
    if not wanted:
        return
    found = _ids(conn, pair, flow, [subject for subject, _ in wanted])
    _end_ids(conn, [number for number, subject, field in found if (subject, field) in wanted], now(conn))


def open_for(conn: Connection, pair: str, flow: str, subjects: Iterable[str]) -> dict[str, list[Parked]]:
    """Find the open entries of subjects, with their resolutions."""
    found: dict[str, list[Parked]] = {}
    if not ask(conn, "parked any", lambda: _ANY, {"in_pair": pair, "in_flow": flow}):
        return found  # as of most flows, at most times: nothing to be looked for
    for chunk in chunks(subjects):
        given = {"in_pair": pair, "in_flow": flow, "keys": chunk}
        for row in ask(conn, "parked open for", lambda: _OPEN_FOR, given):
            entry = Parked(*row)
            found.setdefault(entry.subject, []).append(entry)
    return found


def of_code(conn: Connection, pair: str, flow: str, code: str) -> list[Parked]:
    """Read the open entries of a flow with one code, oldest first."""
    own = (_TABLE.c.pair == pair, _TABLE.c.flow == flow, _TABLE.c.code == code)
    return [Parked(*row) for row in conn.execute(_QUERY.where(_OPEN, *own).order_by(_TABLE.c.id))]


def list_open(
    conn: Connection,
    pair: str | None = None,
    flow: str | None = None,
    *,
    after_id: int = 0,
    limit: int = 1000,
) -> list[Parked]:
    """Read the open entries, oldest first; `after_id` goes on where the last answer ended."""
    scope = {name: wanted for name, wanted in (("pair", pair), ("flow", flow)) if wanted is not None}
    given = {"in_after": after_id, "in_limit": limit, **{f"in_{name}": one for name, one in scope.items()}}
    rows = ask(conn, f"open parked {' '.join(scope)}", partial(_list_open, tuple(scope)), given)
    return [Parked(*row) for row in rows]


def _list_open(scope: tuple[str, ...]) -> Query:
    mine = [_TABLE.c[name] == bindparam(f"in_{name}") for name in scope]
    query = _QUERY.where(_OPEN, _TABLE.c.id > bindparam("in_after"), *mine)
    return query.order_by(_TABLE.c.id).limit(bindparam("in_limit"))


def show(conn: Connection, id: int) -> Parked | None:
    """Read one entry, open or ended, or None if there is none of this id."""
    row = conn.execute(_QUERY.where(_TABLE.c.id == id)).one_or_none()
    return None if row is None else Parked(*row)


def resolve(conn: Connection, id: int, resolution: Mapping[str, Any], actor: str) -> bool:
    """Keep a person's decision on an open entry, to be carried out by the next look; False if it is not open."""
    decided = {"resolution": pack(resolution), "resolved_by": actor, "resolved_at": now(conn)}
    done = conn.execute(_TABLE.update().where(_TABLE.c.id == id, _OPEN).values(decided))
    return done.rowcount == 1


def rename_subject(conn: Connection, pair: str, flow: str, old: str, new: str) -> None:
    """Move open entries and claims from a single record to the link that it has become; see `become_links`."""
    become_links(conn, pair, flow, {old: new})


def become_links(conn: Connection, pair: str, flow: str, names: Mapping[str, str]) -> None:
    """Move open entries and claims of single records to the links that they have become (old name → new name).

    Where the new subject has an open entry for the same field, the old one's ends.
    """
    rename_claims(conn, pair, flow, names)
    open_ones = _ids(conn, pair, flow, [*names, *names.values()])
    places = {(subject, field) for _, subject, field in open_ones}
    old = [one for one in open_ones if one[1] in names]
    doubled = [number for number, subject, field in old if (names[subject], field) in places]
    _end_ids(conn, doubled, now(conn))
    moved = [{"b_id": number, "b_new": names[subject]} for number, subject, _ in old if number not in doubled]
    if moved:
        renaming = _TABLE.update().where(_TABLE.c.id == bindparam("b_id"))
        conn.execute(renaming.values(subject=bindparam("b_new")), moved)


def rekey(
    conn: Connection, pair: str, flow: str, subject: str, left_key: str | None, right_key: str | None
) -> None:
    """Let the open entries of a subject name the keys that its records have now, so that the next look finds them."""
    scope = (_TABLE.c.pair == pair, _TABLE.c.flow == flow, _TABLE.c.subject == subject)
    conn.execute(_TABLE.update().where(*scope, _OPEN).values(left_key=left_key, right_key=right_key))


def _place(entry: NewParked) -> _Place:
    return entry.pair, entry.flow, entry.subject, entry.field


def _is_same(entry: NewParked, there: tuple[int, str, str] | None) -> bool:
    return there is not None and there[1:] == (entry.code, digest(entry.shown))


def _open_at(conn: Connection, places: Iterable[_Place]) -> dict[_Place, tuple[int, str, str]]:
    """Read (id, code, digest of the values shown) of the open entries at these places."""
    subjects: dict[tuple[str, str], list[str]] = {}
    for pair, flow, subject, _ in places:
        subjects.setdefault((pair, flow), []).append(subject)
    wanted = set(places)
    found: dict[_Place, tuple[int, str, str]] = {}
    for (pair, flow), names in subjects.items():
        for chunk in chunks(names):
            query = select(
                _TABLE.c.subject, _TABLE.c.field, _TABLE.c.id, _TABLE.c.code, _TABLE.c.shown_digest
            ).where(_TABLE.c.pair == pair, _TABLE.c.flow == flow, among(_TABLE.c.subject, chunk), _OPEN)
            for subject, field, number, code, shown in conn.execute(query):
                if (pair, flow, subject, field) in wanted:
                    found[pair, flow, subject, field] = (number, code, shown)
    return found


def _ids(conn: Connection, pair: str, flow: str, subjects: Iterable[str]) -> list[tuple[int, str, str]]:
    found: list[tuple[int, str, str]] = []
    for chunk in chunks(subjects):
        scope = and_(_TABLE.c.pair == pair, _TABLE.c.flow == flow, among(_TABLE.c.subject, chunk), _OPEN)
        query = select(_TABLE.c.id, _TABLE.c.subject, _TABLE.c.field).where(scope)
        found += [(number, subject, field) for number, subject, field in conn.execute(query)]
    return found


def _see_again(conn: Connection, seen: Sequence[tuple[int, NewParked]], at: datetime) -> None:
    if seen:
        statement = _TABLE.update().where(_TABLE.c.id == bindparam("b_id"))
        names = ("run", "about", "left_key", "right_key")  # a renumbered record is parked under its new key
        rows = [
            {"b_id": number, **{f"b_{name}": getattr(entry, name) for name in names}}
            for number, entry in seen
        ]
        fresh: dict[str, Any] = {name: bindparam(f"b_{name}") for name in names}
        conn.execute(statement.values(seen_at=at, **fresh), rows)


def _end_ids(conn: Connection, ids: Iterable[int], at: datetime) -> None:
    for chunk in chunks(ids):
        conn.execute(_TABLE.update().where(among(_TABLE.c.id, chunk)).values(state="ended", ended_at=at))


def _insert(conn: Connection, entries: Sequence[NewParked], at: datetime) -> dict[_Place, int]:
    if not entries:
        return {}
    names = tuple(NewParked.__annotations__)
    rows = [
        {name: getattr(entry, name) for name in names}
        | {"shown_digest": digest(entry.shown), "state": "open", "made_at": at, "seen_at": at}
        | {"resolved_by": ""}
        for entry in entries
    ]
    place = (_TABLE.c.pair, _TABLE.c.flow, _TABLE.c.subject, _TABLE.c.field)
    made = conn.execute(_TABLE.insert().returning(_TABLE.c.id, *place), rows)
    return {(pair, flow, subject, field): number for number, pair, flow, subject, field in made}
