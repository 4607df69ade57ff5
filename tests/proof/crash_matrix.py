"""Every step: a command is killed at each moment of a run, the first, a middle and the last time that it passes it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from e2e.e2e_site import GP, SALES
from proof.crash_child import MOMENTS
from proof.crash_run import SETTLED_S, Figures, finish, start, sync_here, whole
from proof.crash_world import CrashWorld, crash_world

FIRMS = (6, 6, 10)
PAGE = 4
EDITS = 12
UNITS = ("name", "street", "phone")
KILLED = (-9, 15)  # of Windows: the signal that TerminateProcess was asked with
_TRIES = 4


@dataclass(frozen=True)
class Cell:
    """A command, a moment, and which of its occasions: 0 the first, 1 a middle one, 2 the last."""

    command: str
    moment: str
    occasion: int

    def __str__(self) -> str:
        return f"{self.command} {self.moment} {('first', 'middle', 'last')[self.occasion]}"


@dataclass
class Work:
    """What a command has to do: its words, those with which it is started again, and what people edited for it."""

    words: list[str]
    again: list[list[str]]
    edits: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])


def cells(commands: Sequence[str] = ("sync", "apply", "undo", "replay")) -> Iterator[Cell]:
    """Give every cell; a run of some records alone (replay) and a plan's differ from a sync in how they begin."""
    for command in commands:
        for moment in MOMENTS:
            if command == "undo" and moment == "observed":
                continue  # an undo reads what it takes back, and no feed
            once = moment in ("opened", "closed")
            for occasion in (0,) if once else (0, 1, 2) if command in ("sync", "undo") else (0, 2):
                yield Cell(command, moment, occasion)


@dataclass(frozen=True)
class Setting:
    """Firms at the start, further lines of the flow, and a rule that is taken out of what is started again."""

    firms: tuple[int, int, int] = FIRMS
    flow: str = ""
    plant: str = ""


def matrix(folder: Path, seed: int, chosen: Sequence[Cell], setting: Setting = Setting()) -> Figures:
    """Play cells one after the other in one world, which grows."""
    began, figures = time.monotonic(), Figures()
    with crash_world(folder, seed, page=PAGE, firms=setting.firms, more=setting.flow) as world:
        done = sync_here(world, figures)
        world.first_run = next(one.run for one in done.runs if one.flow == "customers")
        finish(world, figures, "first sync")
        counts: dict[str, dict[str, int]] = {}
        for cell in chosen:
            if cell.command not in counts and any(one.occasion for one in chosen):
                counts[cell.command] = counted(world, figures, cell.command)
            told = f"seed {seed}, {cell}"
            play(world, figures, cell, counts.get(cell.command, {}), told, setting.plant)
            if figures.found:
                break
        figures.edits, figures.faults = world.edits, world.faults
    figures.seconds = time.monotonic() - began
    return figures


def first_sync(folder: Path, seed: int, moment: str, setting: Setting) -> Figures:
    """Kill the first sync of a world the first time that it passes a moment."""
    figures = Figures()
    with crash_world(folder, seed, page=PAGE, firms=setting.firms, more=setting.flow) as world:
        code, _, _ = start(world, ["sync"], kill=(moment, 1)).end()
        figures.kills[f"first {moment}"] += int(code in KILLED)
        take_up(world, figures, Work(["sync"], [["sync"]]), setting.plant)
        finish(world, figures, f"seed {seed}, first sync {moment}")
    return figures


def counted(world: CrashWorld, figures: Figures, command: str) -> dict[str, int]:
    """Count how often an undisturbed command passes each moment."""
    work = PREPARE[command](world, figures)
    found = whole(world, work.words, figures).counts
    finish(world, figures, f"{command}, undisturbed")
    return found


