"""The engine alone, over the memory systems: the path where nothing changed, and the first load."""

from __future__ import annotations

import hashlib
import sqlite3
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

import orjson
import zstandard

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from sync.engine_world import World, make_world, written


def _world(records: int) -> World:
    world = make_world(Path(tempfile.mkdtemp(prefix="gp365-bench-")))
    for number in range(records):
        world.gp_put(
            f"C{number:07d}",
            Name=f"Firm {number}",
            Zip=str(number),
            Street=f"{number} Main St",
            Terms="NET 30",
        )
    return world


def _bare_compare(rows: list[bytes], held: dict[str, dict[str, Any]]) -> int:
    """Decode the same JSON, look the same rows up, compare dicts: what no engine can do without."""
    same = 0
    for row in rows:
        values = orjson.loads(row)
        same += held[values["Number"]] == values
    return same


def no_change(records: int) -> dict[str, Any]:
    """Sync again when nothing changed, against the bare loop."""
    world = _world(records)
    world.sync()
    world.sync()
    began = perf_counter()
    report = world.sync()
    engine_s = perf_counter() - began
    held = {
        number: {name: str(value) for name, value in row.items()} | {"Number": number}
        for number, row in world.customers().items()
    }
    rows = [orjson.dumps(row) for row in held.values()]
    began = perf_counter()
    _bare_compare(rows, held)
    bare_s = perf_counter() - began
    return {
        "records": records,
        "written": written(report),
        "engine_per_s": round(records / engine_s),
        "bare_per_s": round(records / bare_s),
        "ratio": round(bare_s / engine_s, 3),
    }


def _bare_write(rows: list[bytes], path: Path) -> None:
    """Compress, hash and insert the same rows."""
    packer = zstandard.ZstdCompressor(level=3)
    conn = sqlite3.connect(path)
    conn.execute("PRAGMA journal_mode=WAL")
    conn.execute("CREATE TABLE bare (n INTEGER PRIMARY KEY, hash BLOB, body BLOB)")
    for start in range(0, len(rows), 200):
        page = [(hashlib.sha256(row).digest(), packer.compress(row)) for row in rows[start : start + 200]]
        conn.executemany("INSERT INTO bare (hash, body) VALUES (?, ?)", page)
        conn.commit()
    conn.close()


def first_load(records: int) -> dict[str, Any]:
    """Create every customer on the other side, against the bare loop of compress, hash and insert."""
    world = _world(records)
    began = perf_counter()
    report = world.sync()
    engine_s = perf_counter() - began
    rows = [
        orjson.dumps({name: str(value) for name, value in row.items()}) for row in world.customers().values()
    ]
    began = perf_counter()
    _bare_write(rows, world.folder / "bare.db")
    bare_s = perf_counter() - began
    return {
        "records": records,
        "created": report.dispositions["created"],
        "engine_per_s": round(records / engine_s),
        "bare_per_s": round(records / bare_s),
        "ratio": round(bare_s / engine_s, 3),
    }
