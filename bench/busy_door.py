"""The door of a service that syncs: requests a second and how late the answers come while rounds run one after the other.

Requests in the shape of Microsoft's sample name accounts that there are, so that every one of them is work for the service;
beside them people edit accounts, and the poll is as short as the settings allow. Everything runs on this machine: the
load, the service, and both simulators.
"""

from __future__ import annotations

import random
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from sqlalchemy import func, select

from bench.door import CODE, P99_MS, RATE_PER_S, drive, figures, holds, id_of
from e2e.e2e_served import Service, with_door
from e2e.e2e_site import SALES, Site, site
from gp365.store import tables
from gp365.store.engine import open_store

ACCOUNTS = 200
EDITS_PER_S = 5.0
FLOW = "flow: {name}\nguards: {{creates: {{count: 0, percent: 0}}, updates: {{count: 0, percent: 0}}}}\n"


def busy_door(seconds: float = 20.0) -> dict[str, Any]:
    """Send a fifth above the target's rate while the service syncs what people edit."""
    with _serving() as (at, service):
        keys = [f"{number:08x}" for number in range(ACCOUNTS)]
        chance = random.Random(365)
        drive(service.port, 1.0, 200.0, lambda: chance.choice(keys))
        cpu, since = service.cpu_s, datetime.now(UTC)
        with _editing(at, keys) as edits:
            load, took_s, own_s = drive(service.port, seconds, RATE_PER_S * 1.2, lambda: chance.choice(keys))
        return {
            **figures(load, took_s),
            "limits": {"requests_per_s": RATE_PER_S, "p99_ms": P99_MS},
            "edits": len(edits),
            "runs_meanwhile": _runs(at, since),
            "cpu_of_the_service": round((service.cpu_s - cpu) / took_s, 2),
            "cpu_of_the_load": round(own_s / took_s, 2),
            "peak_rss_mb": round(service.peak_now_mb, 1),
            "holds": holds(load, took_s),
        }


@contextmanager
def _serving() -> Iterator[tuple[Site, Service]]:
    """Run a service in front of accounts that are in step, with the polls as short as they can be."""
    with (
        tempfile.TemporaryDirectory(prefix="gp365-bench-") as folder,
        site(Path(folder) / "site", customers=0, accounts=0) as at,
    ):
        (at.folder / "flows").mkdir(exist_ok=True)
        for name in ("customers", "customer_cards"):
            (at.folder / "flows" / f"{name}.yaml").write_text(FLOW.format(name=name), "utf-8")
        for number in range(ACCOUNTS):
            at.put(SALES, "accounts", id_of(f"{number:08x}"), **_account(number))
        for _ in range(2):
            assert at.in_child("sync").code in (0, 1)
        port = with_door(at, "poll = {shortest_s = 1.0, longest_s = 1.0}")
        (at.folder / "secrets" / "door").write_text(CODE, "utf-8")
        service = Service(at.folder, ("serve",), port=port)
        service.start()
        try:
            yield at, service
        finally:
            service.kill()


def _account(number: int) -> dict[str, Any]:
    words = random.Random(number)
    name = "".join(words.choice("bdfgklmnprstvz") + words.choice("aeiou") for _ in range(5)).capitalize()
    return {
        "name": f"{name} {number}",
        "customertypecode": 3,
        "address1_line1": f"{number} {name} Street",
        "address1_city": "Chicago",
        "address1_stateorprovince": "IL",
        "address1_postalcode": f"{60000 + number}",
        "address1_country": "USA",
    }


@contextmanager
def _editing(at: Site, keys: list[str]) -> Iterator[list[str]]:
    """Let people edit accounts beside the block."""
    ended, done, chance = threading.Event(), list[str](), random.Random(1)

    def edit() -> None:
        while not ended.wait(1 / EDITS_PER_S):
            key = chance.choice(keys)
            at.put(SALES, "accounts", id_of(key), address1_line1=f"{len(done)} Edited Street")
            done.append(key)

    people = threading.Thread(target=edit)
    people.start()
    try:
        yield done
    finally:
        ended.set()
        people.join()


def _runs(at: Site, since: datetime) -> int:
    with closing(open_store(at.folder / ".gp365" / "gp365.db")) as store, store.read() as conn:
        query = select(func.count()).select_from(tables.run).where(tables.run.c.begun_at >= since)
        return int(conn.execute(query).scalar_one())
