"""A soak: the service runs for long while people edit, everything goes wrong in turn, and processes are killed.

On SQLite it is `gp365 serve`, which is killed and restarted in the first third, also into a later time; on PostgreSQL it
is a leader and two workers, of which two are killed. In the last two thirds nothing is restarted: then memory is measured.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from e2e.e2e_served import Service, is_quiet, register, until, with_door
from e2e.e2e_site import GP, SALES
from gp365.app.project import open_project
from gp365.store import tables
from gp365.store.engine import Store
from proof.crash_run import SETTLED_S, Figures, finish, sync_here
from proof.crash_world import CrashWorld, crash_world
from proof.soak_people import SoakPeople

LONGEST_S = 4.0
SETTINGS = f"""first_sync = "service"
poll = {{shortest_s = 1.0, longest_s = {LONGEST_S}}}
call_patience_s = 3.0
backoff_s = 0.5
backoff_limit_s = 4.0
"""
PAUSE_S = 0.3
DECIDE_S = 10.0


@dataclass(frozen=True)
class Course:
    """How long, over which store (an address of PostgreSQL, or "" for SQLite), how many firms, and what goes wrong."""

    seconds: float
    store: str = ""
    firms: tuple[int, int, int] = (40, 40, 20)
    most_firms: int = 250
    edits: int = 4
    trouble_every_s: float = 6.0


@dataclass
class Soaked:
    """What was done and found. `memory_mb` is by process and minute, of the last two thirds."""

    figures: Figures = field(default_factory=Figures)
    acts: int = 0
    stood_still: int = 0
    decided: int = 0
    troubles: Counter[str] = field(default_factory=Counter[str])
    kills: Counter[str] = field(default_factory=Counter[str])
    runs: dict[str, int] = field(default_factory=dict[str, int])
    memory_mb: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    growth: dict[str, float] = field(default_factory=dict[str, float])
    codes: dict[str, int] = field(default_factory=dict[str, int])
    end_s: float = 0.0
    lost: list[str] = field(default_factory=list[str])

    def as_dict(self) -> dict[str, Any]:
        told = {name: value for name, value in vars(self).items() if name != "figures"}
        counted = {"troubles": dict(self.troubles), "kills": dict(self.kills)}
        return told | counted | {"judged": self.figures.as_dict()}


class Soak:
    """A soak under way: its world, its processes, and the troubles that are on."""

    def __init__(self, world: CrashWorld, course: Course, services: list[Service]) -> None:
        self.world, self.course, self.services = world, course, services
        self.people = SoakPeople(world, course.most_firms)
        self.told = Soaked()
        self.began = time.monotonic()
        self._calm_at: float | None = None
        self._ending = ""
        self._samples: dict[str, list[tuple[float, float]]] = {one.name: [] for one in services}

    @property
    def passed(self) -> float:
        return (time.monotonic() - self.began) / self.course.seconds

    def run(self) -> None:
        """Go on for the time of the course; kills and restarts at fixed shares of its first third."""
        moments = [share * self.world.random.uniform(0.8, 1.0) for share in (0.1, 0.2, 0.3)]
        trouble_at = decide_at = 0.0
        while (now := time.monotonic() - self.began) < self.course.seconds:
            seen = self.people.turn(self.course.edits)
            if moments and self.passed > moments[0]:
                moments.pop(0)
                self._restart()
            if now > trouble_at and self._calm_at is None:
                trouble_at = now + self.world.random.uniform(0.5, 1.5) * self.course.trouble_every_s
                self._trouble()
            if self._calm_at is not None and time.monotonic() > self._calm_at:
                self._calm()
            if now > decide_at:
                decide_at = now + DECIDE_S
                self.people.decide(seen)
            self._sample(now)
            self._check_alive()
            time.sleep(PAUSE_S)
        self._calm()

    # what goes wrong

    def _trouble(self) -> None:
        world, seconds = self.world, self.world.random.uniform(1.0, 4.0)
        kind = world.random.choice(("faults", "faults", "gp down", "sales down", "secret", "password"))
        self.told.troubles[kind] += 1
        if kind == "faults":
            world.disturb(6)
            return
        self._ending, self._calm_at = kind, time.monotonic() + seconds
        always = {"nth": 1, "times": 0}
        if kind == "gp down":
            world.site.faults(GP, {"path": ".*", "do": "reset", **always})
        elif kind == "sales down":
            world.site.faults(SALES, {"path": "/api/data/", "do": "503", **always})
        elif kind == "password":
            world.site.faults(GP, {"path": ".*", "do": "401", **always})
        else:
            world.site.door(SALES, "POST", "/token", {"mode": "expired_secret", "revoke": True})

    def _calm(self) -> None:
        """End what goes on; who was refused is let in again after its secret was renewed."""
        self.world.calm()
        self.world.site.door(SALES, "POST", "/token", {"mode": "normal"})
        if self._ending in ("secret", "password"):
            with (self.world.site.folder / "gp365.toml").open("a", encoding="utf-8") as out:
                out.write(f"# the {self._ending} was renewed\n")
        self._ending, self._calm_at = "", None

    def _restart(self) -> None:
        """Kill a process, or stop it, and start it again; a single service also into a later time."""
        one = self.world.random.choice(self.services)
        if len(self.services) == 1 and one.ready and self.world.random.random() < 0.4:
            assert one.stop() == 0, one.words_said()
            self.told.kills[f"{one.name} stopped"] += 1
        else:
            one.kill()
            self.told.kills[one.name] += 1
        if len(self.services) == 1:
            self.world.later(self.world.random.choice((0.0, 60.0, SETTLED_S)))
        one.begin(self.world.ahead_s)

    def _check_alive(self) -> None:
        for one in self.services:
            assert one.alive, one.words_said()[-4000:]

    # memory

    def _sample(self, now: float) -> None:
        for one in self.services:
            self._samples[one.name].append((now, one.rss_mb))

    def weigh(self) -> None:
        """Note the memory of each minute, and how much larger it is in the last third than in the second."""
        third = self.course.seconds / 3
        step_s = min(60.0, third / 4)
        for name, samples in self._samples.items():
            parts = [[mb for at, mb in samples if n * third <= at < (n + 1) * third] for n in (1, 2)]
            steps = {int(at / step_s): mb for at, mb in samples}
            self.told.memory_mb[name] = [round(mb, 1) for _, mb in sorted(steps.items())]
            self.told.growth[name] = round(max(parts[1]) / max(parts[0]), 3) if all(parts) else 0.0


def soak(folder: Path, seed: int, course: Course) -> Soaked:
    """Run a soak, let the service bring everything to rest, and judge both systems and the store."""
    began = time.monotonic()
    with (
        crash_world(folder, seed, page=20, firms=course.firms) as world,
        _services(world, course) as services,
    ):
        sync_here(world, Figures())  # people begin with firms that are linked
        for one in services:
            one.start()
        at = Soak(world, course, services)
        at.run()
        at.weigh()
        _end(at)
        _judge(at, f"seed {seed}")
        at.told.figures.edits, at.told.figures.faults = world.edits, world.faults
    at.told.figures.seconds = time.monotonic() - began
    return at.told


@contextmanager
def _services(world: CrashWorld, course: Course) -> Iterator[list[Service]]:
    port = with_door(world.site, SETTINGS)
    folder = world.site.folder
    if course.store:
        with (folder / "gp365.toml").open("a", encoding="utf-8") as out:
            out.write(f'\n[store]\nurl = "{course.store}"\n')
    register(world.site)
    world.site.door(SALES, "POST", "/steps", {"timeout_s": 5.0, "again_after_s": 0.1})
    made = [Service(folder, ("serve",), port=port)]
    if course.store:
        made += [Service(folder, ("worker", "--slot", slot), slot) for slot in ("a", "b")]
    try:
        yield made
    finally:
        for one in made:
            if one.alive:
                one.kill()


def _end(at: Soak) -> None:
    """Let it come to rest, stop everything, and let one service end what had to wait for late replies."""
    world, service, began = at.world, at.services[0], time.monotonic()
    with _store(world) as store:
        at.people.decide(world.look())
        _await_rest(at, store, 90 if at.course.store else 30)
        for one in at.services:
            assert one.stop() == 0, one.words_said()
        if at.course.store:  # workers refuse a clock that is not the database's: a command ends what waits
            return
        world.later(SETTLED_S)
        service.start(world.ahead_s)
        until(lambda: is_quiet(store, world.ahead_s), 120, 0.3)
        at.people.decide(world.look())
        _await_rest(at, store, 60)
        assert service.stop() == 0, service.words_said()
    at.told.end_s = round(time.monotonic() - began, 1)


def _await_rest(at: Soak, store: Store, patience_s: float) -> None:
    """Wait until nothing is to be done for two looks; what waits for late replies may take longer than we wait."""
    end = resting = time.monotonic()
    end += patience_s
    while time.monotonic() < end and time.monotonic() - resting < 2 * LONGEST_S:
        if not (is_quiet(store, at.world.ahead_s) and at.people.all_rest()):
            resting = time.monotonic()
        time.sleep(0.3)


def _judge(at: Soak, told: str) -> None:
    """Judge; the service must have left nothing to a command that comes after it, and every run must balance."""
    world, figures = at.world, at.told.figures
    at.people.look()
    after = sync_here(world, figures)
    written = sum(side.created + side.updated for run in after.runs for side in run.sides.values())
    if written and not at.course.store:
        figures.strange += 1
        figures.found.append(f"{told}: the service had left {written} rows to be written: {after.runs}")
    finish(world, figures, told)
    at.told.lost = at.people.lost
    at.told.acts, at.told.stood_still, at.told.decided = at.people.acts, at.people.still, at.people.decided
    with _store(world) as store, store.read() as conn:
        run = tables.run
        for state, balanced, number in conn.execute(
            select(run.c.state, run.c.balanced, func.count()).group_by(run.c.state, run.c.balanced)
        ):
            at.told.runs[f"{state}{'' if balanced is not False else ' not balanced'}"] = int(number)
            if balanced is False:
                figures.unbalanced += int(number)
    at.told.codes = dict(figures.reasons)


@contextmanager
def _store(world: CrashWorld) -> Iterator[Store]:
    with closing(open_project(world.site.folder)) as project:
        yield project.store
