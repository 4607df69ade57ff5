"""A desk for tests of the command line: simulators with canaries for secrets, and commands whose every byte is searched.

A canary is a secret that must be found nowhere: not in standard output or error, logs, database, plans, nor reports.
"""

from __future__ import annotations

import io
import json
import os
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from gp365.app.actions.simulators import Simulators, simulators
from gp365.cli import main

CANARY = "CANARY"
SECRETS = {
    "gp-password": "CANARYgpPassword51",
    "sales-client-secret": "CANARYsalesSecret52",
    "provision-client-secret": "CANARYprovision53",
}


@dataclass(frozen=True)
class Answer:
    """How a command ended and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Read standard output as the one JSON document that it must be."""
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, str]:
        return self.json["error"]

    @property
    def stopped(self) -> dict[str, str]:
        """Give what stopped a sync: before its first run, or in it."""
        told = self.json
        return told["error"] if "error" in told else told["runs"][0]["stopped"]


@dataclass
class Shell:
    """Runs commands on a project folder, in this process or (where it is to be killed) in one of its own."""

    folder: Path

    def run(self, *arguments: str, stdin: str = "") -> Answer:
        """Run a command here; nothing that it writes may hold a canary."""
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="\n") for _ in range(2))
        before = sys.stdin
        sys.stdin = io.StringIO(stdin)
        try:
            with redirect_stdout(out), redirect_stderr(err):
                code = main(["-C", str(self.folder), *arguments])
        finally:
            sys.stdin = before
        return self._searched(Answer(code, _text(out), _text(err)))

    def json(self, *arguments: str, stdin: str = "") -> Answer:
        return self.run(*arguments, "--json", stdin=stdin)

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start a command as a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "gp365", "-C", str(self.folder), *arguments],
            env={**os.environ, **environment},
            text=True,
            encoding="utf-8",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def ended(self, process: subprocess.Popen[str]) -> Answer:
        out, err = process.communicate(timeout=60)
        return self._searched(Answer(process.returncode, out, err))

    def _searched(self, answer: Answer) -> Answer:
        assert CANARY not in answer.out
        assert CANARY not in answer.err
        return answer


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()


@dataclass
class Site(Shell):
    """Running simulators with their folder, and a door by which people edit."""

    started: Simulators = field(kw_only=True)

    def project(self, path: Path, old: str = "", new: str = "", *, provisioned: bool = True) -> Shell:
        """Make another project folder on the same simulators, with one text of the settings replaced."""
        path.mkdir(parents=True)
        text = (self.folder / "gp365.toml").read_text("utf-8").partition("\n")[2]
        assert old in text
        text = text.replace(old, new, 1) if old else text
        for file in (*(f"secrets/{name}" for name in SECRETS), "ca.pem"):
            text = text.replace(f'"{file}"', f'"{(self.folder / file).as_posix()}"')
        (path / "gp365.toml").write_text(text, "utf-8")
        lookups = self.folder / "lookups"
        for table in lookups.iterdir() if provisioned and lookups.is_dir() else ():
            (path / "lookups").mkdir(exist_ok=True)
            (path / "lookups" / table.name).write_bytes(table.read_bytes())
        return Shell(path)

    def door(self, system: str, method: str, path: str, body: Any = None) -> Any:
        """Use the control door of a system."""
        told: Mapping[str, Any] = self.started.description
        request = urllib.request.Request(
            f"{told[system]['control']}{quote(path)}",
            None if body is None else json.dumps(body).encode(),
            method=method,
        )
        trust = ssl.create_default_context(cafile=str(told["ca_file"]))
        with urllib.request.urlopen(request, context=trust) as answer:
            return json.load(answer)

    def rows(self, system: str, table: str, key: str = "") -> list[dict[str, Any]]:
        return self.door(system, "GET", f"/rows/{table}" + (f"/{key}" if key else ""))["rows"]

    def row(self, system: str, table: str, key: str) -> dict[str, Any]:
        (found,) = self.rows(system, table, key)
        return found

    def put(self, system: str, table: str, key: str, **values: Any) -> None:
        self.door(system, "PUT", f"/rows/{table}/{key}", values)

    def requests(self, system: str, after: int) -> list[dict[str, Any]]:
        """Give the requests that a system has had since one of them."""
        told = self.door(system, "GET", "/requests")["requests"]
        return [one for one in told if one["n"] > after]

    def faults(self, system: str, *faults: Mapping[str, Any]) -> None:
        self.door(system, "POST", "/faults", list(faults))

    def reset(self) -> None:
        """Put the sample data back, unprovisioned, and everything in order again."""
        for system in ("gp", "dataverse"):
            self.door(system, "POST", "/reset")


@contextmanager
def make_site(folder: Path, extra: Sequence[str] = ()) -> Iterator[Site]:
    """Start simulators whose secrets are canaries, provision, and in the end search every file for them."""
    private = folder / "secrets"
    private.mkdir(parents=True)
    for name, secret in SECRETS.items():
        (private / name).write_text(secret, "utf-8")
    with simulators(folder, extra=extra) as started:
        site = Site(folder, started=started)
        assert site.json("provision", "apply").code == 0
        yield site
        search(folder)


def search(folder: Path) -> None:
    """Search every file below a folder for canaries, but for those that hold them by their nature."""
    for path in sorted(folder.rglob("*")):
        own = "secrets" in path.relative_to(folder).parts or path.name == "sim.json"
        if path.is_file() and not own:
            assert CANARY.encode() not in path.read_bytes(), f"a canary is in {path}"
