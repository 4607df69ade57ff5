"""A site for whole-system tests: both simulators as a process of their own, a project folder, and commands on it.

What a test believes is read from the simulators' rows and requests and from the store, never from our own words alone.
"""

from __future__ import annotations

import io
import json
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from threading import local
from typing import Any
from urllib.parse import quote, urlsplit

from gp365.app.actions.simulators import Simulators, simulators
from gp365.app.actions.sync import sync
from gp365.app.project import open_project
from gp365.cli import main
from gp365.store import ledger, links
from gp365.store.verify import VerifyReport

Row = dict[str, Any]
World = dict[str, list[Row]]
GP, SALES = "gp", "dataverse"
CHILD = Path(__file__).with_name("e2e_child.py")
PAIR = "fabrikam"
GP_TABLES = ("RM00101", "RM00102")
SALES_TABLES = ("accounts", "contacts", "gp365_customers")


@dataclass(frozen=True)
class Answer:
    """How a command ended, and the JSON document that it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def total(self, *names: str) -> int:
        """Add up counts over all runs of a sync."""
        return sum(int(run[name]) for run in self.json["runs"] for name in names)

    @property
    def written(self) -> int:
        """Count the rows that a sync wrote."""
        return sum(
            side["created"] + side["updated"] for run in self.json["runs"] for side in run["sides"].values()
        )

    @property
    def write_requests(self) -> int:
        return sum(number for run in self.json["runs"] for number in run["write_requests"].values())

    @property
    def cost(self) -> dict[str, int]:
        """Read what a child says it cost: `peak_kib` and `commits`."""
        return json.loads(self.err.strip().splitlines()[-1])

    @property
    def balanced(self) -> bool:
        return all(run["balanced"] for run in self.json["runs"])


class Doors:
    """Asks the control doors of running simulators over connections that are kept, each thread over its own."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self._told = told
        self._trust = ssl.create_default_context(cafile=str(told["ca_file"]))
        self._kept = local()

    def ask(self, system: str, method: str, path: str, body: Any = None) -> Any:
        """Ask the door of a system; AssertionError with its words where it refuses."""
        address = urlsplit(str(self._told[system]["control"]))
        wanted = f"{address.path}{quote(path, safe='/?=&')}"
        text = None if body is None else json.dumps(body).encode()
        answer = self._once(f"{address.hostname}:{address.port}", method, wanted, text)
        said = answer.read()
        if answer.status >= 400:
            raise AssertionError(f"{method} {path}: {said.decode()}")
        return json.loads(said)

    def _once(self, host: str, method: str, path: str, text: bytes | None) -> HTTPResponse:
        kept: dict[str, HTTPSConnection] = self._kept.__dict__.setdefault("connections", {})
        connection = kept.get(host)
        if connection is not None:
            try:
                connection.request(method, path, text)
                return connection.getresponse()
            except (HTTPException, OSError):  # closed meanwhile, before it was read
                connection.close()
        kept[host] = connection = HTTPSConnection(host, context=self._trust, timeout=120)
        connection.request(method, path, text)
        return connection.getresponse()


