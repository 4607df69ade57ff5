"""Showing what sync and apply did: a line per run with its equation, and what is left."""

from __future__ import annotations

from rich.console import Console

from gp365.app.actions.outputs import ApplyOut, ErrorOut, LeftOut, RunOut, SkippedOut, SyncOut
from gp365.cli.show_unkept import unkept_lines, verified_words
from gp365.cli.words import counts, grid, guarded, heading, plain

_ENDS = (
    "created",
    "updated",
    "unchanged",
    "filtered",
    "parked",
    "rejected",
    "waiting",
    "unsettled",
    "retrying",
)


def show_sync(console: Console, done: SyncOut) -> None:
    """Show a sync."""
    _show(console, done.runs, done.left, done.skipped)
    if done.interrupted:
        console.print(plain("Interrupted; the progress is kept, the next sync goes on from there.", "yellow"))


SHOWN = 12


def show_apply(console: Console, done: ApplyOut) -> None:
    """Show what plan files brought."""
    _show(console, done.runs, done.left, done.skipped)
    if done.moved:
        console.print(plain("Not written, because they are not as the plan says:", "yellow"))
        table = grid({"min_width": 14}, {"overflow": "fold"}, {"overflow": "fold"})
        for one in done.moved[:SHOWN]:
            keys = ", ".join(f"{side} {key}" for side, key in one.keys.items())
            table.add_row(f"  {one.flow}", plain(keys or one.subject), plain(one.why))
        console.print(table)
        if len(done.moved) > SHOWN:
            console.print(plain(f"  … and {len(done.moved) - SHOWN} more (--json names them all)"))
        console.print(plain("Make a new plan with `gp365 plan --out FILE`."))
    if done.interrupted:
        console.print(plain("Interrupted; the progress is kept.", "yellow"))


def show_runs(console: Console, runs: list[RunOut]) -> None:
    """Show runs alone."""
    _show(console, runs, [], [])


def _show(console: Console, runs: list[RunOut], left: list[LeftOut], skipped: list[SkippedOut]) -> None:
    for run in runs:
        _run(console, run)
    for one in skipped:
        console.print(heading(one.flow or "all flows", f"pair {one.pair} · not run"))
        _error(console, one.error)
    _left(console, left)


def _run(console: Console, run: RunOut) -> None:
    again = f" · turn {run.turn}" if run.turn > 1 else ""
    console.print(heading(run.flow, f"pair {run.pair} · run {run.run}{again}"))
    table = grid({"style": "bold", "min_width": 12}, {"overflow": "fold"})
    ended = {name: int(getattr(run, name)) for name in _ENDS}
    table.add_row("  records", f"{run.considered:,} considered: {counts(ended)}")
    for side, one in run.sides.items():
        did = {"read": one.read, "created": one.created, "updated": one.updated, "fields written": one.fields}
        table.add_row(f"  {side}", counts(did))
    told = {"parked": run.fields.parked, "held": run.fields.held, "overruled": run.fields.overruled}
    told |= {"cut to fit": run.cut}
    if any(told.values()):
        table.add_row("  fields", counts(told))
    if run.events:
        table.add_row("  events", counts(run.events))
    requests = ", ".join(f"{system} {number:,}" for system, number in run.requests.items())
    table.add_row("  requests", f"{requests} in {run.seconds:.1f} s")
    if run.verified.sampled:
        table.add_row("  verified", verified_words(run.verified))
    console.print(table)
    if run.balanced:
        word = "the three counts agree" + ("" if run.clean else "; not clean, something is left to do")
        console.print(plain(f"  balanced    {word}", "green" if run.clean else "yellow"))
    for mismatch in run.mismatches:
        console.print(plain(f"  NOT BALANCED  {mismatch}", "bold red"))
    for line in unkept_lines(run.verified.unkept):
        console.print(plain(f"  NOT KEPT    {line}", "bold red"))
    for side in run.recovered:
        console.print(plain(f"  recovered   {side} was restored from a backup and is in step again"))
    for guard in run.guards:
        console.print(plain(f"  guard       {guarded(guard)}", "yellow"))
    if run.guards and run.stopped is None:
        more = (
            f"`gp365 sync {run.flow} --pair {run.pair} --approve` lets it go; `gp365 plan` shows what it is."
        )
        console.print(plain(f"              {more}", "yellow"))
    if run.stopped is not None:
        _error(console, run.stopped)


def _error(console: Console, error: ErrorOut) -> None:
    console.print(plain(f"  stopped     {error.message} [{error.code}]", "red"))
    for name in ("system", "record", "field", "value"):
        if getattr(error, name):
            console.print(plain(f"              {name} {getattr(error, name)}"))
    if error.fix:
        console.print(plain(f"              fix: {error.fix}"))


def _left(console: Console, left: list[LeftOut]) -> None:
    for one in left:
        numbers = {"queued": one.queued, "waiting": one.waiting, "parked": one.parked}
        numbers |= {"writes without an answer": one.open_intents}
        if any(numbers.values()):
            hint = " (`gp365 parked list`)" if one.parked else ""
            console.print(plain(f"Left in {one.flow} of {one.pair}: {counts(numbers)}{hint}.", "yellow"))
