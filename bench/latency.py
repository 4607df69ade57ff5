"""How late a change is on the other side while the service runs: by webhook beside a bulk run, and by the poll.

Sales to GP: people edit accounts in the simulated Dataverse at half the rate that GP's lanes, their spacing and the time of
a call allow, and Dataverse's webhooks reach `gp365 serve`, a process of its own, while a bulk run of other edits shares the
lanes. The time counts from the moment at which the edit was sent to the end of the call that wrote it, by GP's own clock.
GP to Sales: people edit addresses in GP, whose REST service tells nobody; the time counts until the account was changed.

    python -m bench.latency --seconds 120 --bulk 2000 --call 0.1
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from bench.lanes import single_calls
from e2e.e2e_served import Service, delivered, register, until, with_door
from e2e.e2e_site import GP, SALES, Site, site

FLOW = "flow: {name}\nguards: {{creates: {{count: 0, percent: 0}}, updates: {{count: 0, percent: 0}}}}\n"
POLL_S = 10.0
SPARE = 60
_OF = re.compile(r"Sales/Customer(?:Addresse)?s\(([^;)]+)")
_TRIAL = 20


@dataclass(frozen=True)
class Setting:
    """What is measured: GP's lanes, spacing and call time, the bulk run, the share of the capacity, and for how long."""

    lanes: int = 2
    spacing_s: float = 0.15
    call_s: float = 0.1
    bulk: int = 2_000
    share: float = 0.5
    seconds: float = 120.0
    polls: int = 12
    seed: int = 365


@dataclass
class Edit:
    """An edit of an account: when it was sent and answered, by the machine's steady clock, and the value."""

    account: str
    number: str
    sent: float
    answered: float
    value: str


@dataclass
class World:
    """A site in step, its customers by account, and how the wall clock stands to the steady one."""

    at: Site
    setting: Setting
    numbers: dict[str, str]
    wall: float = field(default_factory=lambda: time.time() - time.monotonic())

    def steady(self, moment: str) -> float:
        return datetime.fromisoformat(moment).timestamp() - self.wall


def latency(setting: Setting = Setting()) -> dict[str, Any]:
    """Measure both ways, one after the other, on one pair of simulators."""
    with _in_step(setting) as world:
        capacity = _capacity(world)
        service = Service(world.at.folder, ("serve",), port=with_door(world.at, _polls()))
        register(world.at)
        by_poll = _by_poll(world, service)
        by_webhook = _by_webhook(world, service, capacity)
    return {
        "lanes": setting.lanes,
        "spacing_ms": setting.spacing_s * 1000,
        "call_s": setting.call_s,
        "capacity": capacity,
        "sales_to_gp": by_webhook,
        "gp_to_sales": by_poll,
        "holds": by_webhook["holds"] and by_poll["holds"],
    }


def _polls() -> str:
    return f"poll = {{shortest_s = {POLL_S}, longest_s = {POLL_S}}}"


@contextmanager
def _in_step(setting: Setting) -> Iterator[World]:
    rate = setting.share * setting.lanes / (setting.call_s + setting.spacing_s)
    customers = setting.bulk + ceil(rate * setting.seconds) + setting.polls + _TRIAL + SPARE
    extra = ["--gp-call-seconds", str(setting.call_s)]
    with (
        tempfile.TemporaryDirectory(prefix="gp365-bench-") as folder,
        site(
            Path(folder) / "site",
            extra=extra,
            customers=customers,
            accounts=0,
            patience_s=60 + customers / 100,
        ) as at,
    ):
        (at.folder / "flows").mkdir(exist_ok=True)
        for name in ("customers", "customer_cards"):
            (at.folder / "flows" / f"{name}.yaml").write_text(FLOW.format(name=name), "utf-8")
        at.settings("lanes = 2", f"lanes = {setting.lanes}")
        at.settings("spacing_ms = 0", f"spacing_ms = {round(setting.spacing_s * 1000)}")
        for _ in range(2):
            assert at.in_child("sync").code == 0
        cards = at.rows(SALES, "gp365_customers")
        yield World(at, setting, {row["_gp365_accountid_value"]: row["gp365_number"] for row in cards})


