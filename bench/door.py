"""The door for webhooks: requests a second and how late the answers come, each key durable before its answer.

The door runs in a process of its own over a SQLite store; the load comes from this one, on the same machine: requests in
the shape of Microsoft's sample, at a fixed rate over connections that are kept, and then as fast as the door answers.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from time import perf_counter, process_time, sleep
from typing import Any

from gp365.store import hints
from gp365.store.engine import open_store

CHILD = Path(__file__).resolve().parent.parent / "tests" / "web" / "door_child.py"
SAMPLE = CHILD.with_name("webhook_sample.json")
CODE = "code-of-the-door-of-the-benchmark"
LINES = 64
RATE_PER_S, P99_MS = 500, 50.0


@dataclass
class Load:
    """What was sent and how long each answer took, from the moment at which it was due."""

    answered: list[str] = field(default_factory=list[str])
    refused: int = 0
    seconds: list[float] = field(default_factory=list[float])


def door(seconds: float = 10.0) -> dict[str, Any]:
    """Send a fifth above the target's rate, then without a pause; compare what was answered with what is kept."""
    with tempfile.TemporaryDirectory(prefix="gp365-bench-") as folder:
        store = Path(folder) / "gp365.db"
        with _running(store, Path(folder) / "port") as (child, port):
            drive(port, 1.0, 200.0)  # the first requests of a process are slower
            steady, steady_s, own = drive(port, seconds, RATE_PER_S * 1.2)
            full, full_s, _ = drive(port, seconds / 2, 0.0)
            told = _end(child)
        lost = len({*steady.answered, *full.answered} - _kept(store))
    return {
        "sample_bytes": len(_request("0" * 8)),
        **figures(steady, steady_s),
        "without_pause_refused": full.refused,
        "without_pause_per_s": round(len(full.answered) / full_s),
        "without_pause_p99_ms": round(_share(full.seconds, 0.99) * 1000, 1),
        "cpu_of_the_door_ms_a_request": round(
            told[0] * 1000 / max(1, len(steady.answered) + len(full.answered)), 2
        ),
        "cpu_of_the_load_s": round(own, 2),
        "commits": int(told[1]),
        "answered_and_not_kept": lost,
        "holds": holds(steady, steady_s) and lost == 0,
    }


def figures(load: Load, seconds: float) -> dict[str, Any]:
    """Tell how many requests a second were answered at the fixed rate, and how late."""
    return {
        "seconds": round(seconds, 1),
        "sent_per_s": RATE_PER_S * 1.2,
        "answered_per_s": round(len(load.answered) / seconds),
        "p50_ms": round(_share(load.seconds, 0.5) * 1000, 1),
        "p99_ms": round(_share(load.seconds, 0.99) * 1000, 1),
        "most_ms": round(max(load.seconds, default=0.0) * 1000, 1),
        "refused": load.refused,
    }


def holds(load: Load, seconds: float) -> bool:
    """Tell whether the door held what is asked of it."""
    fast = len(load.answered) / seconds >= RATE_PER_S and _share(load.seconds, 0.99) * 1000 <= P99_MS
    return fast and load.refused == 0


@contextmanager
def _running(store: Path, port: Path) -> Generator[tuple[subprocess.Popen[str], int]]:
    child = subprocess.Popen(
        [sys.executable, str(CHILD), str(store), str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "DOOR_CODE": CODE},
    )
    try:
        while not port.exists():
            if child.poll() is not None:
                raise RuntimeError("The door did not start.")
            sleep(0.02)
        yield child, int(port.read_text())
    finally:
        child.kill()
        child.communicate()


def _end(child: subprocess.Popen[str]) -> tuple[float, float]:
    """End the door; return its processor time in seconds and how often it committed."""
    assert child.stdin is not None and child.stdout is not None
    child.stdin.write("\n")
    child.stdin.flush()
    cpu, commits = child.stdout.readline().split()
    child.wait(30)
    return float(cpu), float(commits)


def fresh_key() -> str:
    """Draw the first part of a record's id."""
    return os.urandom(4).hex()


def drive(
    port: int, seconds: float, per_s: float, draw: Callable[[], str] = fresh_key
) -> tuple[Load, float, float]:
    """Send so many requests a second (0: without a pause); give the load, its seconds, and our own processor time.

    Every connection sends its part: at fixed moments, or as soon as it was answered.
    """
    load, began, cpu = Load(), perf_counter(), process_time()
    asyncio.run(_drive(port, load, seconds, per_s, draw))
    return load, perf_counter() - began, process_time() - cpu


async def _drive(port: int, load: Load, seconds: float, per_s: float, draw: Callable[[], str]) -> None:
    begin = perf_counter()
    lines = (_line(port, load, number, begin, seconds, per_s, draw) for number in range(LINES))
    await asyncio.gather(*lines)


async def _line(
    port: int, load: Load, number: int, begin: float, seconds: float, per_s: float, draw: Callable[[], str]
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    pause = LINES / per_s if per_s else 0.0
    due = begin + pause * number / LINES
    while due < begin + seconds:
        if (wait := due - perf_counter()) > 0:
            await asyncio.sleep(wait)
        key = draw()
        writer.write(_request(key))
        status = (await reader.readuntil(b"\r\n\r\n"))[9:12]
        if status == b"200":
            load.answered.append(id_of(key))
        else:
            load.refused += 1
        load.seconds.append(perf_counter() - due)
        due = due + pause if pause else perf_counter()
    writer.close()


def id_of(key: str) -> str:
    """Give the id of a record from its first part."""
    return f"{key}-0000-4000-8000-000000000000"


@cache
def _template() -> bytes:
    body = {**json.loads(SAMPLE.read_text("utf-8"))["body"], "PrimaryEntityId": id_of("KEYKEYKE")}
    sent = json.dumps(body, separators=(",", ":")).replace("/", "\\/").encode()
    head = (
        f"POST /hooks/sales?code={CODE} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Content-Type: application/json; charset=utf-8\r\nContent-Length: {len(sent)}\r\n\r\n"
    )
    return head.encode() + sent


def _request(key: str) -> bytes:
    return _template().replace(b"KEYKEYKE", key.encode())


def _share(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0.0


def _kept(path: Path) -> set[str]:
    store = open_store(path)
    with store.read() as conn:
        found = {one.key for one in hints.take(conn, "sales", 10_000_000)}
    store.close()
    return found
