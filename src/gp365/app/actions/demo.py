"""The demonstration: both systems simulated, brought into step, edited, and brought into step again."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from gp365.app.actions import demo_edits
from gp365.app.actions.control import control_door
from gp365.app.actions.demo_edits import Edit, Script
from gp365.app.actions.doctor import Doctor, doctor
from gp365.app.actions.explain import explain
from gp365.app.actions.look_outputs import ExplainOut, ParkedList
from gp365.app.actions.outputs import PlanOut, SyncOut
from gp365.app.actions.parked import parked_list
from gp365.app.actions.plan import plan
from gp365.app.actions.provision import Provisioned, provision_apply
from gp365.app.actions.running import Progress, silent
from gp365.app.actions.simulators import Simulators, start_simulators
from gp365.app.actions.sync import sync
from gp365.app.assembly import assemble
from gp365.app.project import Project, open_project
from gp365.model.errors import Misconfigured

Say = Callable[[str, object], None]
SHOWN = 2
FOLDER = "gp365-demo"


@dataclass(frozen=True, slots=True)
class DemoOut:
    """Everything that the demonstration did and saw.

    `seconds` counts from the start of the simulators to the end. `writes` are the rows written by the three syncs.
    `as_planned`: the second sync wrote nothing, every equation balanced, and exactly the planned conflict is parked
    and exactly the planned record is rejected.
    """

    folder: str
    kept: bool
    urls: dict[str, str]
    doctor: Doctor
    provisioned: Provisioned
    plan: PlanOut
    first: SyncOut
    second: SyncOut
    edits: list[Edit]
    third: SyncOut
    parked: ParkedList
    explained: ExplainOut
    writes: list[int]
    seconds: float
    as_planned: bool
    exit_code: int


def demo(
    folder: Path | None = None,
    *,
    keep: bool = False,
    say: Say = lambda step, told: None,
    progress: Progress = silent,
) -> DemoOut:
    """Run the demonstration in a folder (a fresh one by default); `say` is told each step and what it brought.

    Without `keep` the simulators are stopped, and a folder of our own choosing is removed. Misconfigured("usage")
    where the folder is not empty.
    """
    chosen = _folder(folder, keep)
    began = monotonic()
    say("start", str(chosen))
    running = start_simulators(chosen, stay=keep)
    finished = False
    try:
        with open_project(chosen) as project:
            told = _story(project, running, keep, began, say, progress)
        finished = True
        return told
    finally:
        if not (keep and finished):
            running.stop()
        if folder is None and not keep:
            shutil.rmtree(chosen, ignore_errors=True)


def _folder(given: Path | None, keep: bool) -> Path:
    if given is None and not keep:
        return Path(tempfile.mkdtemp(prefix=f"{FOLDER}-"))
    chosen = (given or _free(Path.cwd())).resolve()
    if chosen.exists() and any(chosen.iterdir()):
        fix = "Name an empty folder, or none."
        raise Misconfigured("usage", f"{chosen} is not empty.", field="--dir", value=str(chosen), fix=fix)
    return chosen


def _free(parent: Path) -> Path:
    """Name a folder below `parent` that is not there yet."""
    names = [FOLDER, *(f"{FOLDER}-{number}" for number in range(2, 1000))]
    return next(parent / name for name in names if not (parent / name).exists())


def _story(
    project: Project, running: Simulators, keep: bool, began: float, say: Say, progress: Progress
) -> DemoOut:
    say("simulators", dict(running.urls))
    with assemble(project) as assembly:
        examined = doctor(assembly, progress=lambda what: progress(f"examining {what}", 0, 0))
        say("doctor", examined)
        made = provision_apply(assembly, say=lambda what: progress(what, 0, 0))
        say("provision", made)
    planned = plan(project, limit=SHOWN, progress=progress)
    say("plan", planned)
    first = sync(project, progress=progress)
    say("first", first)
    second = sync(project, progress=progress)
    say("second", second)
    script = demo_edits.read_script(project.folder)
    edits = demo_edits.edit_both_sides(control_door(project.folder), script)
    say("edits", edits)
    third = sync(project, progress=progress)
    say("third", third)
    stopped = parked_list(project)
    say("parked", stopped)
    explained = explain(project, *script.explained)
    say("explain", explained)
    as_planned = _as_planned(first, second, third, stopped, script)
    told = DemoOut(
        folder=str(project.folder),
        kept=keep,
        urls=dict(running.urls),
        doctor=examined,
        provisioned=made,
        plan=planned,
        first=first,
        second=second,
        edits=edits,
        third=third,
        parked=stopped,
        explained=explained,
        writes=[written(one) for one in (first, second, third)],
        seconds=round(monotonic() - began, 1),
        as_planned=as_planned,
        exit_code=0 if as_planned else 1,
    )
    say("end", told)
    return told


def written(done: SyncOut) -> int:
    """Count the rows that a sync wrote on both sides, as the systems acknowledged them."""
    return sum(side.created + side.updated for run in done.runs for side in run.sides.values())


def _as_planned(first: SyncOut, second: SyncOut, third: SyncOut, stopped: ParkedList, script: Script) -> bool:
    balanced = all(run.balanced for done in (first, second, third) for run in done.runs)
    found = {(one.kind, one.field, next(iter(one.keys.values()))) for one in stopped.entries}
    quiet = first.exit_code == 0 and second.exit_code == 0 and written(second) == 0
    return balanced and quiet and third.exit_code == 1 and found == set(script.stopped)