def _capacity(world: World) -> dict[str, Any]:
    """Count the calls of an update, and how long each takes, in a sync of a few edits that has the lanes for itself."""
    setting = world.setting
    for account in sorted(world.numbers)[-_TRIAL:]:
        _edit(world, account, "Trial")
    world.at.door(GP, "DELETE", "/pacing")
    ran = world.at.in_child("sync")
    calls = single_calls(world.at.door(GP, "GET", "/pacing?calls=1")["calls"])
    mean_s = sum(call["ended"] - call["began"] for call in calls) / len(calls)
    calls_per_s = setting.lanes / (mean_s + setting.spacing_s)
    each = len(calls) / ran.total("updated")
    return {
        "mean_call_s": round(mean_s, 4),
        "calls_per_update": round(each, 2),
        "calls_per_s": round(calls_per_s, 2),
        "updates_per_s": round(calls_per_s / each, 3),
        "computed": "lanes / (mean call + spacing) / calls of an update in a sync of its own",
    }


def _edit(world: World, account: str, words: str) -> Edit:
    value = f"{random.Random(account + words).randint(1, 99_999)} {words} Street"
    sent = time.monotonic()
    world.at.put(SALES, "accounts", account, address1_line1=value)
    return Edit(account, world.numbers[account], sent, time.monotonic(), value)


# Sales to GP


def _by_webhook(world: World, service: Service, capacity: dict[str, Any]) -> dict[str, Any]:
    setting, at = world.setting, world.at
    accounts = sorted(world.numbers)
    at.door(SALES, "POST", "/steps", {"dropped": True})  # the bulk run is what a poll finds
    for account in accounts[: setting.bulk]:
        _edit(world, account, "Bulk")
    at.door(SALES, "DELETE", "/steps")
    at.door(GP, "POST", "/pacing", {"at_once": setting.lanes, "rest_s": setting.spacing_s})
    at.door(GP, "DELETE", "/pacing")
    mark = at.door(SALES, "GET", "/steps")["counts"].get("deliveries", 0)
    service.start()
    try:
        until(lambda: len(_writes(world)) >= 10, 120, 0.5)
        cpu, began = service.cpu_s, time.monotonic()
        edits = _edit_along(world, accounts[setting.bulk :], setting.share * capacity["updates_per_s"])
        worked_s = time.monotonic() - began
        missing = _await(world, edits)
        told = _timed(world, edits, mark) | {
            "seconds": round(worked_s, 1),
            "edits": len(edits),
            "edits_per_s": round(len(edits) / worked_s, 2),
            "asked_share_of_capacity": setting.share,
            "not_in_gp_in_the_end": missing,
            "peak_rss_mb": round(service.peak_now_mb, 1),
            "cpu_share": round((service.cpu_s - cpu) / (time.monotonic() - began), 3),
        }
    finally:
        service.kill()
    # A record that a webhook names is read by key before it is planned; in a sync it stands in the list that was read.
    told["share_of_what_edits_by_webhook_leave_possible"] = round(
        told["edits_per_s"] * told["calls_per_edit"] / capacity["calls_per_s"], 2
    )
    told["limit_s"] = round(2 + setting.call_s, 2)
    told["holds"] = not missing and told["p95_s"] <= told["limit_s"] and not told["breaches"]
    return told


def _edit_along(world: World, accounts: list[str], per_s: float) -> list[Edit]:
    """Edit one account after the other, at moments that nobody knows before, so many a second on the whole."""
    chance, found = random.Random(world.setting.seed), list[Edit]()
    due = time.monotonic()
    end = due + world.setting.seconds
    for account in accounts:
        due += chance.expovariate(per_s)
        if due >= end:
            break
        time.sleep(max(0.0, due - time.monotonic()))
        found.append(_edit(world, account, "Hint"))
    return found


def _await(world: World, edits: list[Edit], patience_s: float = 90.0) -> int:
    """Wait until every value stands in GP; return how many never came."""

    def missing() -> int:
        streets = {row["CUSTNMBR"].strip(): set[str]() for row in world.at.rows(GP, "RM00102")}
        for row in world.at.rows(GP, "RM00102"):
            streets[row["CUSTNMBR"].strip()].add(row["ADDRESS1"].strip())
        return sum(edit.value not in streets[edit.number] for edit in edits)

    end = time.monotonic() + patience_s
    while (left := missing()) and time.monotonic() < end:
        time.sleep(2)
    return left


