"""Cards and blocks: what a record is compared by, and the short numbers that two records share when they could be alike.

A block's number carries its scope (pair, flow, side), so that one small table serves all. A plan, which stores nothing,
keeps the same tables in a file of its own that is deleted with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import orjson
from sqlalchemy import Connection, Engine, StaticPool, bindparam, create_engine, event, select, text

from gp365.store import tables
from gp365.store.among import among
from gp365.store.bulk import chunks, put_rows
from gp365.store.straight import Query, ask

_CARD, _BLOCK = tables.similar_card, tables.similar_block
_BY_KEY = select(_CARD.c.key, _CARD.c.number, _CARD.c.body, _CARD.c.side, _CARD.c.flow, _CARD.c.pair)
_LIST = {
    "sqlite": "SELECT value FROM json_each(:numbers)",
    "postgresql": "SELECT unnest(CAST(:numbers AS bigint[]))",
}
_MEMBERS = {
    "sqlite": "SELECT block, count(*), group_concat(card) FROM similar_block WHERE block IN ({}) GROUP BY block",
    "postgresql": "SELECT block, count(*), string_agg(CAST(card AS text), ',') FROM similar_block"
    " WHERE block IN ({}) GROUP BY block",
}
_ADD_BLOCK = {
    "sqlite": "INSERT INTO similar_block (block, card) VALUES (?, ?) ON CONFLICT DO NOTHING",
    "postgresql": "INSERT INTO similar_block (block, card) VALUES (%s, %s) ON CONFLICT DO NOTHING",
}
_DROP_BLOCK = {
    "sqlite": "DELETE FROM similar_block WHERE block = ? AND card = ?",
    "postgresql": "DELETE FROM similar_block WHERE block = %s AND card = %s",
}
_FILE_PRAGMAS = (
    "journal_mode=MEMORY",
    "synchronous=OFF",
    "locking_mode=EXCLUSIVE",
    "temp_store=MEMORY",
    "cache_size=-65536",
)


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose cards: one side of one flow of one pair."""

    pair: str
    flow: str
    side: str

    def number(self, block: str) -> int:
        """Return a block's number in this scope: 63 bits, the same in every process and for ever."""
        return self.numbers((block,))[0]

    def numbers(self, blocks: Iterable[str]) -> list[int]:
        """Return the numbers of blocks in this scope, in order."""
        first = (crc32(f"{self.pair}\x1e{self.flow}\x1e{self.side}".encode()) & 0x7FFF_FFFF) << 32
        return [first | crc32(block.encode()) for block in blocks]


Blocks = Callable[[str], Sequence[str]]


def put_cards(conn: Connection, scope: Scope, rows: Sequence[tuple[str, str]], blocks: Blocks) -> None:
    """Keep the cards (key, body) of records, and the blocks that follow from each body."""
    fresh = dict(rows)
    held = _by_key(conn, scope, list(fresh))
    dropped: list[tuple[int, int]] = []
    added: list[tuple[int, int]] = []
    changed: list[dict[str, Any]] = []
    for key, (number, body) in held.items():
        if body == fresh[key]:
            continue
        old, new = (_numbers(scope, blocks(one)) for one in (body, fresh[key]))
        dropped += [(block, number) for block in old - new]
        added += [(block, number) for block in new - old]
        changed.append({"n": number, "b": fresh[key]})
    made = [(key, body) for key, body in fresh.items() if key not in held]
    for number, body in _insert(conn, scope, made):
        added += [(block, number) for block in _numbers(scope, blocks(body))]
    if changed:
        conn.execute(
            _CARD.update().where(_CARD.c.number == bindparam("n")).values(body=bindparam("b")), changed
        )
    for statement, pairs in ((_DROP_BLOCK, dropped), (_ADD_BLOCK, added)):
        if pairs:
            conn.exec_driver_sql(statement[conn.dialect.name], sorted(pairs))


def _numbers(scope: Scope, blocks: Sequence[str]) -> set[int]:
    return set(scope.numbers(blocks))


def _by_key(conn: Connection, scope: Scope, keys: Sequence[str]) -> dict[str, tuple[int, str]]:
    found: dict[str, tuple[int, str]] = {}
    for chunk in chunks(keys):
        # By key alone, which is all but unique: told the rest of the index, SQLite steps through it for each missing key.
        for key, number, body, *whose in conn.execute(_BY_KEY.where(among(_CARD.c.key, chunk))):
            if whose == [scope.side, scope.flow, scope.pair]:
                found[key] = (number, body)
    return found


