"""What `gp365 serve` costs while nobody changes anything: processor time, requests to both systems, memory.

Two sites stand side by side, each with a service of its own: one with default settings, one with a door, health and
webhooks besides. The time counts from the moment at which the first looks are over.

    python -m bench.idle --seconds 300
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from e2e.e2e_served import Service, register, with_door
from e2e.e2e_site import GP, SALES, Site, site

CUSTOMERS = 300
CPU_SHARE, REQUESTS_A_MINUTE = 0.03, 6.0
_STILL_S = 4.0


@dataclass(frozen=True)
class Standing:
    """A running service in front of a site in step."""

    at: Site
    service: Service


def idle(seconds: float = 300.0) -> dict[str, Any]:
    """Measure both services at the same time."""
    with ExitStack() as held:
        kinds = {"default_settings": False, "with_door_and_webhooks": True}
        all_ = {name: held.enter_context(_standing(door)) for name, door in kinds.items()}
        for one in all_.values():
            _rest(one)
        begun = {name: _begun(one) for name, one in all_.items()}
        time.sleep(seconds)
        found = {name: _told(one, begun[name]) for name, one in all_.items()}
    return {
        "customers": CUSTOMERS,
        **found,
        "limits": {"cpu_share": CPU_SHARE, "requests_a_minute": REQUESTS_A_MINUTE},
        "holds": found["default_settings"]["holds"],
    }


@contextmanager
def _standing(door: bool) -> Iterator[Standing]:
    with (
        tempfile.TemporaryDirectory(prefix="gp365-bench-") as folder,
        site(Path(folder) / "site", customers=CUSTOMERS, accounts=0) as at,
    ):
        for _ in range(2):
            assert at.in_child("sync").code == 0
        service = Service(at.folder, ("serve",), port=with_door(at, "") if door else 0)
        if door:
            register(at)
        service.start()
        try:
            yield Standing(at, service)
        finally:
            service.kill()


def _rest(one: Standing) -> None:
    """Wait until nothing was asked for some seconds: the first looks are over."""
    end, still, last = time.monotonic() + 120, time.monotonic(), -1
    while time.monotonic() - still < _STILL_S and time.monotonic() < end:
        asked = sum(_last(one, system) for system in (GP, SALES))
        if asked != last:
            still, last = time.monotonic(), asked
        time.sleep(0.2)


def _last(one: Standing, system: str) -> int:
    return int(one.at.door(system, "GET", "/requests?after=1000000000")["last"])


def _begun(one: Standing) -> dict[str, float]:
    one.at.mark()
    return {"at": time.monotonic(), "cpu_s": one.service.cpu_s, "rss_mb": one.service.rss_mb}


def _told(one: Standing, begun: dict[str, float]) -> dict[str, Any]:
    wall_s = time.monotonic() - begun["at"]
    cpu_s = one.service.cpu_s - begun["cpu_s"]
    asked = {system: one.at.requests(system) for system in (GP, SALES)}
    a_minute = {system: len(requests) * 60 / wall_s for system, requests in asked.items()}
    return {
        "seconds": round(wall_s, 1),
        "cpu_s": round(cpu_s, 2),
        "cpu_share": round(cpu_s / wall_s, 4),
        "requests_a_minute": {system: round(number, 2) for system, number in a_minute.items()},
        "requests": {system: _kinds(requests) for system, requests in asked.items()},
        "rss_mb": [round(begun["rss_mb"], 1), round(one.service.rss_mb, 1)],
        "holds": cpu_s / wall_s <= CPU_SHARE and max(a_minute.values()) <= REQUESTS_A_MINUTE,
    }


def _kinds(requests: list[dict[str, Any]]) -> dict[str, int]:
    """Count requests by method and the last part of their path; those that only open a login are told apart."""
    named = ((one["method"], one["path"].rpartition("/")[2], one["status"]) for one in requests)
    return dict(
        Counter(f"{method} {path}{' (login)' if status == 401 else ''}" for method, path, status in named)
    )


def main() -> int:
    """Measure for another time than five minutes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=300.0)
    print(json.dumps(idle(parser.parse_args().seconds), indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
