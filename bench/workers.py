"""Three workers on three pairs beside one worker: how much sooner edits of people in Dynamics 365 stand in GP.

Each pair has a GP and a Dataverse of its own (simulators); all share one PostgreSQL store. Workers stand by, polls an hour
apart; people edit accounts of all pairs; then the settings are written again, which makes whoever leads look at everything.
The time counts from the first call of a record to a GP to the last one, by the simulators' clocks.

    python -m bench.workers --edits 60 --call 0.05
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlalchemy import select

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from bench.lanes import single_calls
from bench.load_site import GP, SALES, Site, fresh
from gp365.store import lease, tables
from gp365.store.engine import Store, open_store
from postgresql import new_schema, server

ASKED = 2.0
LANES = 2
_SPARE = 6
_FLOW = "flow: {name}\nguards: {{creates: {{count: 0, percent: 0}}, updates: {{count: 0, percent: 0}}}}\n"
_SERVICE = "\n[service]\npoll = {shortest_s = 3600.0, longest_s = 3600.0}\n"


@dataclass(frozen=True)
class Setting:
    """What is measured: pairs, edits of each, the length of a call to GP, and the spacing of its lanes."""

    pairs: int = 3
    edits: int = 60
    call_s: float = 0.05
    spacing_ms: int = 150
    patience_s: float = 900.0


@dataclass
class World:
    """The sites behind the pairs, the folder of the project that joins them, and its store."""

    sites: Sequence[Site]
    folder: Path
    store: Store
    setting: Setting
    round: int = 0


def workers(setting: Setting = Setting()) -> dict[str, Any]:
    """Measure one worker, then three, on the same pairs."""
    with _world(setting) as world:
        alone = _measured(world, ["one"])
        crew = _measured(world, ["one", "two", "three"])
        disorder = _out_of_order(world.store)
    ratio = crew["edits_per_s"] / alone["edits_per_s"]
    return {
        "pairs": setting.pairs,
        "edits_of_each": setting.edits,
        "call_s": setting.call_s,
        "spacing_ms": setting.spacing_ms,
        "one_worker": alone,
        "three_workers": crew,
        "ratio": round(ratio, 2),
        "limit": ASKED,
        "out_of_order": disorder,
        "holds": ratio >= ASKED and not disorder and not crew["breaches_of_lanes"],
    }


@contextmanager
def _world(setting: Setting) -> Iterator[World]:
    with ExitStack() as held:
        address = held.enter_context(server())
        customers = setting.edits + _SPARE
        sites = [
            held.enter_context(fresh(["--gp-call-seconds", str(setting.call_s)], customers))
            for _ in range(setting.pairs)
        ]
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="gp365-bench-")))
        url = new_schema(address)
        (folder / "gp365.toml").write_text(_settings(sites, url, setting.spacing_ms), "utf-8")
        (folder / "flows").mkdir()
        for name in ("customers", "customer_cards"):
            (folder / "flows" / f"{name}.yaml").write_text(_FLOW.format(name=name), "utf-8")
        shutil.copytree(sites[0].folder / "lookups", folder / "lookups")
        store = open_store(url)
        held.callback(store.close)
        for _ in range(2):
            done = subprocess.run(
                [sys.executable, "-m", "gp365", "-C", str(folder), "sync", "--json"],
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                raise RuntimeError(f"the first sync ended with {done.returncode}: {done.stdout[-2000:]}")
        yield World(sites, folder, store, setting)


def _settings(sites: Sequence[Site], url: str, spacing_ms: int) -> str:
    """Join the sites' settings: each system and pair gets the number of its site."""
    whole = ["schema = 1\n[store]\nurl = " + json.dumps(url.replace("postgresql+psycopg:", "postgresql:"))]
    for number, site in enumerate(sites, 1):
        text = (site.folder / "gp365.toml").read_text("utf-8")
        text = re.sub(r"(?m)^(#.*|schema = 1)$", "", text)
        text = re.sub(r"(?m)^spacing_ms = \d+", f"spacing_ms = {spacing_ms}", text)
        text = re.sub(r"\[systems\.(gp|sales)\b", rf"[systems.\g<1>{number}", text)
        text = text.replace("[pairs.fabrikam]", f"[pairs.p{number}]")
        text = text.replace('gp = "gp"', f'gp = "gp{number}"').replace(
            'sales = "sales"', f'sales = "sales{number}"'
        )
        text = re.sub(r'"(secrets/[^"]*|ca\.pem)"', rf'"{site.folder.as_posix()}/\1"', text)
        whole.append(text)
    return "\n".join([*whole, _SERVICE])


