"""Showing the explanation of a record: partner, present values, what was agreed, and the decisions with their reasons."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console

from gp365.app.actions.look_outputs import Decision, ExplainOut, Explanation, FieldState, Recomputed
from gp365.cli.words import EMPTY, grid, heading, moment, plain, value

_LATEST = 3


def show_explain(console: Console, found: ExplainOut) -> None:
    """Show what is known of a record, flow by flow."""
    for one in found.explanations:
        _explanation(console, one)


def _explanation(console: Console, one: Explanation) -> None:
    console.print(heading(one.flow, f"pair {one.pair}"))
    if one.link is None:
        console.print(plain("  It has no partner."))
    else:
        console.print(plain(f"  Link {one.link}, {one.state}, made by: {one.made_by}."))
    for side in one.sides:
        state = "is there" if side.there else (side.error.message if side.error else "is not there")
        console.print(plain(f"  {side.side}: {side.entity} {side.key} of {side.system} {state}"))
    for entry in one.parked:
        console.print(plain(f"  parked {entry.id}: {entry.message} [{entry.code}]", "yellow"))
    for wait in one.waits:
        console.print(plain(f"  waits with {wait.field} for {wait.on_key} in {wait.on_flow}", "yellow"))
    for field in one.fields:
        _field(console, field)
    if one.erased:
        lost = f"  The evidence of {one.erased} of its rows in the ledger was erased: those values cannot be explained."
        console.print(plain(lost, "yellow"))
    if one.events:
        console.print(plain("  runs", "bold"))
        for event in one.events[:_LATEST]:
            console.print(plain(f"    {moment(event.at)} UTC {event.run}  {event.disposition}: {event.what}"))


def _field(console: Console, field: FieldState) -> None:
    owner = f"owner {field.owner}" if field.owner else "only read" if field.read_only else "written once"
    console.print(heading(f"  {field.field}", owner))
    table = grid({"min_width": 4}, {"min_width": 10, "style": "bold"}, {"overflow": "fold"})
    for side, columns in field.columns.items():
        held = value(field.now.get(side)) if side in field.now else "not known"
        agreed = f"   (agreed: {value(field.agreed[side])})" if side in field.agreed else ""
        table.add_row("", side, plain(f"{held}{agreed}   {', '.join(columns)}"))
    if field.along:
        table.add_row("", "", plain(f"left: {field.along}"))
    for decision in field.decisions[:_LATEST]:
        table.add_row("", "", plain(_decision(decision)))
        if decision.recomputed is not None:
            for line in _recomputed(decision.recomputed):
                style = "bold red" if decision.recomputed.agrees is False else "dim"
                table.add_row("", "", plain(f"  {line}", style))
    console.print(table)


def _recomputed(one: Recomputed) -> Iterator[str]:
    """Say what was worked out again, from what, by what, and what today would give."""
    source = ", ".join(f"{column} {value(held)}" for column, held in one.source.items())
    made = (
        f": {source + ', ' if source else ''}{one.how}, gives {value(one.value)}"
        if one.agrees is not None
        else ""
    )
    sent = f"; sent was {value(one.sent)}" if one.agrees is False else ""
    yield f"{one.why}{made}{sent}"
    by = f", approved by {one.approver}" if one.approver else ""
    release = f", planned by gp365 {one.planner}" if one.planner else ""
    yield f"intent {one.intent}, the target answered: {one.answer}{by}{release}"
    if one.changed:
        now = f"would give {value(one.today)}" if one.today_differs else "would give the same"
        yield f"changed since: {', '.join(one.changed)}; today they {now}"


def _decision(one: Decision) -> str:
    flow = f"flow version {one.flow_digest[:8]}"
    head = f"{moment(one.at)} UTC, run {one.run}, {one.actor}, {flow}"
    said = one.why or one.code or EMPTY
    if one.side:
        change = f"{one.side}: {value(one.before)} → {value(one.after)} ({one.outcome or 'not sent'})"
    else:
        change = " | ".join(f"{side} {value(held)}" for side, held in one.values.items())
    marks = [name for name in ("overruled", "cut") if getattr(one, name)]
    tail = f"; {', '.join(marks)}" if marks else ""
    return f"{one.verdict}: {change}, because {said}{tail} ({head})"
