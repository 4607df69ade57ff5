"""Reconciling customers that were synced before, in a process of its own, whose memory is what is measured.

The systems' rows lie in two files from which a connector reads them page by page, as a real one reads answers.
"""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, cast

from bench.firms import make_firms
from bench.matching_world import MatchingWorld, make_matching_world
from gp365.app.reports.document import write_document
from gp365.app.reports.head import head_of
from gp365.app.reports.lines import Lines
from gp365.app.reports.page import write_page
from gp365.app.reports.workbook import write_workbook
from gp365.connectors.memory import MemoryConnector
from gp365.model.contract import Connector, Tally
from gp365.model.entity import EntityDescription
from gp365.model.record import Record
from gp365.model.values import Key, pack, unpack
from gp365.store import lease as leases
from gp365.store.engine import open_store, utc_now
from gp365.store.scratch import ScratchFile
from gp365.sync.cycle import sync
from gp365.sync.job import Job
from gp365.sync.reconcile import reconcile as run

_PAGE = 1000


def reconcile(size: int) -> dict[str, Any]:
    """Sync `size` customers to as many new accounts, then reconcile them in another process; return its figures."""
    with tempfile.TemporaryDirectory(prefix="gp365-bench-") as folder:
        world = make_matching_world(replace(make_firms(size), accounts={}), Path(folder))
        began = perf_counter()
        _synced(world)
        seconds = perf_counter() - began
        for system, entity in ((world.gp, "customer"), (world.sales, "account")):
            _dump(system, entity, Path(folder))
        world.close()
        command = [sys.executable, "-m", "bench.reconcile", folder]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    return {"customers": size, "seconds_of_the_sync_before": round(seconds, 1), **json.loads(done.stdout)}


def _synced(world: MatchingWorld) -> None:
    with world.store.write() as conn:
        world.job.lease = leases.take(conn, "worker", "bench", 3600.0)
    world.job.clock = utc_now  # writes are sent within their time, by the systems' own clocks
    sync(world.job)


def _dump(system: MemoryConnector, entity: str, folder: Path) -> None:
    with (folder / f"{system.name}.rows").open("wb") as file:
        for page in system.scan(entity, tuple(system.entity(entity).fields)):
            for one in page:
                held = {"k": list(one.key), "b": one.birth, "e": one.version, "r": one.reference}
                file.write(pack(held) + b"\t" + pack(dict(one.values)) + b"\n")
    (folder / f"{system.name}.entity").write_bytes(pickle.dumps(system.entity(entity)))


@dataclass
class FileConnector:
    """A system whose rows lie in a file; it can be read whole, and nothing else is asked of it here."""

    name: str
    folder: Path
    described: EntityDescription = field(init=False)
    kind: str = "file"

    def __post_init__(self) -> None:
        self.described = pickle.loads((self.folder / f"{self.name}.entity").read_bytes())

    def entity(self, name: str) -> EntityDescription:
        """Describe the only entity."""
        del name
        return self.described

    def scan(self, entity: str, fields: Sequence[str]) -> Iterator[Sequence[Record]]:
        """Read every row, a page in memory at a time."""
        del entity
        page: list[Record] = []
        with (self.folder / f"{self.name}.rows").open("rb") as file:
            for line in file:
                head, _, body = line.partition(b"\t")
                held, values = json.loads(head), unpack(body)
                asked = {name: values.get(name) for name in fields}
                page.append(Record(tuple(held["k"]), asked, held["e"], held["b"], held["r"]))
                if len(page) == _PAGE:
                    yield page
                    page = []
        yield page

    def get(
        self, entity: str, keys: Sequence[Key], fields: Sequence[str], *, fresh: bool = False
    ) -> Mapping[Key, Record]:
        """Know nothing but what a full reading shows."""
        del entity, keys, fields, fresh
        return {}

    def epoch(self) -> str:
        """Give an identity."""
        return f"{self.name}:1"

    def tally(self) -> Tally:
        """Count nothing."""
        return Tally(0, 0, {})


def _child(folder: Path) -> dict[str, Any]:
    started = _peak_mb()
    # The job is made over empty systems, and then given the files.
    with tempfile.TemporaryDirectory(prefix="gp365-bench-") as other:
        world = make_matching_world(replace(make_firms(1), customers={}, accounts={}), Path(other))
        store, scratch = open_store(folder / "gp365.db"), ScratchFile(folder / "scratch")
        left, right = (
            replace(place, connector=cast("Connector", FileConnector(place.side, folder)))
            for place in world.job.places
        )
        job: Job = replace(world.job, left=left, right=right, store=store, scratch=scratch)
        began, cpu = perf_counter(), process_time()
        found = run(job)
        compared = perf_counter() - began
        _report(found, folder)
        seconds, cpu_s = perf_counter() - began, process_time() - cpu
        scratch.close()
        store.close()
        world.close()
    return {
        "fields": len(found.compared),
        "linked": found.counts.linked,
        "differing": found.counts.differing,
        "drift": found.counts.drift,
        "verdict": found.verdict,
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu_s, 1),
        "seconds_without_report": round(compared, 1),
        "peak_mb": {"before": started, "reconciling": _peak_mb()},
    }


def _report(found: Any, folder: Path) -> None:
    head, lines = head_of(found, "", ""), Lines(found)
    write_page(folder / "report.html", head, lines)
    write_workbook(folder / "report.xlsx", head, lines)
    write_document(folder / "report.json", head, lines)


def _peak_mb() -> int:
    """Give the largest memory that this process has had so far; 0 where the system does not tell."""
    if sys.platform == "win32":
        return 0
    status = Path("/proc/self/status")
    if status.is_file():  # getrusage would tell of the process that started this one, too
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) // 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 * 1024)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_child(Path(sys.argv[1]))))
