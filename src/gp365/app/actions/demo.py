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
from gp365.app.actions.reconcile import reconcile, verify_report
from gp365.app.actions.reconcile_outputs import ReconcileOut
from gp365.app.actions.running import Progress, silent
from gp365.app.actions.simulators import Simulators, start_simulators
from gp365.app.actions.sync import sync
from gp365.app.actions.undo import OfRun, undo
from gp365.app.actions.undo_outputs import UndoOut
from gp365.app.assembly import assemble
from gp365.app.loader import load_flows
from gp365.app.project import Project, open_project
from gp365.model.errors import Misconfigured

Say = Callable[[str, object], None]
SHOWN = 2
FOLDER = "gp365-demo"
FIRST = "customers"
"""The flow whose edits are taken back; it stands first in the settings."""
CHANNEL = "sql"
"""How GP is reached: the channel that serves all of them."""


@dataclass(frozen=True, slots=True)
class DemoFlow:
    """What the first sync did by one flow: subjects considered, rows written, subjects parked; and what the second wrote."""

    flow: str
    considered: int
    written: int
    parked: int
    balanced: bool
    written_again: int


@dataclass(frozen=True, slots=True)
class DemoOut:
    """Everything that the demonstration did and saw.

    `seconds` counts from the start of the simulators to the end. `writes` are the rows written by the four syncs.
    `flows` has a line per flow.
    `as_planned`: the second sync wrote nothing, every equation balanced, exactly the planned conflict is parked and
    exactly the planned record is rejected, the third sync's edits could be taken back, the fourth sync left it at that, and
    the reports of `reconcile` know of no difference that nothing explains, and are as they were signed.
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
    undone: UndoOut
    fourth: SyncOut
    reconciled: ReconcileOut
    flows: list[DemoFlow]
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
    wishes = ("--channel", CHANNEL, "--flows", ",".join(flows(chosen)))
    running = start_simulators(chosen, stay=keep, extra=wishes)
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


def flows(folder: Path) -> tuple[str, ...]:
    """Name every shipped flow, the first one first."""
    return (FIRST, *sorted(load_flows(folder / "flows").flows.keys() - {FIRST}))


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
    edited = next(run.run for run in third.runs if run.flow == FIRST)
    undone = undo(project, OfRun(edited), apply=True, progress=progress)
    say("undone", undone)
    fourth = sync(project, progress=progress)
    say("fourth", fourth)
    reconciled = reconcile(project, progress=progress)
    say("reconciled", reconciled)
    as_planned = _as_planned(first, second, third, stopped, script)
    as_planned = as_planned and _is_proved(undone, fourth, reconciled)
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
        undone=undone,
        fourth=fourth,
        reconciled=reconciled,
        flows=flows_of(first, second),
        writes=[written(one) for one in (first, second, third, fourth)],
        seconds=round(monotonic() - began, 1),
        as_planned=as_planned,
        exit_code=0 if as_planned else 1,
    )
    say("end", told)
    return told


def written(done: SyncOut, flow: str = "") -> int:
    """Count the rows that a sync (or one flow of it) wrote on both sides, as the systems acknowledged them."""
    runs = [run for run in done.runs if not flow or run.flow == flow]
    return sum(side.created + side.updated for run in runs for side in run.sides.values())


def flows_of(first: SyncOut, second: SyncOut) -> list[DemoFlow]:
    """Give a line per flow; a flow that ran again for what others woke counts once, with all that it did."""
    lines: list[DemoFlow] = []
    for name in dict.fromkeys(run.flow for run in first.runs):
        runs = [run for run in first.runs if run.flow == name]
        lines.append(
            DemoFlow(
                name,
                sum(run.considered for run in runs),
                written(first, name),
                sum(run.parked + run.rejected for run in runs),
                all(run.balanced for run in (*runs, *(run for run in second.runs if run.flow == name))),
                written(second, name),
            )
        )
    return lines


def _is_proved(undone: UndoOut, fourth: SyncOut, reconciled: ReconcileOut) -> bool:
    """Tell whether the last edits were taken back, stay so, and the signed reports agree with that."""
    signed = all(verify_report(Path(flow.files[0])).agrees for flow in reconciled.flows)
    taken_back = {run.flow for run in undone.runs}  # sums follow what they add up
    quiet = all(
        run.balanced and (run.flow not in taken_back or not run.created + run.updated) for run in fourth.runs
    )
    return undone.exit_code == 0 and quiet and signed and not reconciled.skipped and reconciled.exit_code <= 1


def _as_planned(first: SyncOut, second: SyncOut, third: SyncOut, stopped: ParkedList, script: Script) -> bool:
    balanced = all(run.balanced for done in (first, second, third) for run in done.runs)
    found = {(one.kind, one.field, next(iter(one.keys.values()))) for one in stopped.entries}
    quiet = first.exit_code == 0 and second.exit_code == 0 and written(second) == 0
    return balanced and quiet and third.exit_code == 1 and found == set(script.stopped)