def play(
    world: CrashWorld, figures: Figures, cell: Cell, counts: dict[str, int], told: str, plant: str = ""
) -> None:
    """Kill a command at a moment, start it again, and judge. Where it passed by less often this time, try an earlier one."""
    number = counts.get(cell.moment, 1)
    occasion = (1, (number + 1) // 2, number)[cell.occasion]
    for _ in range(_TRIES):
        work = PREPARE[cell.command](world, figures)
        child = start(world, work.words, kill=(cell.moment, occasion))
        code, _, _ = child.end()
        killed = code in KILLED
        figures.kills[f"{cell.command} {cell.moment}" if killed else "(not reached)"] += int(killed)
        if killed and cell.command in ("sync", "apply"):
            meanwhile(world, work)
        take_up(world, figures, work, plant)
        finish(world, figures, f"{told} (occasion {occasion} of {number}, {code})")
        if killed or figures.found:
            return
        occasion = max(1, occasion // 2)
    figures.strange += 1
    figures.found.append(f"{told}: it was never passed")


def take_up(world: CrashWorld, figures: Figures, work: Work, plant: str) -> None:
    """Start what was killed again, until it has no more to do."""
    if plant:
        world.later(SETTLED_S)
    for words in work.again:
        code = whole(world, words, figures, plant=plant).process.returncode
        if code == 0:
            return
        world.later(SETTLED_S)


def meanwhile(world: CrashWorld, work: Work) -> None:
    """Before the restart people edit, on the other side, some of what was on its way."""
    seen = world.look()
    for tag, unit, side in world.random.sample(work.edits, 3):
        world.edit(seen, tag, unit, SALES if side == GP else GP)


def edited(world: CrashWorld, *, both: bool = True) -> list[tuple[str, str, str]]:
    """People edit a dozen firms, half of them in GP, and enter five new ones."""
    seen = world.look()
    settled = sorted(tag for tag in seen.firms if tag not in world.left_alone)
    tags = world.random.sample(settled, EDITS)
    edits = [(tag, UNITS[place % 3], (GP, SALES)[place % 2]) for place, tag in enumerate(tags)]
    for tag, unit, side in edits:
        world.edit(seen, tag, unit, side)
    for where in ((GP,), (GP,), (SALES,), (SALES,), *([(GP, SALES)] if both and world.both else [])):
        world.new_firm(where)
    return edits


def _sync(world: CrashWorld, figures: Figures) -> Work:
    del figures
    return Work(["sync"], [["sync"]], edited(world))


def _apply(world: CrashWorld, figures: Figures) -> Work:
    """A plan is made and applied; what people do after it was made is not done by it, but by the next sync."""
    edits = edited(world)
    file = world.site.folder / "plans" / f"{next(world.serial)}.jsonl"
    whole(world, ["plan", "--out", str(file)], figures)
    words = ["apply", str(file)]
    return Work(words, [words], edits)


def _undo(world: CrashWorld, figures: Figures) -> Work:
    """A sync is taken back: what it wrote stands as before, its source as it was edited, until somebody edits it."""
    before = world.look()
    edits = edited(world, both=False)
    done = sync_here(world, figures)
    after = world.look()
    for tag, unit, side in edits:
        other = SALES if side == GP else GP
        kept = {side: after.firms[tag].values[side][unit], other: before.firms[tag].values[other][unit]}
        world.undone[tag, unit], world.live[tag, unit] = kept, set()
    for tag in set(after.firms) - set(before.firms):
        made = SALES if any(key.startswith("C0") for key in after.firms[tag].keys[GP]) else GP
        world.retired[tag] = made
        world.left_alone.add(tag)
    run = next(one.run for one in done.runs if one.flow == "customers")
    words = ["undo", run, "--apply", "--yes"]
    return Work(words, [words] * 3, edits)


def _replay(world: CrashWorld, figures: Figures) -> Work:
    """The records that the first run looked at are planned again, with what people have edited since."""
    del figures
    words = ["replay", "--run", world.first_run, "--apply"]
    return Work(words, [words], edited(world))


PREPARE: dict[str, Callable[[CrashWorld, Figures], Work]] = {
    "sync": _sync,
    "apply": _apply,
    "undo": _undo,
    "replay": _replay,
}
