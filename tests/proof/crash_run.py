"""Killing a command, starting it again until it is done, and judging what the two systems and the store then hold."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gp365.app.actions.outputs import SyncOut
from gp365.app.actions.sync import sync
from gp365.app.project import open_project
from proof.crash_judge import Verdict, judge
from proof.crash_world import CrashWorld, Snapshot

CHILD = Path(__file__).with_name("crash_child.py")
SETTLED_S = 4000.0
_TURNS = 6
_LOOK_S = 0.002
_PATIENCE_S = 120.0
FINE, LEFT, UNBALANCED, STOPPED = 0, 1, 4, 5


@dataclass
class Figures:
    """What was done and found. `found` says in words, with all that is needed to do it again."""

    kills: Counter[str] = field(default_factory=Counter[str])
    faults: Counter[str] = field(default_factory=Counter[str])
    edits: Counter[str] = field(default_factory=Counter[str])
    exits: Counter[str] = field(default_factory=Counter[str])
    reasons: Counter[str] = field(default_factory=Counter[str])
    rounds: int = 0
    records: int = 0
    conflicts: int = 0
    needless: int = 0
    lost: int = 0
    doubled: int = 0
    unbalanced: int = 0
    strange: int = 0
    found: list[str] = field(default_factory=list[str])
    seconds: float = 0.0

    def add(self, other: Figures) -> None:
        for name, value in vars(other).items():
            if isinstance(value, Counter):
                getattr(self, name).update(value)
            else:
                setattr(self, name, getattr(self, name) + value)

    def as_dict(self) -> dict[str, Any]:
        told = {
            name: dict(sorted(v.items())) if isinstance(v, Counter) else v for name, v in vars(self).items()
        }
        return {"killed": sum(self.kills.values()), **told, "seconds": round(self.seconds, 1)}


@dataclass
class Child:
    """A command as a process of its own, and the files by which it says where it is."""

    process: subprocess.Popen[str]
    phase_file: Path
    counts_file: Path

    @property
    def phase(self) -> str:
        """Give the last moment that it has passed."""
        return self.phase_file.read_bytes().decode().strip() if self.phase_file.exists() else ""

    @property
    def counts(self) -> dict[str, int]:
        """Tell, after a regular end, how often each moment was passed."""
        return json.loads(self.counts_file.read_text("utf-8"))["counts"]

    @property
    def times(self) -> dict[str, float]:
        """Tell, after a regular end, when each moment was passed first, in seconds from the beginning."""
        if not self.counts_file.exists():
            return {}
        return json.loads(self.counts_file.read_text("utf-8"))["first"]

    def until(self, *unlike: str) -> None:
        """Wait until it has passed a moment that is none of these, or has ended."""
        until = time.monotonic() + _PATIENCE_S
        while self.phase in unlike and self.process.poll() is None:
            assert time.monotonic() < until
            time.sleep(_LOOK_S)

    def end(self) -> tuple[int, str, str]:
        out, err = self.process.communicate()
        return self.process.returncode, out, err

    def kill(self) -> bool:
        """Kill it; False if it had ended by itself."""
        ended = self.process.poll() is not None
        self.process.kill()
        self.process.communicate()
        return not ended


def start(
    world: CrashWorld, arguments: Sequence[str], *, kill: tuple[str, int] | None = None, plant: str = ""
) -> Child:
    """Start a command, at the world's time."""
    folder = world.site.folder
    phase, counts = folder / "phase", folder / "counts"
    phase.unlink(missing_ok=True)
    counts.unlink(missing_ok=True)
    order = {
        "ahead_s": world.ahead_s, "phase": str(phase), "counts": str(counts), "kill": kill, "plant": plant,
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, str(CHILD), "-C", str(folder), *arguments, "--json"],
        env={**os.environ, "CRASH": json.dumps(order)},
        text=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    return Child(process, phase, counts)


def whole(world: CrashWorld, arguments: Sequence[str], figures: Figures, *, plant: str = "") -> Child:
    """Run a command to its end; note how it ended."""
    child = start(world, arguments, plant=plant)
    code, out, err = child.end()
    figures.exits[str(code)] += 1
    if code not in (FINE, LEFT, STOPPED) or not _balanced(out):
        figures.unbalanced += int(code == UNBALANCED or (bool(out) and not _balanced(out)))
        figures.found.append(f"{' '.join(arguments)} ended with {code}: {out[-2000:]} {err[-2000:]}")
    return child


def _balanced(out: str) -> bool:
    try:
        return all(run["balanced"] for run in json.loads(out).get("runs", []))
    except ValueError:
        return False


def sync_here(world: CrashWorld, figures: Figures) -> SyncOut:
    """Sync in this process, at the world's time."""
    later = timedelta(seconds=world.ahead_s)
    with open_project(world.site.folder, clock=lambda: datetime.now(UTC) + later) as project:
        done = sync(project)
    for run in done.runs:
        if not run.balanced:
            figures.unbalanced += 1
            figures.found.append(f"not balanced: {run.flow} {run.mismatches}")
    return done


def finish(world: CrashWorld, figures: Figures, told: str) -> tuple[Snapshot, Verdict]:
    """Sync until nothing is left but what waits for a person, judge, and sync once more: that writes nothing."""
    world.calm()
    for _ in range(_TURNS):
        done = sync_here(world, figures)
        if not any(one.queued or one.waiting or one.open_intents for one in done.left) and done.exit_code in (
            FINE,
            LEFT,
        ):
            break
        world.later(SETTLED_S)
    else:
        figures.strange += 1
        figures.found.append(f"{told}: no end: exit {done.exit_code}, {done.left} {done.skipped}")
    seen = world.look()
    verdict = judge(world, seen)
    again = sync_here(world, figures)
    written = sum(side.created + side.updated for run in again.runs for side in run.sides.values())
    if written:
        verdict.strange.append(f"the next sync wrote {written} rows")
    note(figures, verdict, told)
    world.touched.clear()
    world.meeting.clear()
    figures.records = sum(seen.rows.values()) + sum(len(cards) for cards in seen.cards.values())
    return seen, verdict


def note(figures: Figures, verdict: Verdict, told: str) -> None:
    figures.rounds += 1
    figures.lost += len(verdict.lost)
    figures.doubled += len(verdict.doubled)
    figures.strange += len(verdict.strange)
    figures.conflicts += verdict.conflicts
    figures.needless += len(verdict.needless)
    for name, number in verdict.codes.items():
        figures.reasons[name] = max(figures.reasons[name], number)
    wrong = [*verdict.lost, *verdict.doubled, *verdict.strange]
    figures.found += [f"{told}: {one}" for one in wrong]
