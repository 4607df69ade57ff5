"""Showing status, history and parked entries."""

from __future__ import annotations

from rich.console import Console

from gp365.app.actions.look_outputs import (
    FlowStatus,
    HistoryOut,
    ParkedList,
    ParkedOut,
    RetryOut,
    RunLine,
    StatusOut,
)
from gp365.cli.words import EMPTY, age, counts, grid, heading, moment, plain, value

_HIDDEN = ("considered",)


def show_status(console: Console, found: StatusOut) -> None:
    """Show how the flows stand."""
    for flow in found.flows:
        _status(console, flow)


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
    queued = {"due": flow.due, "due later": flow.later, "waiting": flow.waiting, "parked": flow.parked}
    table.add_row("  open", counts(queued | {"writes without an answer": flow.open_intents}))
    cursors = ", ".join(f"{one.side} read {age(one.age_s)} ago" for one in flow.cursors)
    table.add_row("  cursors", cursors or "none yet")
    console.print(table)


def _state(run: RunLine) -> str:
    proof = {True: "balanced", False: "NOT BALANCED", None: "not compared"}[run.balanced]
    clean = {True: ", clean", False: ", not clean", None: ""}[run.clean]
    return f"{run.state}, {proof}{clean}"


def show_history(console: Console, found: HistoryOut) -> None:
    """Show runs, and rows of the ledger."""
    table = grid(*({"overflow": "fold"} for _ in range(6)))
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


def show_parked_list(console: Console, found: ParkedList) -> None:
    """Show what waits for a person."""
    if not found.total:
        console.print("Nothing is parked.")
        return
    table = grid(*({"overflow": "fold"} for _ in range(5)))
    table.add_row(*(plain(name, "bold") for name in ("id", "record", "field", "cause", "what")))
    for entry in found.entries:
        keys = " = ".join(entry.keys.values())
        table.add_row(str(entry.id), plain(keys), entry.field or "(record)", entry.code, plain(entry.message))
    console.print(table)
    console.print(plain(f"{found.total} parked: {counts(found.by_code)}. `gp365 parked show ID` tells more."))


def show_parked(console: Console, entry: ParkedOut) -> None:
    """Show one parked entry."""
    console.print(heading(f"{entry.id}: {entry.message}", f"{entry.code} · {entry.state}"))
    table = grid({"style": "bold", "min_width": 14}, {"overflow": "fold"})
    table.add_row("  flow", f"{entry.flow} of {entry.pair}")
    for side, key in entry.keys.items():
        table.add_row(f"  {side}", plain(key))
    if entry.field:
        table.add_row("  field", entry.field)
    for side, held in entry.values.items():
        table.add_row(f"  {side} holds", plain(value(held)))
    for candidate in entry.candidates:
        table.add_row("  candidate", plain(candidate))
    for name, held in entry.evidence.items():
        table.add_row(f"  {name}", plain(value(held)))
    table.add_row("  since", f"{moment(entry.made_at)} UTC, last seen {moment(entry.seen_at)}")
    table.add_row("  fix", plain(entry.fix))
    console.print(table)


def show_retry(console: Console, done: RetryOut) -> None:
    """Say what will be looked at afresh."""
    console.print(f"{done.retried} entries will be looked at afresh by the next sync.")
