"""Fresh simulators for a measured run, and what they say of it: requests, refusals, execution time, processor time."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from gp365.app.actions.simulators import Simulators, simulators

GP, SALES = "gp", "dataverse"


@dataclass(frozen=True)
class Site:
    """Running simulators, and the project folder in front of them."""

    started: Simulators

    @property
    def folder(self) -> Path:
        """The project folder."""
        return self.started.folder

    def door(self, system: str, method: str, path: str, body: Any = None) -> Any:
        """Ask a control door."""
        told = self.started.description
        request = urllib.request.Request(
            told[system]["control"] + path, None if body is None else json.dumps(body).encode(), method=method
        )
        trust = ssl.create_default_context(cafile=str(told["ca_file"]))
        with urllib.request.urlopen(request, context=trust) as answer:
            return json.load(answer)

    def requests(self, after: int) -> list[dict[str, Any]]:
        """Give the requests to Dataverse's Web API since one; those for tokens are not among them."""
        asked = self.door(SALES, "GET", f"/requests?after={after}")["requests"]
        return [one for one in asked if one["path"].startswith("/api/data/")]

    def last(self) -> int:
        """Number the last request to Dataverse so far."""
        return int(self.door(SALES, "GET", "/requests?after=1000000000")["last"])

    def count(self, table: str) -> int:
        """Count the rows of a table of Dataverse."""
        return len(self.door(SALES, "GET", f"/rows/{table}")["rows"])

    def spent_s(self) -> float:
        """Give the execution time that Dataverse has counted so far."""
        return float(self.door(SALES, "GET", "/limits")["total"]["spent_s"])

    def cpu_s(self) -> float:
        """Give the simulators' processor time so far."""
        used = psutil.Process(self.started.pid).cpu_times()
        return float(used.user + used.system)

    def settings(self, old: str, new: str) -> None:
        """Change the settings."""
        path = self.folder / "gp365.toml"
        text = path.read_text("utf-8")
        if old not in text:
            raise ValueError(f"{old!r} is not in the settings")
        path.write_text(text.replace(old, new, 1), "utf-8")

    def append(self, settings: str) -> None:
        """Add a table to the settings."""
        with (self.folder / "gp365.toml").open("a", encoding="utf-8") as file:
            file.write(f"\n{settings}")

    def run(self, *arguments: str) -> Any:
        """Run a command of gp365 in a process of its own; return its document, with its `cpu_s` and exit `code`."""
        return in_child("gp365", "-C", str(self.folder), *arguments, "--json")


def in_child(*arguments: str) -> dict[str, Any]:
    """Run `python -m bench.load_child` and return its document with the processor time that it took."""
    command = [sys.executable, "-m", "bench.load_child", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    if not done.stdout.strip():
        raise RuntimeError(f"{arguments[0]} ended with {done.returncode}: {done.stderr[-2000:]}")
    return {**json.loads(done.stdout), **json.loads(done.stderr.strip().splitlines()[-1])}


@contextmanager
def fresh(extra: Sequence[str], customers: int, accounts: int = 0) -> Iterator[Site]:
    """Run provisioned simulators with so many customers of GP while the block runs."""
    with tempfile.TemporaryDirectory(prefix="gp365-bench-") as folder:
        patience_s = 120 + customers / 200
        with simulators(
            Path(folder) / "site", extra=extra, customers=customers, accounts=accounts, patience_s=patience_s
        ) as started:
            made = Site(started)
            provisioned = made.run("provision", "apply")
            if provisioned["code"]:
                raise RuntimeError(f"provisioning failed: {provisioned}")
            yield made
