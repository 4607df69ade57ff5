"""The service (`gp365 serve`, `gp365 worker`) as a process of its own in front of running simulators, with its door open.

It is started, killed and stopped as an operator would. Its address stays the same over restarts, as behind a proxy.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from e2e.e2e_site import SALES, Site
from gp365.store import hints, lease
from gp365.store.engine import Store
from gp365.store.figures import queues

CHILD = Path(__file__).with_name("served_child.py")
READY = "at work in"
PATIENCE_S = 180.0
DOOR = """
[doors.sales]
kind = "dataverse"
system = "sales"
secret = {{file = "secrets/door"}}
url = "http://127.0.0.1:{port}/hooks/sales"
"""


@dataclass
class Service:
    """A process of the service and what it was started with. `said` holds what it printed in all its lives."""

    folder: Path
    words: Sequence[str]
    name: str = "serve"
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0
    begun_at: int = 0
    peak_mb: float = 0.0
    extra: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def said(self) -> Path:
        return self.folder / f"{self.name}.out"

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def ready(self) -> bool:
        """Tell whether it has said that it is at work."""
        return READY in self.words_said()

    def begin(self, ahead_s: float = 0.0) -> None:
        """Start the process, so many seconds in the future; it is not waited for."""
        self.starts += 1
        with self.said.open("ab") as out:
            self.begun_at = out.tell()
            self.process = subprocess.Popen(
                [sys.executable, str(CHILD), "-C", str(self.folder), *self.words],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**os.environ, "SERVED_AHEAD_S": str(ahead_s), **self.extra},
            )

    def start(self, ahead_s: float = 0.0) -> None:
        """Start the process and wait until it is at work."""
        self.begin(ahead_s)
        until(lambda: self.ready or not self.alive, PATIENCE_S)
        assert self.alive, self.words_said()

    def words_said(self) -> str:
        """Give what it has printed in this life."""
        return self.said.read_bytes()[self.begun_at :].decode("utf-8", "replace")

    def kill(self) -> None:
        """Kill it (SIGKILL), with what it has started."""
        assert self.process is not None
        self._note_peak()
        below: list[psutil.Process] = []
        with contextlib.suppress(psutil.Error):
            below = psutil.Process(self.process.pid).children(recursive=True)
        self.process.kill()
        for one in below:
            with contextlib.suppress(psutil.Error):
                one.kill()
        self.process.wait()

    def stop(self) -> int:
        """Ask it to end, as an operating system does, and give its exit code."""
        assert self.process is not None
        self._note_peak()
        self.process.send_signal(getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM))
        return self.process.wait(90)

    # figures

    @property
    def rss_mb(self) -> float:
        assert self.process is not None
        return psutil.Process(self.process.pid).memory_info().rss / 2**20

    @property
    def cpu_s(self) -> float:
        """Give the processor time so far, its ended children's included."""
        assert self.process is not None
        used = psutil.Process(self.process.pid).cpu_times()
        return float(used.user + used.system + used.children_user + used.children_system)

    def _note_peak(self) -> None:
        self.peak_mb = max(self.peak_mb, self.peak_now_mb)

    @property
    def peak_now_mb(self) -> float:
        """Give the largest memory of the process that runs now; 0 where the system does not tell."""
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status")
        with contextlib.suppress(OSError, StopIteration):
            line = next(one for one in status.read_text().splitlines() if one.startswith("VmHWM:"))
            return int(line.split()[1]) / 1024
        return 0.0

    def health(self, path: str = "/health/live", timeout_s: float = 10.0) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=timeout_s) as answer:
            return answer.read()


def until(true: Callable[[], Any], timeout_s: float, every_s: float = 0.02) -> float:
    """Wait until something is true; how long that took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < timeout_s, "it did not come"
        time.sleep(every_s)
    return time.monotonic() - began


def free_port() -> int:
    """Find a port that is free now, outside the range from which systems draw ports of their own where one can tell."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def with_door(at: Site, service: str) -> int:
    """Give the settings a [service] table that listens, and a door for Dataverse; return the port."""
    port = free_port()
    (at.folder / "secrets" / "door").write_text(secrets.token_urlsafe(24), "utf-8")
    with (at.folder / "gp365.toml").open("a", encoding="utf-8") as out:
        out.write(f'\n[service]\nlisten = "127.0.0.1:{port}"\n{service}\n{DOOR.format(port=port)}')
    return port


def door_secret(at: Site) -> str:
    return (at.folder / "secrets" / "door").read_text("utf-8")


def register(at: Site) -> None:
    """Register the webhooks, as the documentation says."""
    assert at.run("webhooks", "register").code == 0


@contextmanager
def serve(
    at: Site, service: str = "", *, registered: bool = True, words: Sequence[str] = ("serve",)
) -> Iterator[Service]:
    """Run the service of a site for the block, with a door that Dataverse knows; `service` are lines of [service]."""
    port = with_door(at, service)
    if registered:
        register(at)
    made = Service(at.folder, words, port=port)
    try:
        made.start()
        yield made
    finally:
        if made.alive:
            made.kill()


# what the store says


def is_quiet(store: Store, ahead_s: float = 0.0) -> bool:
    """Tell whether nothing waits that could be worked now (so many seconds ahead): no hint, and no record that is due."""
    now = datetime.now(UTC) + timedelta(seconds=ahead_s)
    with store.read() as conn:
        return not hints.waiting(conn) and not any(one.due for one in queues(conn, now).values())


def delivered(at: Site, after: int = 0) -> list[dict[str, Any]]:
    """Give the deliveries of webhooks that Dataverse has made since one."""
    return at.door(SALES, "GET", f"/steps?after={after}")["deliveries"]


def is_led(store: Store) -> bool:
    """Tell whether a living service leads."""
    with store.read() as conn:
        return lease.is_alive(conn, "serve")
