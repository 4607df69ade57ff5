"""Showing an assessment: who is who, what would be overwritten, what stops, what it costs, what to do first."""

from __future__ import annotations

from rich.console import Console

from gp365.app.actions.assess_outputs import AssessFlow, AssessOut
from gp365.app.actions.plan_horizon import told as told_horizon
from gp365.cli.words import counts, grid, heading, plain, value

_FOLD = {"overflow": "fold"}
_LINES = 8


def show_assess(console: Console, told: AssessOut) -> None:
    """Show an assessment."""
    for flow in told.flows:
        _flow(console, flow)
    console.print(
        heading("cost", f"{counts(told.requests)} requests, about {told.minutes:g} minutes of writing")
    )
    for one in told.storage:
        text = f"  {one.rows:,} new rows in {one.system}: {one.megabytes_assumed:g} MB (assumed)"
        console.print(plain(text))
    for one in told.allowance:
        share = f"{one.percent:g} % of {one.per_day_assumed:,} a day (assumed)"
        console.print(plain(f"  {one.requests:,} counted requests in {one.system}: {share}"))
    console.print(heading("to do first"))
    for line in told.advice:
        console.print(plain(f"  * {line}"))
    if told.file:
        console.print(plain(f"Written: {told.file}"))


def _flow(console: Console, flow: AssessFlow) -> None:
    console.print(heading(flow.flow, f"pair {flow.pair} · looked at: {counts(flow.records)}"))
    table = grid({"justify": "right", "min_width": 10}, _FOLD, _FOLD)
    for one in flow.classes:
        samples = ", ".join(" = ".join(sample.keys.values()) for sample in one.samples[:2])
        table.add_row(f"{one.count:,}", plain(one.name), plain(samples, "dim"))
    console.print(table)
    if flow.horizon is not None:
        console.print(plain(f"  {told_horizon(flow.horizon)}"))
    for one in flow.overwrites[:_LINES]:
        text = f"  {one.field} on {one.side}: {one.replaced:,} replaced, {one.filled:,} filled"
        example = f" ({value(one.samples[0].old)} → {value(one.samples[0].new)})" if one.samples else ""
        console.print(plain(text + example))
    for one in flow.faults[:_LINES]:
        console.print(plain(f"  {one.field}: {one.count:,} {one.code} ({one.example})", "yellow"))
    for one in flow.missing[:_LINES]:
        console.print(
            plain(f"  the lookup of {one.field} lacks {one.value!r}: {one.count:,} records", "yellow")
        )
    for one in flow.duplicates:
        text = f"  {one.records:,} records of {one.side} share {' and '.join(one.fields)} ({one.groups:,} groups)"
        console.print(plain(text, "yellow"))
