"""A million linked records read on both sides and compared, nothing changed: how much memory the engine takes.

The rows lie in files and the engine runs in a process of its own, so that its memory alone is measured. The links are laid
into the store directly, exactly as a first sync leaves them (`tests/sync/test_bench_short.py` compares the two).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from bench.measure import peak_mb, rss_mb, timed
from bench.wide import FIELDS, PAGE, Wide, make_wide, pages_of
from gp365.model.record import Record
from gp365.model.values import fingerprint
from gp365.store import links
from gp365.store.links import NewLink
from gp365.sync.agreed import pack_pairs
from gp365.sync.cycle import sync

PEAK_LIMIT_MB = 300.0
GROWTH_LIMIT = 1.1
_SYSTEMS = ("gp", "sales")


def million(records: int) -> dict[str, Any]:
    """Prepare `records` pairs, and compare them in another process; return its figures."""
    with tempfile.TemporaryDirectory(prefix="gp365-bench-") as folder:
        prepare(Path(folder), records)
        command = [sys.executable, "-m", "bench.million", folder, str(records)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    return {"records": records, **json.loads(done.stdout)}


def prepare(folder: Path, records: int) -> None:
    """Write both systems' rows into files, and link them in a new store as a first sync would."""
    for system in _SYSTEMS:
        key = partner_of if system == "sales" else None
        with (folder / f"{system}.pages").open("wb") as file:
            file.writelines(page + b"\n" for page in pages_of(range(records), key=key))
    world = open_prepared(folder)
    for left, right in zip(_scan(world, "gp"), _scan(world, "sales"), strict=True):
        made = [_link(world, one, other) for one, other in zip(left, right, strict=True)]
        with world.store.write() as conn:
            links.insert(conn, made)
    world.close()


def partner_of(number: str) -> str:
    """Give the id of a customer's account, in the order of the customers."""
    return f"00000000-0000-4000-8000-{int(number[1:]):012d}"


def open_prepared(folder: Path) -> Wide:
    """Open what was prepared."""
    return make_wide(folder, lambda: _lines(folder / "gp.pages"), lambda: _lines(folder / "sales.pages"))


def _lines(file: Path) -> Iterable[bytes]:
    with file.open("rb") as opened:
        yield from opened


def _scan(world: Wide, system: str) -> Iterator[Iterable[Record]]:
    place = world.job.place(system)
    return iter(place.connector.scan(place.entity.name, place.fields))


def _link(world: Wide, left: Record, right: Record) -> NewLink:
    """Link two records as a first sync does that created the right one."""
    job, digest = world.job, world.job.flow.digest
    pairs = {name: ((left.values[name],), (right.values[name],)) for name in FIELDS}
    return NewLink(
        "bench",
        "customers",
        left.key[0],
        right.key[0],
        left.birth,
        right.birth,
        fingerprint(left.values, job.left.fields, digest),
        fingerprint(right.values, job.right.fields, digest),
        agreed=pack_pairs(pairs),
        agreed_digest=digest,
        made_by="create",
    )


# the process that is measured


def _child(folder: Path, records: int) -> dict[str, Any]:
    world = open_prepared(folder)
    before, after_a_tenth = rss_mb(), 0.0
    tenth = max(PAGE, 2 * records // 10)
    read = {"gp": 0, "sales": 0}

    def look(what: str, done: int, total: int) -> None:
        nonlocal after_a_tenth
        del total
        if what.startswith("read "):
            read[what.removeprefix("read ")] = done
            if not after_a_tenth and sum(read.values()) >= tenth:
                after_a_tenth = rss_mb()

    world.job.progress = look
    report, took = timed(lambda: sync(world.job, full=True))
    at_the_end, peak = rss_mb(), peak_mb()
    world.close()
    growth = round(at_the_end / after_a_tenth, 3) if after_a_tenth else 0.0
    return {
        "compared": sum(read.values()),
        "unchanged": report.dispositions["unchanged"],
        "written": sum(side.created + side.updated for side in report.sides.values()),
        "seconds": round(took.wall_s, 1),
        "cpu_seconds": round(took.cpu_s, 1),
        "rss_mb": {
            "before": round(before),
            "after_a_tenth": round(after_a_tenth),
            "at_the_end": round(at_the_end),
        },
        "peak_mb": round(peak),
        "peak_limit_mb": PEAK_LIMIT_MB,
        "growth": growth,
        "growth_limit": GROWTH_LIMIT,
        "holds": peak <= PEAK_LIMIT_MB and growth <= GROWTH_LIMIT,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_child(Path(sys.argv[1]), int(sys.argv[2]))))