def _writes(world: World) -> dict[str, list[dict[str, Any]]]:
    """Give the calls that wrote a customer or one of its addresses, by number, in order."""
    found: dict[str, list[dict[str, Any]]] = {}
    for call in world.at.door(GP, "GET", "/pacing?calls=1")["calls"]:
        named = _OF.search(call["path"])
        if named and call["method"] in ("PATCH", "POST", "PUT") and 200 <= call["status"] < 300:
            found.setdefault(named[1], []).append(call)
    return found


def _timed(world: World, edits: list[Edit], mark: int) -> dict[str, Any]:
    """Tell how late edits were in GP, and where the time went."""
    told = world.at.door(GP, "GET", "/pacing?calls=1")
    calls = [(named[1], call) for call in told["calls"] if (named := _OF.search(call["path"]))]
    writes = _writes(world)
    events = {one["id"]: one for one in delivered(world.at, mark) if one["message"] == "Update"}
    parts: dict[str, list[float]] = {name: [] for name in ("whole", "told", "taken_up", "worked")}
    per_edit = list[int]()
    for edit in edits:
        done = next((call for call in writes.get(edit.number, []) if call["began"] > edit.sent), None)
        if done is None:
            continue
        parts["whole"].append(done["ended"] - edit.sent)
        mine = [call for number, call in calls if number == edit.number and call["began"] > edit.sent]
        per_edit.append(len(mine))
        event = events.get(edit.account)
        if event is not None and event["ended"]:
            acknowledged = world.steady(event["ended"])
            first = min(call["began"] for call in mine)
            parts["told"].append(acknowledged - edit.sent)
            parts["taken_up"].append(first - acknowledged)
            parts["worked"].append(done["ended"] - first)
    edited = {edit.number for edit in edits}
    return {
        **{f"p{share:g}_s": _share(parts["whole"], share) for share in (50, 95, 99)},
        "most_s": _share(parts["whole"], 100),
        "where": {name: [_share(parts[name], p) for p in (50, 95, 99)] for name in parts if name != "whole"},
        "calls_per_edit": round(sum(per_edit) / max(1, len(per_edit)), 2),
        "bulk_records_written": len(set(writes) - edited),
        "most_at_once": told["most_at_once"],
        "shortest_rest_ms": round((told["shortest_rest_s"] or 0) * 1000, 1),
        "breaches": told["too_many"] + told["too_soon"],
    }


# GP to Sales


def _by_poll(world: World, service: Service) -> dict[str, Any]:
    """Edit addresses in GP at moments that nobody knows before, each when the one before has arrived."""
    chance = random.Random(world.setting.seed)
    accounts = sorted(world.numbers)[-(_TRIAL + world.setting.polls) : -_TRIAL]
    took: list[float] = []
    service.start()
    try:
        time.sleep(POLL_S)
        for account in accounts:
            time.sleep(chance.uniform(0, POLL_S))
            took.append(_edit_in_gp(world, account))
    finally:
        assert service.stop() == 0, service.words_said()
    limit_s = POLL_S * 1.1 + 2  # the service spreads its interval by a tenth
    return {
        "must_be_set": f"[service] {_polls()}",
        "edits": len(took),
        "p50_s": _share(took, 50),
        "most_s": _share(took, 100),
        "limit_s": limit_s,
        "holds": max(took) <= limit_s,
    }


def _edit_in_gp(world: World, account: str) -> float:
    number, value = world.numbers[account], f"{random.Random(account).randint(1, 99_999)} Polled Road"
    code = world.at.row(GP, "RM00101", number)["ADRSCODE"].strip()
    sent = time.monotonic()
    world.at.put(GP, "RM00102", f"{number};{code}", ADDRESS1=value)
    until(lambda: world.at.row(SALES, "accounts", account)["address1_line1"] == value, 10 * POLL_S, 0.05)
    return time.monotonic() - sent


def _share(values: list[float], percent: float) -> float:
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))], 2) if ordered else 0.0


def main() -> int:
    """Measure with other settings than `python -m bench latency` does."""
    parser = argparse.ArgumentParser(description=__doc__)
    usual = Setting()
    for name in ("seconds", "bulk", "polls", "lanes", "seed", "share"):
        value = getattr(usual, name)
        parser.add_argument(f"--{name}", type=type(value), default=value)
    parser.add_argument("--call", type=float, default=usual.call_s, help="seconds of a call of GP")
    given = vars(parser.parse_args())
    print(json.dumps(latency(Setting(call_s=given.pop("call"), **given)), indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
