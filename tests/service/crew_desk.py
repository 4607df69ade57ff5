"""A desk on a PostgreSQL store: several pairs of systems of memory, and workers as processes of their own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.app_folder import Folder, make_folder
from gp365.connectors.memory import MemoryConnector
from gp365.connectors.memory.descriptions import from_json
from gp365.store import lease as leases
from gp365.store.engine import Store, open_store
from postgresql import new_schema
from service import service_desk

PATIENCE_S = 180.0
CHILD = Path(__file__).parent / "service_child_worker.py"
LEASE_S = 3.0
"""How long leases live in these tests, instead of the 15 s of real workers."""


def until(true: Callable[[], Any]) -> float:
    """Wait until something is true, for long: several processes must begin, which takes a while beside other work."""
    return service_desk.until(true, PATIENCE_S)


@dataclass
class Crew:
    """A project folder with its pairs, and the workers that were begun."""

    path: Path
    url: str
    pairs: Sequence[str]
    processes: list[subprocess.Popen[str]] = field(default_factory=list[subprocess.Popen[str]])

    @property
    def at(self) -> Folder:
        """The project's folder."""
        return Folder(self.path)

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "gp365", *arguments]

    def folder(self, name: str) -> Path:
        """Make another folder of the same store, as on another machine: settings and flows are the same."""
        other = self.path.parent / name
        shutil.copytree(self.path, other, ignore=shutil.ignore_patterns(".gp365", "*.db*"))
        text = (other / "gp365.toml").read_text("utf-8")
        text = text.replace('path = "', f'path = "{self.path.as_posix()}/')
        (other / "gp365.toml").write_text(text, "utf-8")
        return other

    def person(self, side: str, pair: str) -> MemoryConnector:
        described = from_json(json.loads((self.path / f"{side}.json").read_text("utf-8")))
        return MemoryConnector.open(self.path / f"{side}-{pair}.db", side, described)

    def gp(self, pair: str, number: str, **values: Any) -> None:
        system = self.person("gp", pair)
        system.person_put("customer", (number,), values)
        system.close()

    def names(self, pair: str) -> list[str]:
        """Name the accounts of a pair."""
        system = self.person("sales", pair)
        found = [str(row["name"]) for row in system.rows("account").values()]
        system.close()
        return sorted(found)

    def arrived(self, pair: str, name: str) -> bool:
        return name in self.names(pair)

    def worker(self, slot: str, folder: Path | None = None, **environ: str) -> subprocess.Popen[str]:
        """Begin a worker as a process of its own."""
        process = subprocess.Popen(
            [sys.executable, str(CHILD), "-C", str(folder or self.path), "worker", "--slot", slot],
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "CREW_LEASE_S": str(LEASE_S), **environ},
        )
        self.processes.append(process)
        return process

    def store(self) -> Store:
        return open_store(self.url)

    def held(self, beginning: str) -> list[str]:
        """Name the living leases that begin so."""
        store = self.store()
        try:
            with store.read() as conn:
                return [one.name for one in leases.held(conn, beginning)]
        finally:
            store.close()

    def at_work(self, *slots: str) -> None:
        """Wait until workers of these slots live, and one leads."""
        wanted = {f"worker/{one}" for one in slots}

        def are() -> bool:
            ended = [one.communicate() for one in self.processes if (one.poll() or 0) > 0]
            assert not ended, ended
            return wanted <= set(self.held("worker/")) and bool(self.held("serve"))

        until(are)

    def leader(self) -> str:
        """Name the holder of the lead."""
        store = self.store()
        try:
            with store.read() as conn:
                return next((one.holder for one in leases.held(conn, "serve")), "")
        finally:
            store.close()

    def end(self) -> None:
        for one in self.processes:
            if one.poll() is None:
                one.kill()
            one.communicate()


@contextmanager
def crew(path: Path, server: str, pairs: Sequence[str] = ("one",), service: str = "") -> Iterator[Crew]:
    """Make a project on a PostgreSQL store whose pairs have one GP customer each; its workers end with the block."""
    folder = path / "site"
    folder.mkdir(parents=True)
    make_folder(folder)
    url = new_schema(server)
    (folder / "gp365.toml").write_text(_settings(url, pairs, service), "utf-8")
    made = Crew(folder, url, pairs)
    for pair in pairs:
        made.gp(pair, "AARONFIT0001", Name="Aaron Fitz", Country="USA", Class="USA-MEDIUM")
    try:
        yield made
    finally:
        made.end()


def _settings(url: str, pairs: Sequence[str], service: str) -> str:
    lines = [
        "schema = 1",
        "",
        "[store]",
        f'url = "{url.replace("postgresql+psycopg:", "postgresql:")}"',
        "",
        "[service]",
        'first_sync = "service"',
    ]
    lines += [service or "poll = {shortest_s = 1.0, longest_s = 1.0}", ""]
    for pair in pairs:
        for side in ("gp", "sales"):
            lines += [f"[systems.{side}-{pair}]", 'kind = "memory"', f'path = "{side}-{pair}.db"']
            lines += [f'entities = "{side}.json"']
            lines += ['interid = "TWO"', 'time_zone = "America/Chicago"'] if side == "gp" else []
            lines += ['functional_currency = "USD"'] if side == "gp" else []
            lines += [""]
        lines += [f"[pairs.{pair}]", f'gp = "gp-{pair}"', f'sales = "sales-{pair}"', 'flows = ["firms"]', ""]
    return "\n".join(lines)


def stopped(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Ask a worker to end and wait until it has."""
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    return process.returncode, out + err
