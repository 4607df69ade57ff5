"""Showing an undo: a block per record, now → back to, what will differ between the systems, and what is refused."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from gp365.app.actions.undo_outputs import UndoField, UndoOut, UndoRecord
from gp365.cli.show_runs import show_runs
from gp365.cli.words import counts, field_changes, plain, value

_STYLES = {"back": "cyan", "partly": "yellow", "unchanged": "dim"}


def show_undo(console: Console, found: UndoOut) -> None:
    """Show an undo, planned or carried out."""
    for record in found.records:
        _record(console, record)
    if found.more:
        console.print(plain(f"… and {found.more:,} more records (--all shows them).", "dim"))
    console.print()
    if found.runs:
        show_runs(console, found.runs)
    _ending(console, found)


def _record(console: Console, record: UndoRecord) -> None:
    keys = "  ".join(f"{side} {key}" for side, key in record.keys.items())
    line = Text("\n  ")
    line.append(record.name or next(iter(record.keys.values()), record.subject), style="bold")
    line.append(f"  {record.flow}  {keys}  ", style="dim")
    line.append(record.outcome, style=_STYLES.get(record.outcome, "yellow"))
    console.print(line)
    if record.link == "close":
        console.print(plain("    its link is closed: it is never made again", "cyan"))
    if record.link == "open":
        console.print(plain("    its link is opened again", "cyan"))
    if record.why:
        console.print(plain(f"    {record.why} [{record.code}]", "yellow"))
    if record.fields:
        _fields(console, record.fields)
    for note in record.notes:
        console.print(plain(f"    {note}", "yellow"))


def _fields(console: Console, fields: list[UndoField]) -> None:
    console.print(field_changes((one.side, one.field, _change(one), _why(one)) for one in fields))


def _change(one: UndoField) -> Text:
    text = Text()
    if one.verdict == "refused":
        return text.append(f"stays {value(one.now)}", style="yellow")
    if one.verdict == "already":
        return text.append(f"{value(one.now)} already", style="dim")
    text.append(value(one.now), style="red")
    text.append(" → ")
    return text.append(value(one.back), style="green")


def _why(one: UndoField) -> str:
    return f"will differ: {one.differs}; {one.why}" if one.differs else one.why


def _ending(console: Console, found: UndoOut) -> None:
    console.print(plain(f"{counts(found.outcomes)}.", "bold"))
    if found.strange:
        more = "follow from what they add up, and are not taken back by themselves"
        console.print(
            plain(f"{found.strange:,} writes belong to no flow of this pair: sums {more}.", "yellow")
        )
    if any(one.differs for record in found.records for one in record.fields):
        told = "What differs between the systems then is settled: the next sync leaves it until somebody edits it."
        console.print(plain(told))
    if found.applied:
        for run in found.runs:
            console.print(plain(f"`gp365 undo {run.run}` takes back what it did in {run.flow}."))
        if not found.runs:
            console.print(plain("There was nothing to do."))
    elif not found.outcomes.keys() - {"refused", "unchanged"}:
        console.print("There is nothing that could be taken back.")
    else:
        console.print(plain(f"Nothing was written. --apply does it (--plan {found.digest} exactly this)."))
