"""Kills of `gp365 serve` at random moments while Dynamics delivers webhooks: what the door had answered must not be lost.

Right after each kill, before anything is started again, every edit whose webhook was answered 200 must stand in GP, or its
record must be among the hints or in the queue. So a poll that finds the change by itself hides nothing.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock
from sqlalchemy import func, select

from e2e.e2e_served import Service, delivered, is_quiet, register, until, with_door
from e2e.e2e_site import GP, SALES
from gp365.model.values import key_of
from gp365.store import hints, tables
from gp365.store.engine import Store, open_store
from proof.crash_run import SETTLED_S, Figures, finish, sync_here
from proof.crash_world import CrashWorld, Snapshot, crash_world

SELDOM = """first_sync = "service"
poll = {shortest_s = 3600.0, longest_s = 3600.0}
call_patience_s = 2.0
backoff_s = 0.5
backoff_limit_s = 2.0
"""


@dataclass(frozen=True)
class Load:
    """Firms at the start, acts of people a second, the share of new firms among them, and how long a service lives."""

    firms: int = 60
    per_s: float = 40.0
    new: float = 0.1
    lives_s: tuple[float, float] = (0.0, 3.5)


@dataclass
class Acts:
    """What people do in Sales until they are told to stop. `given` are the values of each account in order."""

    world: CrashWorld
    load: Load
    given: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    tags: dict[str, str] = field(default_factory=dict[str, str])
    stopping: threading.Event = field(default_factory=threading.Event)
    failed: list[BaseException] = field(default_factory=list[BaseException])

    def known(self, seen: Snapshot) -> None:
        """Take the firms that there are."""
        for tag, held in seen.firms.items():
            self.tags[held.keys[SALES][0]] = tag
            self.given[held.keys[SALES][0]] = [held.values[SALES]["street"]]

    def act(self) -> None:
        """Go on until told to stop."""
        try:
            while not self.stopping.wait(self.world.random.expovariate(self.load.per_s)):
                self._one()
        except BaseException as error:  # noqa: BLE001  told in the thread that waits
            self.failed.append(error)

    def _one(self) -> None:
        world = self.world
        if world.random.random() < self.load.new:
            tag = world.new_firm((SALES,))
            key = f"00000000-0000-4000-8000-{int(tag[1:]):012d}"
            self.tags[key] = tag
            (street,) = world.live[tag, "street"]
            self.given[key] = [street]
            return
        key = world.random.choice(sorted(self.given))
        value = f"{next(world.serial)} {self.tags[key]} St"
        world.site.put(SALES, "accounts", key, address1_line1=value)
        world.live[self.tags[key], "street"] = {value}
        world.edits[SALES] += 1
        self.given[key].append(value)


@dataclass
class Served:
    """What was done and found beside the crash proof's figures."""

    figures: Figures = field(default_factory=Figures)
    edits: int = 0
    acknowledged: int = 0
    refused: int = 0
    stood: int = 0
    hinted: int = 0
    queued: int = 0
    unkept: list[str] = field(default_factory=list[str])
    left: dict[str, int] = field(default_factory=dict[str, int])
    last_round_s: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "figures"} | {
            "figures": self.figures.as_dict()
        }


def serve_kills(folder: Path, seed: int, kills: int, load: Load = Load()) -> Served:
    """Kill the service so many times, look each time at what is kept, let a last one end the work, and judge."""
    told, began = Served(), time.monotonic()
    with _world(folder, seed, load, told) as (world, service), _store(world) as store:
        acts = Acts(world, load)
        acts.known(world.look())
        while sum(told.figures.kills.values()) < kills and not told.unkept:
            _killed(world, service, acts, told)
            _look(world, acts, store, told, f"seed {seed}, kill {sum(told.figures.kills.values())}")
        _end(world, service, store, told)
        told.edits = sum(len(values) - 1 for values in acts.given.values())
        finish(world, told.figures, f"seed {seed}, after {kills} kills")
        told.figures.edits = world.edits
    told.figures.seconds = time.monotonic() - began
    return told


@contextmanager
def _world(folder: Path, seed: int, load: Load, told: Served) -> Iterator[tuple[CrashWorld, Service]]:
    with crash_world(folder, seed, page=20, firms=(load.firms, 0, 0)) as world:
        sync_here(world, told.figures)
        finish(world, told.figures, "first sync")
        service = Service(world.site.folder, ("serve",), port=with_door(world.site, SELDOM))
        register(world.site)
        world.site.door(SALES, "POST", "/steps", {"timeout_s": 5.0, "again_after_s": 0.1})
        try:
            yield world, service
        finally:
            if service.alive:
                service.kill()