def _measured(world: World, slots: Sequence[str]) -> dict[str, Any]:
    world.round += 1
    processes = [_worker(world.folder, slot) for slot in slots]
    try:
        _until(lambda: _at_work(world.store, slots), world.setting.patience_s)
        _until(lambda: _resting(world.store), world.setting.patience_s)
        value = f"555555{world.round:04}"
        for site in world.sites:
            _edit(site, world.setting.edits, value, world.setting.spacing_ms / 1000)
        with (world.folder / "gp365.toml").open("a", encoding="utf-8") as file:
            file.write("# look\n")
        _until(lambda: _written(world, value), world.setting.patience_s)
        _until(lambda: _resting(world.store), world.setting.patience_s)
    finally:
        for one in processes:
            one.terminate()
        codes = [one.wait(60) for one in processes]
    first, last = _span(world)
    edits = len(world.sites) * world.setting.edits
    return {
        "workers": len(slots),
        "edits": edits,
        "seconds": round(last - first, 2),
        "edits_per_s": round(edits / (last - first), 2),
        "breaches_of_lanes": sum(_breaches(site) for site in world.sites),
        "exit_codes": codes,
    }


def _worker(folder: Path, slot: str) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "gp365", "-C", str(folder), "worker", "--slot", slot]
    return subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _at_work(store: Store, slots: Sequence[str]) -> bool:
    with store.read() as conn:
        held = {one.name for one in lease.held(conn, "")}
    return {"serve", *(f"worker/{slot}" for slot in slots)} <= held


def _resting(store: Store) -> bool:
    """Tell whether no pair is under way, now and a while later."""
    for _ in range(15):
        with store.read() as conn:
            if lease.held(conn, "pair/"):
                return False
        time.sleep(0.2)
    return True


def _edit(site: Site, edits: int, value: str, rest_s: float) -> None:
    rows = site.door(SALES, "GET", "/rows/gp365_customers")["rows"]
    for card in sorted(rows, key=lambda row: row["gp365_number"])[:edits]:
        site.door(SALES, "PUT", f"/rows/accounts/{card['_gp365_accountid_value']}", {"telephone1": value})
    site.door(GP, "POST", "/pacing", {"at_once": LANES, "rest_s": rest_s})
    site.door(GP, "DELETE", "/pacing")


def _breaches(site: Site) -> int:
    """Count calls to a GP that were too many at once, or came too soon after one another."""
    told = site.door(GP, "GET", "/pacing")
    return int(told["too_many"]) + int(told["too_soon"])


def _written(world: World, value: str) -> bool:
    for site in world.sites:
        rows = site.door(GP, "GET", "/rows/RM00102")["rows"]
        there = sum(str(row["PHONE1"]).startswith(value) for row in rows)
        if there < world.setting.edits:
            time.sleep(0.5)
            return False
    return True


def _span(world: World) -> tuple[float, float]:
    """Give the moments of the first and last call of a single record to any GP."""
    calls = [
        call
        for site in world.sites
        for call in single_calls(site.door(GP, "GET", "/pacing?calls=1")["calls"])
    ]
    return min(_moment(call["began"]) for call in calls), max(_moment(call["ended"]) for call in calls)


def _moment(told: Any) -> float:
    return datetime.fromisoformat(told).timestamp() if isinstance(told, str) else float(told)


def _out_of_order(store: Store) -> int:
    """Count the writes of a subject that began before the one before them had ended."""
    table = tables.intent
    wanted = select(
        table.c.pair, table.c.flow, table.c.subject, table.c.side, table.c.made_at, table.c.ended_at
    )
    with store.read() as conn:
        rows = conn.execute(wanted.order_by(*wanted.selected_columns[:5])).all()
    same = [(one, two) for one, two in pairwise(rows) if tuple(one[:4]) == tuple(two[:4])]
    return sum(one.ended_at is None or two.made_at < one.ended_at for one, two in same)


def _until(true: Callable[[], bool], patience_s: float) -> None:
    limit = time.monotonic() + patience_s
    while not true():
        if time.monotonic() > limit:
            raise TimeoutError("the workers did not come to an end")
        time.sleep(0.1)


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--edits", type=int, default=Setting.edits)
    parser.add_argument("--call", type=float, default=Setting.call_s, help="seconds of a call to GP")
    given = parser.parse_args()
    json.dump(workers(Setting(edits=given.edits, call_s=given.call)), sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
