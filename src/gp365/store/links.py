"""Links: which record of the left side is which record of the right side, and what both held when they last agreed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import partial
from itertools import repeat
from operator import attrgetter
from typing import Any, Literal, NamedTuple

from sqlalchemy import Column, Connection, and_, bindparam, func, or_, select, text
from sqlalchemy.exc import IntegrityError

from gp365.model.errors import Retry
from gp365.model.values import KEY_SEPARATOR
from gp365.store import tables
from gp365.store.among import among, among_given
from gp365.store.bulk import chunks
from gp365.store.claims import LOCK_ONLY, queue_of
from gp365.store.straight import Query, ask, run_rows

Side = Literal["left", "right"]
OPEN, CLOSED, SHARED = "open", "closed", "shared"
_TABLE = tables.link
_RANGES = 200  # of one statement; SQLite nests them


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link before the store has numbered it; see Link."""

    pair: str
    flow: str
    left_key: str | None
    right_key: str | None
    left_birth: str = ""
    right_birth: str = ""
    left_print: bytes = b""
    right_print: bytes = b""
    left_version: str = ""
    right_version: str = ""
    agreed: bytes = b""
    agreed_digest: str = ""
    state: str = "open"
    made_by: str = ""
    run: str = ""
    shared_key: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """One business partner on two sides. A missing end is None: it still blocks a create on that end.

    Keys are texts of `key_text`. A print is the fingerprint of the mapped raw values, b"" when unknown. `agreed` holds
    the agreed pairs of all fields, packed, made under the flow version `agreed_digest`. `state` is open, closed (kept
    only to block a create) or shared: the missing end is `shared_key`, which is an end of another link.
    """

    id: int
    pair: str
    flow: str
    left_key: str | None
    right_key: str | None
    left_birth: str
    right_birth: str
    left_print: bytes
    right_print: bytes
    left_version: str
    right_version: str
    agreed: bytes
    agreed_digest: str
    state: str
    made_by: str
    run: str
    shared_key: str | None = None


class Print(NamedTuple):
    """What the quiet test needs of a link: is the other side's print known, and is this side's still the same.

    As the database gives it: `other_print_known` is a number on SQLite.
    """

    id: int
    print: bytes
    other_print_known: bool
    state: str
    birth: str = ""
    key: str = ""


class LinkTaken(Retry):
    """A record is already an end of another link; `ends` names which, as (side, key)."""

    def __init__(self, ends: Sequence[tuple[Side, str]]) -> None:
        self.ends = tuple(ends)
        named = ", ".join(f"{side} {key}" for side, key in self.ends)
        super().__init__("link-taken", f"Linked elsewhere in the meantime: {named}.")


_PRINTS = repeat(Print)
# As `_make` does it, without its look at the length.
_as_print: Callable[[type[Print], Sequence[Any]], Print] = tuple.__new__  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
_COLUMNS = tuple(_TABLE.c[field.name] for field in fields(Link))
_GIVEN = (_TABLE.c.pair == bindparam("in_pair"), _TABLE.c.flow == bindparam("in_flow"))
_BOUND = tuple((column.name, f"b_{column.name}") for column in _COLUMNS)
_BOUND_NAMES = tuple(bound for _, bound in _BOUND)
_values_of = attrgetter(*(name for name, _ in _BOUND))
_REPLACING = (
    _TABLE.update()
    .where(_TABLE.c.id == bindparam("b_id"))
    .values({name: bindparam(bound) for name, bound in _BOUND if name != "id"})
)
_AGREEING = (
    _TABLE.update()
    .where(_TABLE.c.id == bindparam("b_id"))
    .values(
        left_print=bindparam("b_left"),
        right_print=bindparam("b_right"),
        agreed=bindparam("b_agreed"),
        agreed_digest=bindparam("b_digest"),
    )
)
_AGREEING_NAMES = ("b_left", "b_right", "b_agreed", "b_digest", "b_id")
_agreed_of = attrgetter("left_print", "right_print", "agreed", "agreed_digest", "id")


