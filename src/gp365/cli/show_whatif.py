"""Showing what another owner of a field would have come to."""

from __future__ import annotations

from rich.console import Console

from gp365.app.actions.whatif import OutcomeOut, WhatifChange, WhatifFlow, WhatifOut
from gp365.cli.words import counts, grid, heading, moment, plain, value


def show_whatif(console: Console, found: WhatifOut) -> None:
    """Show by flow and field what would have differed."""
    for flow in found.flows:
        _flow(console, flow)
    note = "Each change is replayed by itself; what would have followed from it is not. Nothing was written."
    console.print(plain(note, "dim"))


def _flow(console: Console, flow: WhatifFlow) -> None:
    console.print(heading(flow.flow, f"pair {flow.pair}"))
    for field in flow.fields:
        told = {"different": field.different, "the same": field.same}
        told["not replayed"] = sum(field.not_replayed.values())
        line = (
            f"  {field.field}: {field.other} instead of {field.owner}: {field.looked} changes, {counts(told)}"
        )
        console.print(plain(line))
        for reason, number in field.not_replayed.items():
            console.print(plain(f"    {number} not replayed: {reason}", "yellow"))
    for change in flow.changes:
        _change(console, change)
    more = sum(field.different for field in flow.fields) - len(flow.changes)
    if more > 0:
        console.print(plain(f"  … and {more} more (--limit)"))


def _change(console: Console, change: WhatifChange) -> None:
    keys = " = ".join(change.keys.values())
    console.print(plain(f"  {moment(change.at)} UTC  {keys}  {change.field}", "bold"))
    table = grid({"min_width": 4}, {"min_width": 6}, {"overflow": "fold"})
    for side, held in change.values.items():
        table.add_row("", side, plain(value(held)))
    for title, outcome in (("then", change.then), ("now", change.now)):
        table.add_row("", title, plain(_told(outcome)))
    console.print(table)


def _told(one: OutcomeOut) -> str:
    writes = "; ".join(
        f"{side} {name} {value(new)}" for side, fields in one.written.items() for name, new in fields.items()
    )
    return f"{one.verdict}{f': {writes}' if writes else ''} ({one.why})"
