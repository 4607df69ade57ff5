"""The engine beside bare loops that do the least that must be done: where nothing changed, and where every record did.

Engine and loop run one after the other in one process on one core. The systems answer in JSON from memory; the time of
decoding it and making records of it is a part of the engine's time and is shown apart.
"""

from __future__ import annotations

import hashlib
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import zstandard

from bench.measure import Took, one_core, rates, timed
from bench.wide import Wide, make_wide, pages_of
from gp365.store import links
from gp365.store.columns import unsqueeze
from gp365.sync.cycle import sync
from gp365.sync.equation import Report

NO_CHANGE_LIMIT = 0.4
CHANGE_LIMIT = 0.3
_SAMPLE = 20_000  # the bare loop writes so many of the run's records at most, and its rate is taken
_PAGE = 200

# The rows of a run that stand for its writes: what was meant, what it was planned from, what came of it, what agrees now.
_WRITTEN = {
    "intent": "SELECT * FROM intent WHERE run = ? ORDER BY subject LIMIT ?",
    "input": "SELECT * FROM input WHERE hash IN (SELECT inputs FROM intent WHERE run = ? ORDER BY subject LIMIT ?)",
    "link": "SELECT * FROM link WHERE 'L' || id IN (SELECT subject FROM intent WHERE run = ? ORDER BY subject LIMIT ?)",
    "ledger": "SELECT * FROM ledger WHERE run = ? AND subject <> '' ORDER BY subject LIMIT ?",
}


def engine(records: int) -> dict[str, Any]:
    """Link `records` pairs, sync them again unchanged, then with one edit each; return both figures."""
    with tempfile.TemporaryDirectory(prefix="gp365-bench-") as folder, one_core():
        gp = list(pages_of(range(records)))
        world = make_wide(Path(folder), lambda: gp)
        loaded, load = timed(lambda: sync(world.job))
        made = _ids(world)
        sales = list(pages_of(range(records), key=made.__getitem__))
        world.sales.pages = lambda: sales
        sync(world.job, full=True)
        unchanged = _no_change(world, gp, sales, records)
        changed = _change(world, records)
        world.close()
    return {
        "records": records,
        "fields": len(world.gp.described.fields),
        "created": loaded.dispositions["created"],
        "first_load_per_s": round(records / load.wall_s),
        "no_change": unchanged,
        "change": changed,
    }


def _ids(world: Wide) -> dict[str, str]:
    """Give, by customer number, the id under which its account was created."""
    with world.store.read() as conn:
        pages = links.scan(conn, "bench", "customers", 5000)
        return {str(link.left_key): str(link.right_key) for page in pages for link in page}


# nothing changed


def _no_change(world: Wide, gp: Sequence[bytes], sales: Sequence[bytes], records: int) -> dict[str, Any]:
    """Read both sides whole and find that nothing is to be done; and once more, the second side by its delta."""
    world.gp.decoding_s = world.sales.decoding_s = 0.0
    report, took = timed(lambda: sync(world.job, full=True))
    decoding = world.gp.decoding_s + world.sales.decoding_s
    _, by_delta = timed(lambda: sync(world.job))
    same, bare = timed(lambda: _compare(gp, sales, world.folder / "gp365.db"))
    return {
        **rates(records, took, bare, NO_CHANGE_LIMIT),
        "found_the_same": same,
        "unchanged": report.dispositions["unchanged"],
        "written": _written(report),
        "connector_s": round(decoding, 2),
        "engine_s_by_delta": round(by_delta.wall_s, 2),
    }


def _written(report: Report) -> int:
    return sum(side.created + side.updated for side in report.sides.values())


def _compare(gp: Sequence[bytes], sales: Sequence[bytes], store: Path) -> int:
    """Decode the same JSON, look the same rows up, compare dicts: what no engine can do without."""
    conn = sqlite3.connect(store)
    same = 0
    for one, other in zip(gp, sales, strict=True):
        left, right = orjson.loads(one), {row.pop("id"): row for row in orjson.loads(other)}
        linked = _look_up(conn, "left", [row["number"] for row in left])
        there = _look_up(conn, "right", list(right))
        for row in left:
            partner = linked[row["number"]][1]
            against = right[partner]
            del against["version"]
            same += partner in there and row == against
    conn.close()
    return same


def _look_up(conn: sqlite3.Connection, end: str, keys: list[str]) -> dict[str, tuple[Any, ...]]:
    other = "right" if end == "left" else "left"
    query = (
        f"SELECT {end}_key, {other}_key, id, {end}_print, state, {end}_birth FROM link WHERE pair = 'bench'"
        f" AND flow = 'customers' AND {end}_key IN (SELECT value FROM json_each(?))"
    )
    return {row[0]: row for row in conn.execute(query, (orjson.dumps(keys).decode(),)).fetchall()}


# every record changed


def _change(world: Wide, records: int) -> dict[str, Any]:
    """Carry one edit of every customer over: intents, writes, outcomes, links and chain."""
    world.sales.hold()
    edited = list(pages_of(range(records), edit=" Jr"))
    world.gp.pages = lambda: edited
    report, took = timed(lambda: sync(world.job))
    rows = _rows_of(world.folder / "gp365.db", world.job.runs[-1])
    _, bare = timed(lambda: _insert(rows, world.folder / "bare.db"))
    share = records / len(rows.of["intent"])
    return {
        **rates(records, took, Took(bare.wall_s * share, bare.cpu_s * share), CHANGE_LIMIT),
        "updated": report.dispositions["updated"],
        "rows_of_the_bare_loop": {name: len(held) for name, held in rows.of.items()},
    }


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of a run, by table, payloads unpacked; and the tables and indexes that they stand in."""

    tables: Sequence[str]
    of: Mapping[str, list[tuple[Any, ...]]]


def _rows_of(store: Path, run: str) -> _Rows:
    conn = sqlite3.connect(store)
    named = conn.execute("SELECT tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rootpage")
    tables = [sql for name, sql in named.fetchall() if name in _WRITTEN]
    of = {
        name: [tuple(map(_unpacked, row)) for row in conn.execute(query, (run, _SAMPLE))]
        for name, query in _WRITTEN.items()
    }
    conn.close()
    return _Rows(tables, of)


def _unpacked(value: Any) -> Any:
    """Unpack what the store has packed: bytes that the bare loop has to hash and compress again."""
    if not isinstance(value, bytes) or len(value) <= 40:
        return value
    try:
        return bytearray(unsqueeze(value))
    except ValueError:
        return value


def _insert(rows: _Rows, path: Path) -> None:
    """Compress, hash and insert the same rows, a page in a commit that is as safe as the engine's."""
    conn = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=4000", "cache_size=-16384"):
        conn.execute(f"PRAGMA {pragma}")
    for sql in rows.tables:
        conn.execute(sql)
    packer = zstandard.ZstdCompressor(level=3)
    for start in range(0, max(map(len, rows.of.values())), _PAGE):
        conn.execute("BEGIN IMMEDIATE")
        for name, held in rows.of.items():
            page = [tuple(_packed(packer, row)) for row in held[start : start + _PAGE]]
            places = ",".join("?" * len(held[0]))
            conn.executemany(f"INSERT INTO {name} VALUES ({places})", page)
        conn.execute("COMMIT")
    conn.close()


def _packed(packer: zstandard.ZstdCompressor, row: tuple[Any, ...]) -> Iterator[Any]:
    for value in row:
        if type(value) is bytearray:
            hashlib.sha256(value).digest()
            yield b"\x01" + packer.compress(bytes(value)) if len(value) >= 512 else bytes(value)
        else:
            yield value