def _key_column(side: Side) -> Column[str | None]:
    return _TABLE.c.left_key if side == "left" else _TABLE.c.right_key


def by_keys(conn: Connection, pair: str, flow: str, side: Side, keys: Iterable[str]) -> dict[str, Link]:
    """Find the links whose end on this side is one of the keys."""

    def query() -> Query:
        return select(*_COLUMNS).where(*_GIVEN, among_given(_key_column(side)))

    found: dict[str, Link] = {}
    for chunk in chunks(keys):
        given = {"in_pair": pair, "in_flow": flow, "keys": chunk}
        for row in ask(conn, f"links by keys {side}", query, given):
            link = Link(*row)
            found[str(link.left_key if side == "left" else link.right_key)] = link
    return found


def by_births(conn: Connection, pair: str, flow: str, side: Side, births: Iterable[str]) -> dict[str, Link]:
    """Find the links whose record on this side has one of these birth marks; of several the open one."""
    column = _TABLE.c.left_birth if side == "left" else _TABLE.c.right_birth
    found: dict[str, Link] = {}

    def query() -> Query:
        return select(*_COLUMNS).where(among_given(column), column != "", *_GIVEN)

    for chunk in chunks(births):
        given = {"in_pair": pair, "in_flow": flow, "keys": chunk}
        for row in ask(conn, f"links by births {side}", query, given):
            link = Link(*row)
            birth = link.left_birth if side == "left" else link.right_birth
            if birth not in found or link.state == OPEN:
                found[birth] = link
    return found


def by_ids(conn: Connection, ids: Iterable[int]) -> dict[int, Link]:
    """Find links by id."""
    found: dict[int, Link] = {}
    for chunk in chunks(ids):
        for row in conn.execute(select(*_COLUMNS).where(among(_TABLE.c.id, chunk))):
            found[row[0]] = Link(*row)
    return found


def prints(conn: Connection, pair: str, flow: str, side: Side, keys: Iterable[str]) -> dict[str, Print]:
    """Find what the quiet test needs, by key of this side; the agreed pairs are not read."""
    column = _key_column(side)
    own, other, birth = _TABLE.c.left_print, _TABLE.c.right_print, _TABLE.c.left_birth
    if side == "right":
        own, other, birth = other, own, _TABLE.c.right_birth

    def query() -> Query:
        known = func.length(other) > 0
        asked = select(_TABLE.c.id, own, known, _TABLE.c.state, birth, column)
        return asked.where(*_GIVEN, among_given(column))

    found: dict[str, Print] = {}
    for chunk in chunks(keys):
        given = {"in_pair": pair, "in_flow": flow, "keys": chunk}
        rows = ask(conn, f"prints {side}", query, given)
        found.update(zip([row[5] for row in rows], map(_as_print, _PRINTS, rows), strict=False))
    return found


def insert(conn: Connection, links: Sequence[NewLink]) -> list[int]:
    """Insert links and return their ids in order; LinkTaken, with nothing inserted, if an end is linked already."""
    if not links:
        return []
    # The ids are told apart by the ends: asked for in order, SQLAlchemy would insert row by row on SQLite.
    ends = (_TABLE.c.pair, _TABLE.c.flow, _TABLE.c.left_key, _TABLE.c.right_key)
    try:
        with conn.begin_nested():
            rows = conn.execute(
                _TABLE.insert().returning(_TABLE.c.id, *ends), [asdict(link) for link in links]
            )
            ids = {tuple(row[1:]): int(row[0]) for row in rows}
            return [ids[link.pair, link.flow, link.left_key, link.right_key] for link in links]
    except IntegrityError as error:
        raise LinkTaken(_taken(conn, [(None, link) for link in links])) from error