@contextmanager
def _store(world: CrashWorld) -> Iterator[Store]:
    with closing(open_store(world.site.folder / ".gp365" / "gp365.db")) as store:
        yield store


def _killed(world: CrashWorld, service: Service, acts: Acts, told: Served) -> None:
    """Let people work while a service lives for a while that nobody knows before; half of them die before they are ready."""
    acts.stopping.clear()
    people = threading.Thread(target=acts.act)
    young = world.random.random() < 0.25
    if young:
        service.begin()
    else:
        service.start()
    people.start()
    time.sleep(world.random.uniform(*acts.load.lives_s))
    service.kill()
    acts.stopping.set()
    people.join()
    if acts.failed:
        raise acts.failed[0]
    told.figures.kills["starting" if young else "at work"] += 1
    until(lambda: world.site.door(SALES, "GET", "/steps")["under_way"] == 0, 60)


def _look(world: CrashWorld, acts: Acts, store: Store, told: Served, where: str) -> None:
    """Look for every acknowledged edit: in GP, among the hints, in the queue."""
    acknowledged = _acknowledged(world)
    told.acknowledged = sum(map(len, acknowledged.values()))
    told.refused = int(world.site.door(SALES, "GET", "/steps")["counts"].get("failed", 0))
    streets = {tag: held.values[GP].get("street", "") for tag, held in world.look().firms.items()}
    hinted, queued = _waiting(store)
    for key, places in acknowledged.items():
        last = acts.given[key][max(places) :]
        if streets.get(acts.tags[key], "") in last:
            told.stood += 1
        elif key in hinted:
            told.hinted += 1
        elif key in queued:
            told.queued += 1
        else:
            tag = acts.tags[key]
            told.unkept.append(f"{where}: {tag} ({key}) was given {last}, GP has {streets.get(tag)!r}")


def _acknowledged(world: CrashWorld) -> dict[str, set[int]]:
    """Number the edits of each account whose webhook was answered 200: the n-th event of an account is its n-th edit.

    A firm that people entered begins with its creation, which is the value 0; others with the edit after what was there.
    """
    events: dict[str, list[str]] = {}
    found: dict[str, set[int]] = {}
    made: set[str] = set()
    for one in delivered(world.site):
        if one["table"] != "account" or one["tag"]:
            continue
        key, order = one["id"], events.setdefault(one["id"], [])
        if one["operation"] not in order:
            order.append(one["operation"])
        if one["message"] == "Create":
            made.add(key)
        if one["outcome"] == "succeeded":
            found.setdefault(key, set()).add(order.index(one["operation"]) + (0 if key in made else 1))
    return found


def _waiting(store: Store) -> tuple[set[str], set[str]]:
    """Give the accounts that are hinted at, and those in the queue of customers or in an open write."""
    with store.read() as conn:
        hinted = {
            str(key_of(one.key)[0]) for one in hints.take(conn, "sales", 100_000) if one.table == "account"
        }
        rows = conn.execute(select(tables.work.c.key).where(tables.work.c.side == "sales"))
        queued = {str(key_of(key)[0]) for key in rows.scalars()}
    return hinted, queued


def _end(world: CrashWorld, service: Service, store: Store, told: Served) -> None:
    """Start it once more an hour later, when nothing can come late any more; it must end all by itself and leave no lock."""
    world.later(SETTLED_S)
    began = time.monotonic()
    service.start(world.ahead_s)
    until(lambda: is_quiet(store, world.ahead_s), 120, 0.1)
    until(lambda: _agree(world), 60, 0.2)
    told.last_round_s = round(time.monotonic() - began, 1)
    assert service.stop() == 0, service.words_said()
    told.left = _locks(store)
    with FileLock(world.site.folder / ".gp365" / "lock", timeout=0):
        pass


def _agree(world: CrashWorld) -> bool:
    firms = world.look().firms.values()
    return all(one.values[GP].get("street") == one.values[SALES].get("street") for one in firms)


def _locks(store: Store) -> dict[str, int]:
    """Count what somebody still holds: claims, claimed queue rows, leases, lanes, open writes."""
    work, held = tables.work, tables.lease
    queries = {
        "claims": select(func.count()).select_from(tables.subject_claim),
        "claimed": select(func.count()).select_from(work).where(work.c.lease.is_not(None)),
        "leases": select(func.count()).select_from(held).where(held.c.number != 0),
        "intents": select(func.count()).select_from(tables.intent).where(tables.intent.c.state == "open"),
    }
    with store.read() as conn:
        found = Counter({name: int(conn.execute(query).scalar_one()) for name, query in queries.items()})
    return dict(found)
