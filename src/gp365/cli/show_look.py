"""Showing status and history."""

from __future__ import annotations

from rich.console import Console

from gp365.app.actions.look_outputs import (
    FlowStatus,
    HistoryOut,
    RuleStatus,
    RunLine,
    StatusOut,
)
from gp365.cli.show_unkept import unkept_lines
from gp365.cli.words import EMPTY, age, counts, grid, heading, moment, plain

_HIDDEN = ("considered",)


def show_status(console: Console, found: StatusOut) -> None:
    """Show how the flows stand, and what comes by the calendar."""
    for flow in found.flows:
        _status(console, flow)
    if found.calendar:
        console.print(heading("by the calendar", ""))
        table = grid({"style": "bold", "min_width": 12}, {"overflow": "fold"})
        for rule in found.calendar:
            table.add_row(f"  {rule.rule}", _rule(rule))
        console.print(table)


def _rule(rule: RuleStatus) -> str:
    if rule.left:
        return f"to be read whole: {', '.join(rule.left)} ({', '.join(rule.why)})"
    if rule.until is not None:
        return f"looks more often until {moment(rule.until)} UTC"
    return f"next at {moment(rule.next_at)} UTC" if rule.next_at is not None else "waits for a closing"


def _status(console: Console, flow: FlowStatus) -> None:
    console.print(heading(flow.flow, f"pair {flow.pair}"))
    table = grid({"style": "bold", "min_width": 12}, {"overflow": "fold"})
    last = flow.last_run
    if last is None:
        table.add_row("  last run", "none yet")
    else:
        table.add_row("  last run", f"{moment(last.begun_at)} UTC by {last.actor}: {_state(last)}")
        table.add_row("", counts({name: n for name, n in last.counts.items() if name not in _HIDDEN}))
    table.add_row("  links", f"{flow.links:,}")
    if flow.unread:
        table.add_row("  to verify", f"{flow.unread:,} writes; the next sync reads them back")
    queued = {"due": flow.due, "due later": flow.later, "waiting": flow.waiting, "parked": flow.parked}
    table.add_row("  open", counts(queued | {"writes without an answer": flow.open_intents}))
    cursors = ", ".join(f"{one.side} read {age(one.age_s)} ago" for one in flow.cursors)
    table.add_row("  cursors", cursors or "none yet")
    console.print(table)
    for line in unkept_lines(flow.unkept):
        console.print(plain(f"  NOT KEPT    {line}", "bold red"))
    for one in flow.guards:
        what = "the whole pair" if one.whole_pair else flow.flow
        let_go = "" if one.state == "open" else " (let go, under way)"
        console.print(
            plain(f"  STOPPED     {what}, since {moment(one.since)} UTC{let_go}: {one.message}", "yellow")
        )
        if one.state == "open":
            console.print(
                plain("              `gp365 plan` shows it; `gp365 sync --approve` lets it go.", "yellow")
            )


def _state(run: RunLine) -> str:
    proof = {True: "balanced", False: "NOT BALANCED", None: "not compared"}[run.balanced]
    clean = {True: ", clean", False: ", not clean", None: ""}[run.clean]
    return f"{run.state}, {proof}{clean}"


def show_history(console: Console, found: HistoryOut) -> None:
    """Show runs, and rows of the ledger."""
    table = grid(
        {"no_wrap": True}, *({"overflow": "fold"} for _ in range(5))
    )  # a run's name is typed elsewhere
    table.add_row(*(plain(name, "bold") for name in ("run", "begun (UTC)", "flow", "by", "state", "records")))
    for run in found.runs:
        ended = counts({name: n for name, n in run.counts.items() if name not in _HIDDEN})
        table.add_row(run.run, moment(run.begun_at), f"{run.pair}/{run.flow}", run.actor, _state(run), ended)
    console.print(table if found.runs else plain("No run yet."))
    if found.rows:
        _rows(console, found)


def _rows(console: Console, found: HistoryOut) -> None:
    console.print()
    table = grid(*({"overflow": "fold"} for _ in range(4)))
    table.add_row(*(plain(name, "bold") for name in ("at (UTC)", "record", "ended", "what")))
    for row in found.rows:
        keys = " = ".join(row.keys.values()) or row.subject or EMPTY
        table.add_row(moment(row.at), plain(keys), row.disposition, plain(row.summary))
    console.print(table)