def update(conn: Connection, links: Sequence[Link]) -> None:
    """Replace links by id; LinkTaken, with nothing replaced, if a new end is linked elsewhere."""
    if not links:
        return
    rows = [_values_of(link) for link in links]
    try:
        with conn.begin_nested():
            run_rows(conn, "update links", lambda: _REPLACING, _BOUND_NAMES, rows)
    except IntegrityError as error:
        raise LinkTaken(_taken(conn, [(link.id, link) for link in links])) from error


def agree(conn: Connection, links: Sequence[Link]) -> None:
    """Keep of links what they agree on now, and their prints; everything else of them stays, and so do their indexes."""
    rows = [_agreed_of(link) for link in links]
    run_rows(conn, "agree links", lambda: _AGREEING, _AGREEING_NAMES, rows)


def replace_ends(conn: Connection, links: Sequence[Link]) -> None:
    """Replace links by id where they pass keys to one another: every end is let go before one is taken up anew."""
    ids = [link.id for link in links]
    for chunk in chunks(ids):
        conn.execute(_TABLE.update().where(among(_TABLE.c.id, chunk)).values(left_key=None, right_key=None))
    update(conn, links)


def move_shared(conn: Connection, pair: str, flow: str, side: Side, moves: Mapping[str, str]) -> None:
    """Let the links that share records of this side follow them to other keys (old key → new key), all at once."""
    rows = [
        {"b_id": link.id, "b_key": moves[str(link.shared_key)]}
        for link in sharing(conn, pair, flow, side, moves)
    ]
    if rows:
        statement = _TABLE.update().where(_TABLE.c.id == bindparam("b_id"))
        conn.execute(statement.values(shared_key=bindparam("b_key")), rows)


def sharing(conn: Connection, pair: str, flow: str, side: Side, keys: Iterable[str]) -> list[Link]:
    """Find the links that share one of these records of this side."""
    found: list[Link] = []
    for chunk in chunks(keys):
        scope = (_TABLE.c.pair == pair, _TABLE.c.flow == flow, _TABLE.c.state == SHARED)
        query = select(*_COLUMNS).where(
            *scope, among(_TABLE.c.shared_key, chunk), _key_column(side).is_(None)
        )
        found += [Link(*row) for row in conn.execute(query.order_by(_TABLE.c.id))]
    return found


def scan(conn: Connection, pair: str, flow: str, page: int, *, after: int = 0) -> Iterator[list[Link]]:
    """Give every link of a flow, in pages, in the order they were made; those after one of them where it is named."""
    last = after
    while True:
        query = select(*_COLUMNS).where(_TABLE.c.pair == pair, _TABLE.c.flow == flow, _TABLE.c.id > last)
        links = [Link(*row) for row in conn.execute(query.order_by(_TABLE.c.id).limit(page))]
        if not links:
            return
        yield links
        last = links[-1].id


def newest(conn: Connection, pair: str, flow: str, side: Side, limit: int) -> list[int]:
    """Name the open links of a flow that have an end on a side, the newest first."""
    scope = (_TABLE.c.pair == pair, _TABLE.c.flow == flow, _TABLE.c.state == OPEN)
    query = select(_TABLE.c.id).where(*scope, _key_column(side).is_not(None))
    return list(conn.execute(query.order_by(_TABLE.c.id.desc()).limit(limit)).scalars())


def newest_number(conn: Connection) -> int:
    """Give the number of the newest link of all; 0 while there is none."""
    ((number,),) = ask(conn, "newest link", lambda: select(func.coalesce(func.max(_TABLE.c.id), 0)), {})
    return int(number)


def count(conn: Connection, pair: str, flow: str, state: str) -> int:
    """Count the links of a flow in a state."""
    given = {"in_pair": pair, "in_flow": flow}
    if state == OPEN:
        # An index has the open ones, and SQLite takes it only for these words, not for a parameter.
        ((number,),) = ask(conn, "count open links", lambda: _count().where(text("state = 'open'")), given)
        return number
    mine = _TABLE.c.state == bindparam("in_state")
    ((number,),) = ask(conn, "count links", lambda: _count().where(mine), {**given, "in_state": state})
    return number


