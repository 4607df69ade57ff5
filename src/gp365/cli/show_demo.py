"""Showing the demonstration while it goes on; every figure is taken from what the steps answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from gp365.app.actions.demo import DemoOut, written
from gp365.app.actions.demo import demo as act
from gp365.app.actions.demo_edits import Edit
from gp365.app.actions.doctor import Doctor
from gp365.app.actions.look_outputs import ExplainOut, ParkedList
from gp365.app.actions.outputs import PlanOut, SyncOut
from gp365.app.actions.provision import Provisioned
from gp365.app.actions.reconcile_outputs import ReconcileOut
from gp365.app.actions.undo_outputs import UndoOut
from gp365.cli.output import console, write_json
from gp365.cli.show_explain import show_explain
from gp365.cli.show_parked import show_parked_list
from gp365.cli.show_plan import show_plan
from gp365.cli.show_reconcile import show_figures
from gp365.cli.show_runs import show_sync
from gp365.cli.show_undo import show_undo
from gp365.cli.words import counts, grid, plain


def run_demo(folder: Path | None, *, keep: bool, as_json: bool) -> int:
    """Run the demonstration, showing its steps or in the end one JSON document; return the exit code."""
    if as_json:
        told = act(folder, keep=keep)
        write_json(told)
    else:
        out = console()
        told = act(folder, keep=keep, say=lambda step, what: _STEPS[step](out, what))
    return told.exit_code


def _rule(out: Console, title: str) -> None:
    out.print()
    out.print(plain(title, "bold white on blue"))


def _start(out: Console, folder: str) -> None:
    _rule(out, " gp365 demo: Dynamics GP and Dynamics 365 Sales, simulated on this machine ")
    out.print(plain(f"Starting both simulators with their sample data in {folder} …"))


def _simulators(out: Console, urls: Mapping[str, str]) -> None:
    for name, url in urls.items():
        out.print(plain(f"  {name:<10} answers at {url}"))


def _doctor(out: Console, found: Doctor) -> None:
    _rule(out, " 1  doctor: can we reach both, and what may we do there? ")
    levels = ["to do" if one.code == "not-provisioned" else one.level for one in found.findings]
    told = {name: levels.count(name) for name in ("ok", "note", "warning", "to do", "error")}
    out.print(plain(f"  {counts(told)}"))
    for one in found.findings:
        if one.subject in ("authentication", "version") or one.level in ("warning", "error"):
            out.print(plain(f"  {one.system} {one.subject}: {one.text}"))


def _provision(out: Console, made: Provisioned) -> None:
    _rule(out, " 2  provision: what gp365 needs in Dataverse ")
    states = [step.state for step in made.steps]
    told = {name: states.count(name) for name in dict.fromkeys(states)}
    out.print(plain(f"  {len(states)} steps: {counts(told)}; {', '.join(made.lookups)} written"))


def _plan(out: Console, planned: PlanOut) -> None:
    _rule(out, " 3  plan: what would be done, and why; nothing is written ")
    show_plan(out, planned)


def _first(out: Console, done: SyncOut) -> None:
    _rule(out, " 4  sync: both systems come into step ")
    show_sync(out, done)


def _second(out: Console, done: SyncOut) -> None:
    _rule(out, " 5  sync again: nothing left to write ")
    show_sync(out, done)
    out.print(plain(f"  {written(done)} rows written"))


def _edits(out: Console, edits: list[Edit]) -> None:
    _rule(out, " 6  people edit on both sides ")
    for edit in edits:
        out.print(plain(f"  in {edit.system:<6} {edit.record} {edit.what}"))


def _third(out: Console, done: SyncOut) -> None:
    _rule(out, " 7  sync: the edits travel; what is doubtful waits for a person ")
    show_sync(out, done)


def _parked(out: Console, found: ParkedList) -> None:
    _rule(out, " 8  parked: what waits for a person ")
    show_parked_list(out, found)


def _explain(out: Console, found: ExplainOut) -> None:
    _rule(out, " 9  explain: why does this field hold what it holds? ")
    show_explain(out, found)


def _undone(out: Console, done: UndoOut) -> None:
    _rule(out, " 10  undo: the edits of that run are taken back, in both systems ")
    show_undo(out, done)


def _fourth(out: Console, done: SyncOut) -> None:
    _rule(out, " 11  sync: what was taken back stays so; only sums follow ")
    show_sync(out, done)


def _reconciled(out: Console, done: ReconcileOut) -> None:
    _rule(out, " 12  reconcile: signed reports that both systems agree, or why not ")
    for flow in done.flows:
        show_figures(out, flow)


def _end(out: Console, told: DemoOut) -> None:
    _rule(out, " in short ")
    table = grid({"min_width": 22}, *({"justify": "right"} for _ in range(5)))
    names = ("flow", "considered", "written", "parked", "balanced", "written again")
    table.add_row(*(plain(f"  {name}" if name == "flow" else name, "dim") for name in names))
    for one in told.flows:
        figures = (
            one.considered,
            one.written,
            one.parked,
            "yes" if one.balanced else "NO",
            one.written_again,
        )
        table.add_row(plain(f"  {one.flow}"), *(plain(str(figure)) for figure in figures))
    out.print(table)
    first, second, third, fourth = told.writes
    out.print(plain(f"  first sync {first} rows written, second {second}, after the edits {third}"))
    back = told.undone.outcomes.get("back", 0)
    out.print(plain(f"  {back} records taken back; the sync after it {fourth} rows (sums)"))
    drift = sum(flow.report.counts.drift for flow in told.reconciled.flows)
    out.print(
        plain(f"  {len(told.reconciled.flows)} signed reports, {drift} differences without an explanation")
    )
    kinds = [entry.kind for entry in told.parked.entries]
    out.print(
        plain(f"  {kinds.count('parked')} conflict parked, {kinds.count('rejected')} record rejected by GP")
    )
    out.print(plain(f"  {told.seconds:.1f} seconds, {'as planned' if told.as_planned else 'NOT AS PLANNED'}"))
    _next(out, told)


def _next(out: Console, told: DemoOut) -> None:
    out.print()
    if not told.kept:
        out.print(plain("To play on: `gp365 demo --keep` leaves the simulators and the folder."))
        return
    out.print(plain("The simulators run on. Try:", "bold"))
    for command in (
        "status",
        "parked show 1",
        "explain gp customer ADAMPARK0001",
        "history --ledger",
        "plan --all",
        "sync",
    ):
        out.print(plain(f"  gp365 -C {told.folder} {command}"))
    out.print(plain("To end them, end the process whose number stands as `pid` in sim.json."))


_STEPS: Mapping[str, Callable[[Console, Any], None]] = {
    "start": _start,
    "simulators": _simulators,
    "doctor": _doctor,
    "provision": _provision,
    "plan": _plan,
    "first": _first,
    "second": _second,
    "edits": _edits,
    "third": _third,
    "parked": _parked,
    "explain": _explain,
    "undone": _undone,
    "fourth": _fourth,
    "reconciled": _reconciled,
    "end": _end,
}
