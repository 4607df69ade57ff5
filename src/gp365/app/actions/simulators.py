"""Starting and stopping the simulators of both systems: a child process that prepares a project folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gp365.model.errors import Bug, Misconfigured

READY = "sim.json"
PATIENCE_S = 60.0
_LOOK_S = 0.01
_END_S = 10.0


@dataclass(frozen=True, slots=True)
class Simulators:
    """Simulators that answer: their folder, their process, and what `sim.json` says (it holds the secrets)."""

    folder: Path
    pid: int
    description: Mapping[str, Any] = field(repr=False)
    process: subprocess.Popen[bytes] = field(repr=False)

    @property
    def urls(self) -> Mapping[str, str]:
        """Map each simulated system to its address."""
        return {
            name: str(self.description[name]["url"])
            for name in ("gp", "dataverse")
            if name in self.description
        }

    @property
    def alive(self) -> bool:
        """Tell whether the process is there."""
        return self.process.poll() is None

    def stop(self) -> None:
        """End the simulators and wait until they have gone."""
        if self.alive:
            self.process.terminate()
        try:
            self.process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def wait(self) -> int:
        """Wait until the simulators end by themselves, or until the caller is interrupted; return their exit code."""
        return self.process.wait()


def start_simulators(
    folder: Path,
    *,
    customers: int | None = None,
    accounts: int | None = None,
    overlap: int = 0,
    seed: int = 0,
    companies: int = 1,
    extra: Sequence[str] = (),
    stay: bool = False,
    patience_s: float = PATIENCE_S,
) -> Simulators:
    """Start both simulators in a folder and return when they answer.

    They end with this process, unless they shall stay. With numbers, data of that size are generated. `extra` are
    further options of `python -m gp365_sim`. Bug with their last words if they do not come up.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / READY).unlink(missing_ok=True)
    logs = folder / ".gp365" / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "gp365_sim", "--dir", str(folder), "--seed", str(seed)]
    for name, number in (("--customers", customers), ("--accounts", accounts)):
        command += [] if number is None else [name, str(number)]
    command += ["--overlap", str(overlap)] if overlap else []
    command += ["--companies", str(companies)] if companies > 1 else []
    command += [] if stay else ["--parent-pid", str(os.getpid())]
    log = logs / "simulators.log"
    with log.open("ab") as output:
        process = begin_process(
            [*command, *extra],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=stay,
        )
    return _ready(folder, process, log, patience_s)


begin_process: Callable[..., subprocess.Popen[bytes]] = subprocess.Popen
"""How the process is begun; whoever begins hundreds may put a faster way here."""


def _ready(folder: Path, process: subprocess.Popen[bytes], log: Path, patience_s: float) -> Simulators:
    until = time.monotonic() + patience_s
    while not (folder / READY).exists():
        if process.poll() is not None or time.monotonic() > until:
            process.kill()
            process.wait()
            last = " ".join(log.read_text("utf-8", "replace").split()[-40:])
            raise Bug("bug", f"The simulators did not come up: {last}", fix=f"Look into {log}.")
        time.sleep(_LOOK_S)
    description = json.loads((folder / READY).read_text("utf-8"))
    return Simulators(folder, process.pid, description, process)


@contextmanager
def simulators(folder: Path, **wishes: Any) -> Generator[Simulators]:
    """Run simulators while the block runs."""
    running = start_simulators(folder, **wishes)
    try:
        yield running
    finally:
        running.stop()


def running_simulators(folder: Path) -> Mapping[str, Any]:
    """Return what `sim.json` of a folder says; Misconfigured("settings-missing") where no simulators run."""
    try:
        return json.loads((folder / READY).read_text("utf-8"))
    except FileNotFoundError:
        raise Misconfigured(
            "settings-missing",
            f"No simulators run in {folder}.",
            fix="Start them with `gp365 sim --dir DIR`.",
        ) from None