def _within(scope: Scope) -> tuple[Any, ...]:
    return (_CARD.c.side == scope.side, _CARD.c.flow == scope.flow, _CARD.c.pair == scope.pair)


def _insert(conn: Connection, scope: Scope, rows: Sequence[tuple[str, str]]) -> list[tuple[int, str]]:
    if not rows:
        return []
    names = {"pair": scope.pair, "flow": scope.flow, "side": scope.side}
    made = conn.execute(
        _CARD.insert().returning(_CARD.c.number, _CARD.c.body),
        [{**names, "key": key, "body": body} for key, body in rows],
    )
    return [(number, body) for number, body in made]


def drop_cards(conn: Connection, scope: Scope, keys: Iterable[str], blocks: Blocks) -> None:
    """Forget records that are no more."""
    for chunk in chunks(keys):
        held = _by_key(conn, scope, chunk)
        pairs = [(block, number) for number, body in held.values() for block in _numbers(scope, blocks(body))]
        if pairs:
            conn.exec_driver_sql(_DROP_BLOCK[conn.dialect.name], pairs)
        conn.execute(_CARD.delete().where(among(_CARD.c.key, list(held)), *_within(scope)))


def sizes(conn: Connection, numbers: Iterable[int]) -> dict[int, int]:
    """Count the records in blocks; an empty block is not in the answer."""
    return dict(
        _ask(conn, "SELECT block, count(*) FROM similar_block WHERE block IN ({}) GROUP BY block", numbers)
    )


def members(conn: Connection, numbers: Iterable[int], most: int) -> list[tuple[int, int, list[int]]]:
    """Give of each block how many records are in it, and those records' cards if they are not more than `most`."""
    rows = _ask(conn, _MEMBERS[conn.dialect.name], numbers)
    return [
        (block, size, list(map(int, held.split(","))) if size <= most else []) for block, size, held in rows
    ]


def cards(conn: Connection, numbers: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Read cards: key and body by number."""
    rows = _ask(conn, "SELECT number, key, body FROM similar_card WHERE number IN ({})", numbers)
    return {number: (key, body) for number, key, body in rows}


def _ask(conn: Connection, statement: str, numbers: Iterable[int]) -> list[Any]:
    """Ask with a list of any length as one parameter."""
    wanted = list(numbers)
    if not wanted:
        return []
    dialect = conn.dialect.name
    given: Any = orjson.dumps(wanted).decode() if dialect == "sqlite" else wanted
    answer = conn.execute(text(statement.format(_LIST[dialect])), {"numbers": given})
    # Numbers and texts as the driver gives them: the millions of rows of a large plan need no dressing.
    return list(answer.cursor.fetchall()) if answer.cursor is not None else []


# whether the cards of a side are all there


def filled(conn: Connection, scope: Scope) -> str:
    """Return what the cards of a side were made by when a full reading last completed them; "" if none did."""
    rows = ask(conn, "cards filled", _made_by, {"in_name": _mark(scope)})
    return str(rows[0][0] or "") if rows else ""


def _made_by() -> Query:
    return select(tables.meta.c.value).where(tables.meta.c.name == bindparam("in_name"))


def mark_filled(conn: Connection, scope: Scope, made_by: str) -> None:
    """Note that a full reading has completed the cards of a side."""
    put_rows(conn, tables.meta, [{"name": _mark(scope), "value": made_by}])


def clear(conn: Connection, scope: Scope) -> None:
    """Forget every card of a side, and its blocks."""
    first = scope.number("") >> 32 << 32
    conn.execute(_BLOCK.delete().where(_BLOCK.c.block.between(first, first | 0xFFFF_FFFF)))
    conn.execute(_CARD.delete().where(*_within(scope)))


def _mark(scope: Scope) -> str:
    return f"similar\x1e{scope.pair}\x1e{scope.flow}\x1e{scope.side}"


# the file of a plan


def open_file(path: Path) -> Engine:
    """Open (or make) a file with the two tables alone, of which nothing is read after a crash."""
    engine = create_engine(
        f"sqlite+pysqlite:///{path}", poolclass=StaticPool, connect_args={"check_same_thread": False}
    )
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    with engine.begin() as conn:
        tables.metadata.create_all(conn, tables=[_CARD, _BLOCK])
    return engine


def _on_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    for pragma in _FILE_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _on_begin(conn: Connection) -> None:
    conn.exec_driver_sql("BEGIN")