@dataclass
class Site:
    """Running simulators and the project folder in front of them."""

    folder: Path
    started: Simulators
    marks: dict[str, int] = field(default_factory=dict[str, int])
    doors: Doors | None = None
    doors_of: Simulators | None = None

    # commands

    def run(self, *arguments: str) -> Answer:
        """Run a command in this process, with --json."""
        out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
        with redirect_stdout(out), redirect_stderr(err):
            code = main(["-C", str(self.folder), *arguments, "--json"])
        return Answer(code, _text(out), _text(err))

    def sync(self, *arguments: str) -> Answer:
        return self.run("sync", *arguments)

    def child(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start a command as a process of its own, which prints what it cost as the last line on stderr."""
        return subprocess.Popen(
            [sys.executable, str(CHILD), "-C", str(self.folder), *arguments, "--json"],
            env={**os.environ, **environment},
            text=True,
            encoding="utf-8",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def in_child(self, *arguments: str, **environment: str) -> Answer:
        """Run a command as a process of its own."""
        process = self.child(*arguments, **environment)
        out, err = process.communicate()
        return Answer(process.returncode, out, err)

    def killed_at(self, point: str, *arguments: str) -> None:
        """Start `gp365 sync`, wait until it is held at a named point, and kill it (SIGKILL)."""
        reached = self.folder / f"reached-{point}"
        reached.unlink(missing_ok=True)
        process = self.child("sync", *arguments, GP365_HOLD_AT=f"{point}:{reached}")
        try:
            while not reached.exists() or not reached.read_text("utf-8"):
                try:
                    process.wait(0.02)
                except subprocess.TimeoutExpired:
                    continue
                raise AssertionError(f"it ended before {point}: {process.communicate()}")
        finally:
            process.kill()
            process.communicate()

    def sync_later(self, seconds: float) -> int:
        """Sync as if that much time had passed since; return the exit code."""
        ahead = timedelta(seconds=seconds)
        with open_project(self.folder, clock=lambda: datetime.now(UTC) + ahead) as project:
            return sync(project).exit_code

    # the doors of the simulators

    def door(self, system: str, method: str, path: str, body: Any = None) -> Any:
        if self.doors is None or self.doors_of is not self.started:
            self.doors, self.doors_of = Doors(self.started.description), self.started
        return self.doors.ask(system, method, path, body)

    def rows(self, system: str, table: str) -> list[Row]:
        return self.door(system, "GET", f"/rows/{table}")["rows"]

    def row(self, system: str, table: str, key: str) -> Row:
        (found,) = self.door(system, "GET", f"/rows/{table}/{key}")["rows"]
        return found

    def put(self, system: str, table: str, key: str, **values: Any) -> Row:
        """Edit (or make) a row as a user of the system does."""
        (found,) = self.door(system, "PUT", f"/rows/{table}/{key}", values)["rows"]
        return found

    def faults(self, system: str, *faults: Mapping[str, Any]) -> None:
        self.door(system, "POST", "/faults", list(faults))

    def fired(self, system: str) -> list[int]:
        """Tell how often each ordered fault was done, and clear them."""
        found = [int(one["fired"]) for one in self.door(system, "GET", "/faults")["faults"]]
        self.door(system, "DELETE", "/faults")
        return found

    def mark(self) -> None:
        """Count requests from here on."""
        self.marks = {name: self.door(name, "GET", "/requests")["last"] for name in (GP, SALES)}

    def requests(self, system: str) -> list[Row]:
        """Give what a system was asked since the last mark."""
        return self.door(system, "GET", f"/requests?after={self.marks.get(system, 0)}")["requests"]

    # what people would look for

    def customer(self, number: str) -> Row:
        return self.row(GP, "RM00101", number)

    def card(self, number: str) -> Row:
        (found,) = [row for row in self.rows(SALES, "gp365_customers") if row["gp365_number"] == number]
        return found

    def account_of(self, number: str) -> Row:
        """Give the account that a customer's card names."""
        return self.row(SALES, "accounts", self.card(number)["_gp365_accountid_value"])

    def edit_account_of(self, number: str, **values: Any) -> None:
        self.put(SALES, "accounts", self.card(number)["_gp365_accountid_value"], **values)

    # the store

    def settled(self) -> None:
        """Sync an hour later, when no late reply can come any more; then nothing may be left, and the chain holds."""
        assert self.sync_later(3600) == 0
        assert self.chain().ok

    def chain(self) -> VerifyReport:
        with open_project(self.folder) as project, project.store.read() as conn:
            return ledger.verify(conn)

    def link_count(self, flow: str) -> int:
        with open_project(self.folder) as project, project.store.read() as conn:
            return links.count(conn, PAIR, flow, "open")

    def settings(self, old: str, new: str) -> None:
        """Change the settings; from then on the file is ours."""
        path = self.folder / "gp365.toml"
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), "utf-8")


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()


@contextmanager
def site(
    folder: Path, *, extra: Sequence[str] = (), provisioned: bool = True, **wishes: Any
) -> Iterator[Site]:
    """Run simulators (with the sample data, or generated ones) and a project in front of them."""
    with simulators(folder, extra=extra, **wishes) as started:
        made = Site(folder, started)
        if provisioned:
            assert made.run("provision", "apply").code == 0
        yield made


def world(at: Site) -> World:
    """Give every row of both systems without ids, stamps and other marks of when and by whom, in order."""
    names = _Names(at)
    found = {table: [names.plain(row) for row in at.rows(GP, table)] for table in GP_TABLES}
    found |= {table: [names.plain(row) for row in at.rows(SALES, table)] for table in SALES_TABLES}
    return {
        table: sorted(rows, key=lambda row: json.dumps(row, sort_keys=True)) for table, rows in found.items()
    }


_STAMPS = frozenset(
    {"DEX_ROW_TS", "DEX_ROW_ID", "NOTEINDX", "MODIFDT", "CREATDDT", "INTEGRATIONID", "gp365_reference"}
)


class _Names:
    """What an id stands for: the name of its row, so that worlds with different ids can be compared."""

    def __init__(self, at: Site) -> None:
        self._known = {row["accountid"]: row.get("name") for row in at.rows(SALES, "accounts")}
        self._known |= {
            row["gp365_customerid"]: row.get("gp365_name") for row in at.rows(SALES, "gp365_customers")
        }

    def plain(self, row: Row) -> Row:
        return {
            name: self._known.get(value, value) if isinstance(value, str) else value
            for name, value in row.items()
            if name not in _STAMPS
            and not name.startswith("@")
            and name not in ("accountid", "gp365_customerid", "createdon", "modifiedon", "versionnumber")
        }