def _count() -> Query:
    scope = (_TABLE.c.pair == bindparam("in_pair"), _TABLE.c.flow == bindparam("in_flow"))
    return select(func.count()).select_from(_TABLE).where(*scope)


def scan_keys(
    conn: Connection, pair: str, flow: str, side: Side, state: str, page: int = 5000
) -> Iterator[list[tuple[int, str]]]:
    """Give (id, key on this side) of the links in a state that have an end there, in pages."""
    column, last = _key_column(side), 0
    scope = (_TABLE.c.pair == pair, _TABLE.c.flow == flow, _TABLE.c.state == state, column.is_not(None))
    while True:
        query = (
            select(_TABLE.c.id, column).where(*scope, _TABLE.c.id > last).order_by(_TABLE.c.id).limit(page)
        )
        rows = [(number, str(key)) for number, key in conn.execute(query)]
        if not rows:
            return
        yield rows
        last = rows[-1][0]


def beginning(
    conn: Connection, pair: str, flow: str, side: Side, beginnings: Iterable[str]
) -> list[tuple[int, str]]:
    """Give (id, key on this side) of the open links whose key's first parts are one of these, as texts of `key_text`."""
    column = _key_column(side)
    scope = (_TABLE.c.pair == pair, _TABLE.c.flow == flow, _TABLE.c.state == OPEN)
    found: list[tuple[int, str]] = []
    for chunk in chunks(beginnings, _RANGES):
        # Keys are compared by bytes: what begins so lies between the separator and the sign after it.
        ranges = [
            and_(column >= each + KEY_SEPARATOR, column < each + chr(ord(KEY_SEPARATOR) + 1))
            for each in chunk
        ]
        query = select(_TABLE.c.id, column).where(*scope, or_(*ranges))
        found += [(number, str(key)) for number, key in conn.execute(query)]
    return found


def with_work(conn: Connection, pair: str, flow: str, sides: Mapping[Side, str]) -> set[int]:
    """Give the ids of links that have a row in the queue for either end; `sides` names the queue's side of each end."""
    found: set[int] = set()
    for end, side in sides.items():
        given = {"in_pair": pair, "in_flow": flow, "in_side": side, "in_queue": queue_of(pair, flow)}
        rows = ask(conn, f"links with work {end}", partial(_with_work, end), given)
        found.update(number for (number,) in rows)
    return found


def _with_work(end: Side) -> Query:
    # From the queue to the links: there is little in it where nothing changed, and there are many links.
    work = tables.work
    waiting = select(work.c.key).where(
        work.c.queue == bindparam("in_queue"), work.c.side == bindparam("in_side"), work.c.seq > LOCK_ONLY
    )
    query = select(_TABLE.c.id).where(
        _TABLE.c.pair == bindparam("in_pair"), _TABLE.c.flow == bindparam("in_flow")
    )
    return query.where(_key_column(end).in_(waiting))


def _taken(conn: Connection, wanted: Sequence[tuple[int | None, Link | NewLink]]) -> list[tuple[Side, str]]:
    """Name the ends that stand in another link, or twice among those wanted."""
    sides: tuple[Side, Side] = ("left", "right")
    return [end for side in sides for end in _taken_on(conn, side, wanted)]


def _taken_on(
    conn: Connection, side: Side, wanted: Sequence[tuple[int | None, Link | NewLink]]
) -> Iterator[tuple[Side, str]]:
    scopes = dict.fromkeys((link.pair, link.flow) for _, link in wanted)
    for pair, flow in scopes:
        ends: list[tuple[int | None, Any]] = [
            (number, getattr(link, f"{side}_key"))
            for number, link in wanted
            if (link.pair, link.flow) == (pair, flow)
        ]
        there = by_keys(conn, pair, flow, side, [key for _, key in ends if key is not None])
        seen: set[str] = set()
        for number, key in ends:
            if key is None:
                continue
            if key in seen or (key in there and there[key].id != number):
                yield (side, key)
            seen.add(key)
