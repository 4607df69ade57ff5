"""Showing a replay: what would be written now, beside what was written then."""

from __future__ import annotations

from rich.console import Console

from gp365.app.actions.replay_outputs import ReplayedFlow, ReplayedRecord, ReplayedWrite, ReplayOut
from gp365.cli.show_runs import show_runs
from gp365.cli.words import counts, grid, guarded, heading, plain, value


def show_replay(console: Console, done: ReplayOut) -> None:
    """Show a replay, tried or done."""
    if done.applied:
        show_runs(console, done.runs)
    for flow in done.flows:
        _flow(console, flow)
    for one in done.skipped:
        console.print(plain(f"{one.pair} {one.flow}: {one.error.message}", "red"))
    if done.applied:
        if not done.runs:
            console.print(plain("No record is meant by this: nothing was done."))
    elif not done.flows:
        console.print(plain("No record is meant by this."))
    elif any(flow.writes for flow in done.flows):
        console.print(
            plain("Nothing was written. With --apply today's flow is run for these records alone.", "dim")
        )
    else:
        console.print(plain("They are in step: nothing would be written.", "dim"))


def _flow(console: Console, flow: ReplayedFlow) -> None:
    version = "today's flow" if flow.today else f"flow version {flow.flow_digest[:8] or 'unknown'}"
    console.print(heading(flow.flow, f"pair {flow.pair}, {flow.records_asked} records, {version}"))
    if flow.why:
        console.print(plain(f"  Cannot be planned again: {flow.why}.", "yellow"))
        return
    console.print(plain(f"  {counts(flow.outcomes)}; {flow.writes:,} writes"))
    for guard in flow.guards:
        console.print(plain(f"  guard: {guarded(guard)}", "yellow"))
    for record in flow.records:
        _record(console, record)


def _record(console: Console, one: ReplayedRecord) -> None:
    plan = one.plan
    keys = " = ".join(plan.keys.values())
    same = ", exactly as then" if one.same else ""
    console.print(plain(f"  {keys}  {plan.name}: {plan.outcome}{same}", "bold"))
    if plan.problem is not None:
        console.print(plain(f"    {plan.problem.message} [{plan.problem.code}]", "yellow"))
    for write in one.writes:
        _write(console, write)


def _write(console: Console, one: ReplayedWrite) -> None:
    now = f"{one.op} now" if one.op else "nothing now"
    then = f"{one.then_op} in run {one.then_run}" if one.then_run else "never written before"
    lost = "; what was sent then was erased" if one.erased else ""
    console.print(plain(f"    {one.side} {one.key}: {now}; then: {then}{lost}"))
    table = grid({"min_width": 6}, {"min_width": 14}, {"overflow": "fold"}, {"overflow": "fold"})
    for column, held in one.columns.items():
        if held.differs or held.would is not None:
            would = f"now {value(held.now)} → {value(held.would)}" if one.op else f"now {value(held.now)}"
            sent = f"then {value(held.held)} → {value(held.sent)}" if one.then_run else ""
            table.add_row("", plain(column), plain(would), plain(sent, "dim"))
    console.print(table)
