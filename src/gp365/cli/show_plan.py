"""Showing a plan: a block per record, old → new and why, then the totals and the cost."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from gp365.app.actions.outputs import FlowPlanOut, PlannedField, PlannedRecord, PlanOut
from gp365.app.actions.plan_horizon import told as told_horizon
from gp365.cli.words import EMPTY, counts, field_changes, grid, guarded, heading, plain, value

_STYLES = {"created": "green", "updated": "cyan", "parked": "yellow", "waiting": "yellow"}
_QUIET = ("create_only", "read_only", "along")
_TOLD = ("write", "held", "conflict", "parked", "waiting", "along")


def show_plan(console: Console, plan: PlanOut) -> None:
    """Show the plans of all flows."""
    for flow in plan.flows:
        _flow(console, flow)
    requests = counts({f"on {system}": number for system, number in plan.requests.items()})
    console.print(plain(f"It will take about {plan.minutes:.1f} minutes. Requests: {requests}."))
    files = [flow.file for flow in plan.flows if flow.file]
    if files:
        console.print(plain(f"Written to {', '.join(files)}; `gp365 apply` does what they say."))
    else:
        console.print(plain("Nothing was written. `gp365 sync` does it; `gp365 plan --out FILE` keeps it."))


def _flow(console: Console, flow: FlowPlanOut) -> None:
    console.print(heading(f"{flow.flow}", f"pair {flow.pair} · {flow.title}"))
    for side in flow.recovery:
        why = f"{side} was restored from a backup: this is the way back, `gp365 sync --approve` goes it."
        console.print(plain(why, "yellow"))
    for record in flow.records:
        _record(console, record)
    if flow.to_show > len(flow.records):
        more = flow.to_show - len(flow.records)
        console.print(plain(f"… and {more:,} more records (--all shows them).", "dim"))
    console.print()
    _totals(console, flow)
    console.print()


def _record(console: Console, record: PlannedRecord) -> None:
    keys = "  ".join(f"{side} {key}" for side, key in record.keys.items())
    line = Text("\n  ")
    line.append(record.name or next(iter(record.keys.values()), record.subject), style="bold")
    line.append(f"  {keys}  ", style="dim")
    line.append(record.outcome, style=_STYLES.get(record.outcome, ""))
    console.print(line)
    for write in record.writes:
        if write.op == "create":
            console.print(plain(f"    a new record on {write.side}: {write.key}", "green"))
    if record.problem is not None:
        console.print(plain(f"    {record.problem.message} [{record.problem.code}]", "yellow"))
    fields = [one for one in record.fields if one.verdict not in _QUIET]
    if fields:
        _fields(console, fields)


def _fields(console: Console, fields: list[PlannedField]) -> None:
    console.print(field_changes((one.side, one.field, _change(one), _why(one)) for one in fields))


def _change(one: PlannedField) -> Text:
    text = Text()
    if one.verdict != "write":
        both = " | ".join(f"{side} {value(held)}" for side, held in one.values.items())
        text.append(f"{one.verdict}: ", style="yellow")
        return text.append(both)
    if one.old is not None:
        text.append(value(one.old), style="red")
        text.append(" → ")
    text.append(value(one.new) if one.new is not None else f"{EMPTY} (cleared)", style="green")
    return text


def _why(one: PlannedField) -> str:
    said = [one.why]
    said += [f"owner {one.owner}"] if one.owner in one.values else []
    said += ["overruled"] if one.overruled else []
    said += ["cut to fit"] if one.cut else []
    return ", ".join(part for part in said if part)


def _totals(console: Console, flow: FlowPlanOut) -> None:
    table = grid({"style": "bold", "min_width": 16}, {"overflow": "fold"})
    table.add_row("  records", f"{flow.considered:,} considered: {counts(flow.outcomes)}")
    writes = [f"{number:,} created on {side}" for side, number in flow.created.items()]
    writes += [f"{number:,} updated on {side}" for side, number in flow.updated.items()]
    table.add_row("  writes", " · ".join(writes) or "none")
    if flow.follow:
        table.add_row("  follow", f"{flow.follow:,} created for records that the plans above create")
    told = {name: flow.fields.get(name, 0) for name in _TOLD}
    told |= {"overruled": flow.overruled, "cut to fit": flow.cut}
    told |= {f"won by {side} at first contact": number for side, number in flow.first_contact.items()}
    table.add_row("  fields", counts(told))
    if flow.horizon is not None:
        table.add_row("  horizon", plain(told_horizon(flow.horizon)))
    for guard in flow.guards:
        table.add_row("  guard", plain(f"{guarded(guard)}; `gp365 sync --approve` lets it go", "yellow"))
    for message in flow.not_served:
        table.add_row("  not served", plain(message, "yellow"))
    console.print(table)
