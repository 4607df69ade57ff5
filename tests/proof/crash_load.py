"""Kills at random moments under load: people edit both sides, the wire fails, and a sync is killed again and again."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from e2e.e2e_site import GP, SALES
from proof.crash_run import Figures, finish, start, whole
from proof.crash_world import TWO_SIDED, CrashWorld, Snapshot, crash_world


@dataclass(frozen=True)
class Lasts:
    """How long a sync takes that nobody kills, and how long from its first page on."""

    whole_s: float = 3.0
    writing_s: float = 1.5

    def mixed(self, times: dict[str, float]) -> Lasts:
        if "ended" not in times:
            return self
        whole_s, claimed_s = times["ended"], times.get("claimed", times["ended"])
        writing_s = max(0.2, whole_s - claimed_s)
        return Lasts(0.7 * self.whole_s + 0.3 * whole_s, 0.7 * self.writing_s + 0.3 * writing_s)

    def __str__(self) -> str:
        return f"{self.whole_s:.1f} s"


SIDES = ((GP,), (SALES,), (GP, SALES))


@dataclass(frozen=True)
class Load:
    """How large a load is: firms at the start (GP, Sales, both), edits and new firms of a round, faults, kills in a row."""

    firms: tuple[int, int, int] = (100, 100, 60)
    edits: int = 50
    new: int = 8
    faults: int = 6
    in_a_row: int = 3
    slow_s: float = 0.01
    page: int = 10


def under_load(
    folder: Path, seed: int, kills: int, load: Load, *, plant: str = "", more: str = ""
) -> Figures:
    """Kill syncs until so many kills are done; each time start again until all is quiet, and judge.

    What is done follows from the seed; the moment of a kill is a drawn share of the time that undisturbed runs take.
    """
    began, figures = time.monotonic(), Figures()
    with crash_world(folder, seed, page=load.page, firms=load.firms, more=more) as world:
        lasts = Lasts()
        while sum(figures.kills.values()) < kills and not figures.found:
            told = f"seed {seed}, round {figures.rounds}"
            lasts = _round(world, figures, load, kills, lasts, told, plant)
        figures.edits, figures.faults = world.edits, world.faults
    figures.seconds = time.monotonic() - began
    return figures


def _round(
    world: CrashWorld, figures: Figures, load: Load, kills: int, lasts: Lasts, told: str, plant: str
) -> Lasts:
    random, did = world.random, list[str]()
    if figures.rounds:
        people(world, load.edits, load.new)
    world.disturb(load.faults)
    world.slow_down(load.slow_s)
    for _ in range(random.randint(1, load.in_a_row)):
        if sum(figures.kills.values()) >= kills:
            break
        did.append(_killed(world, figures, lasts, plant))
        if random.random() < 0.5:
            people(world, load.edits // 3, 0)
        if random.random() < 0.3:
            world.later(random.choice((60.0, 1000.0, 4000.0)))
    times = whole(world, ["sync"], figures, plant=plant).times
    finish(world, figures, f"{told}, killed at {did}")
    return lasts.mixed(times)


def _killed(world: CrashWorld, figures: Figures, lasts: Lasts, plant: str) -> str:
    """Kill a sync at a share of its time, or of the time in which it writes; tell after which moment that was."""
    share, writing = world.random.random(), world.random.random() < 0.6
    child = start(world, ["sync"], plant=plant)
    child.until("")
    someone(world)
    if writing:
        child.until("", "began", "opened", "observed")
    due = time.monotonic() + share * (lasts.writing_s if writing else lasts.whole_s)
    while time.monotonic() < due and child.process.poll() is None:
        time.sleep(0.002)
    killed, phase = child.kill(), child.phase
    figures.kills[phase if killed else "(had ended)"] += int(killed)
    return f"{phase} ({share:.2f} of {lasts})"


def people(world: CrashWorld, edits: int, new: int) -> None:
    """Between two runs: edits on either side, the same field on both now and then, conflicts that are ended, new firms."""
    seen, random = world.look(), world.random
    tags = sorted(set(seen.firms) - world.meeting)
    for _ in range(edits if tags else 0):
        tag = random.choice(tags)
        sides = [side for side, keys in seen.firms[tag].keys.items() if keys]
        differ = [unit for unit in TWO_SIDED if _differs(seen, tag, unit)]
        if differ and random.random() < 0.6:
            world.agree(seen, tag, random.choice(differ))
        elif random.random() < 0.1 and GP in sides:
            world.edit(seen, tag, "limit", GP)
        else:
            unit = random.choice(editable(seen, tag))
            for side in sides if random.random() < 0.08 else (random.choice(sides),):
                world.edit(seen, tag, unit, side)
    for _ in range(random.randint(0, new)):
        world.new_firm(random.choice(SIDES))


def someone(world: CrashWorld) -> None:
    """While a run goes on, somebody edits a firm that nobody has touched since the last judgement."""
    seen = world.look()
    quiet = [
        tag
        for tag, held in sorted(seen.firms.items())
        if held.keys[GP] and held.keys[SALES] and tag not in world.touched
    ]
    if quiet and world.random.random() < 0.5:
        tag = world.random.choice(quiet)
        world.edit(
            seen, tag, world.random.choice(("name", "street", "phone")), world.random.choice((GP, SALES))
        )


def editable(seen: Snapshot, tag: str) -> list[str]:
    """Name the fields that people of both sides can edit: a ship-to only where there is one."""
    held = seen.firms[tag].values
    return ["name", "street", "phone", *(["ship"] if all("ship" in held[side] for side in held) else [])]


def _differs(seen: Snapshot, tag: str, unit: str) -> bool:
    held = seen.firms[tag].values
    return unit in held[GP] and unit in held[SALES] and held[GP][unit] != held[SALES][unit]
