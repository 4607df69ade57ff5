"""Showing parked entries: what is asked, what speaks for which answer, and the commands that give it."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from gp365.app.actions.look_outputs import CandidateOut, ParkedList, ParkedOut, RetryOut
from gp365.app.actions.outputs import Shown
from gp365.app.actions.resolve_outputs import DecisionOut, FaultOut, ResolveOut
from gp365.cli.show_runs import show_sync
from gp365.cli.words import EMPTY, counts, grid, heading, moment, plain, value

_FOLD = {"overflow": "fold"}
_SHOWN = 20


def show_parked_list(console: Console, found: ParkedList) -> None:
    """Show what waits for a person."""
    if not found.total:
        console.print("Nothing is parked.")
        return
    table = grid(*(_FOLD for _ in range(6)))
    table.add_row(*(plain(name, "bold") for name in ("id", "flow", "record", "field", "cause", "what")))
    pairs = {entry.pair for entry in found.entries}
    for entry in found.entries:
        what = f"decided: {entry.decision} (by {entry.resolved_by})" if entry.decision else entry.message
        flow = entry.flow if len(pairs) == 1 else f"{entry.pair}/{entry.flow}"
        told = plain(_record(entry)), entry.field or "(record)", entry.code, plain(what)
        table.add_row(str(entry.id), flow, *told)
    console.print(table)
    decided = f", {found.decided} of them decided" if found.decided else ""
    tail = f"{found.total} parked: {counts(found.by_code)}{decided}. `gp365 parked show ID` tells more."
    console.print(plain(tail))
    if found.file:
        told = "Fill its columns decision and value, then `gp365 parked resolve --from FILE`."
        console.print(plain(f"Written: {found.file}. {told}"))


def _record(entry: ParkedOut) -> str:
    keys = " = ".join(entry.keys.values())
    name = next(iter(entry.names.values()), "")
    return f"{keys} {name}".strip()


def show_parked(console: Console, entry: ParkedOut) -> None:
    """Show one parked entry."""
    console.print(heading(f"{entry.id}: {entry.message}", f"{entry.code} · {entry.state}"))
    table = grid({"style": "bold", "min_width": 14}, _FOLD)
    table.add_row("  flow", f"{entry.flow} of {entry.pair}")
    for side, key in entry.keys.items():
        table.add_row(f"  {side}", plain(f"{key} {entry.names.get(side, '')}".strip()))
    for name, held in entry.evidence.items():
        if not entry.compared or name != "value":
            table.add_row(f"  {name}", plain(value(held)))
    table.add_row("  since", f"{moment(entry.made_at)} UTC, last seen {moment(entry.seen_at)}")
    if entry.decision:
        at = f"by {entry.resolved_by}, {moment(entry.resolved_at)} UTC"
        table.add_row("  decided", plain(f"{entry.decision} {at}; the next sync carries it out"))
    table.add_row("  fix", plain(entry.fix))
    console.print(table)
    if entry.values:
        console.print(_values(entry))
    for one in entry.compared:
        _candidate(console, entry, one)
    for key in [] if entry.compared else entry.candidates:
        console.print(plain(f"  candidate {key}"))
    _choices(console, entry)


def _values(entry: ParkedOut) -> Table:
    """Lay both sides of a field, or of each field of a group, beside what had been agreed."""
    table = grid({"min_width": 14}, *(_FOLD for _ in range(1 + 2 * len(entry.values))))
    sides = list(entry.values)
    agreed = [f"agreed, {side}" for side in sides] if entry.base else []
    table.add_row(*(plain(name, "bold") for name in ("  field", *sides, *agreed)))
    names = entry.fields or [entry.field]
    for at, name in enumerate(names):
        cells = [_part(entry.values[side], at, len(names)) for side in sides]
        cells += [_part(entry.base.get(side), at, len(names)) for side in sides] if entry.base else []
        table.add_row(plain(f"  {name}"), *(plain(cell) for cell in cells))
    for title, told in (("changed by", entry.who), ("changed at", entry.when)):
        if told:
            table.add_row(
                plain(f"  {title}", "dim"), *(plain(told.get(side, EMPTY), "dim") for side in sides)
            )
    return table


def _part(held: Shown, at: int, many: int) -> str:
    """Give one field of a group; where a field has several columns, all of the group."""
    if isinstance(held, list) and many > 1 and len(held) == many:  # pyright: ignore[reportUnknownArgumentType]
        return value(held[at])
    return value(held) if many == 1 or at == 0 else ""


def _candidate(console: Console, entry: ParkedOut, one: CandidateOut) -> None:
    likely = f"{one.why}, {one.score:.2f}" if one.score < 1 else one.why
    console.print(heading(f"  candidate {one.key} {one.name}".rstrip(), likely))
    table = grid({"min_width": 14}, _FOLD, _FOLD)
    own = next(iter(entry.keys.values()), "")
    if one.fields:
        table.add_row("", plain(own, "dim"), plain(one.key, "dim"))
    for name, both in one.fields.items():
        mine, theirs = (value(held) for held in both)
        table.add_row(plain(f"    {name}"), plain(mine), plain(theirs))
    if one.linked_to:
        table.add_row("    linked with", plain(one.linked_to))
    console.print(table)


def _choices(console: Console, entry: ParkedOut) -> None:
    if not entry.choices:
        return
    console.print(plain("  To decide, type one of:", "bold"))
    for one in entry.choices:
        console.print(plain(f"    {one.command}"))
        console.print(plain(f"        {one.what}", "dim"))


def show_retry(console: Console, done: RetryOut) -> None:
    """Say what will be looked at afresh."""
    console.print(f"{done.retried} entries will be looked at afresh by the next sync.")


def show_resolved(console: Console, done: ResolveOut) -> None:
    """Say what was decided, and which lines of a file decide nothing."""
    for one in done.decided[:_SHOWN]:
        _decided(console, one)
    if (more := len(done.decided) - _SHOWN) > 0:
        console.print(plain(f"  … and {more} more"))
    for fault in done.faults:
        _fault(console, fault)
    if done.file:
        told = {
            "decided": len(done.decided),
            "unchanged": done.unchanged,
            "undecided": done.undecided,
            "faulty": len(done.faults),
        }
        console.print(plain(f"{done.file}: {counts(told)}."))
    if done.dry_run:
        console.print("Nothing was stored: --dry-run.")
    elif done.sync is not None:
        show_sync(console, done.sync)
    elif done.decided:
        console.print("The next `gp365 sync` carries it out.")


def _decided(console: Console, one: DecisionOut) -> None:
    instead = f" instead of {one.before}" if one.before and one.before != one.decision else ""
    where = " = ".join(one.keys.values())
    field = f" {one.field}" if one.field else ""
    console.print(plain(f"{one.id}: {where}{field}: {one.decision}{instead}", "bold"))
    if one.partner is not None:
        partner = f"{one.partner.key} {one.partner.name}".strip()
        known = "" if one.partner.candidate else ", which was no candidate"
        linked = f", linked with {one.partner.linked_to} already" if one.partner.linked_to else ""
        console.print(plain(f"   {one.partner.side}: {partner}{known}{linked}"))
    for side, values in one.writes.items():
        for name, new in values.items():
            console.print(plain(f"   {side} {name} will be {value(new)}"))


def _fault(console: Console, fault: FaultOut) -> None:
    where = f"line {fault.line}, entry {fault.id or EMPTY}"
    told = ", ".join(
        f"{name} {held}"
        for name, held in (("field", fault.error.field), ("value", fault.error.value))
        if held
    )
    console.print(plain(f"{where}: {fault.error.message}{f' [{told}]' if told else ''}", "red"))
    if fault.error.fix:
        console.print(plain(f"   fix: {fault.error.fix}", "dim"))
