"""Small words for tables: values, counts, moments; text of others is shown as it is, never read as markup."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from rich.table import Table
from rich.text import Text

from gp365.app.actions.outputs import GuardOut

EMPTY = "–"


def value(shown: Any) -> str:
    """Write a value: an empty one as a dash, several parts side by side."""
    if isinstance(shown, list):
        return " · ".join(value(part) for part in cast("list[Any]", shown)) or EMPTY
    if shown is None or shown == "":
        return EMPTY
    if isinstance(shown, bool):
        return "yes" if shown else "no"
    return str(shown)


def counts(numbers: Mapping[str, int], *, zero: Sequence[str] = ()) -> str:
    """Write counts in a row, leaving out what is 0 unless it shall be shown."""
    parts = [f"{number:,} {name}" for name, number in numbers.items() if number or name in zero]
    return " · ".join(parts) or "nothing"


def moment(at: datetime | None) -> str:
    """Write a moment in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if at else EMPTY


def age(seconds: float) -> str:
    """Write how long ago something was."""
    for limit, unit in ((120, "s"), (7200, "min"), (172_800, "h")):
        if seconds < limit:
            return f"{seconds / {'s': 1, 'min': 60, 'h': 3600}[unit]:.0f} {unit}"
    return f"{seconds / 86_400:.0f} days"


def grid(*columns: Mapping[str, Any]) -> Table:
    """Make a table without lines; each column's options as `Table.add_column` has them."""
    table = Table.grid(padding=(0, 2))
    for options in columns:
        table.add_column(**options)
    return table


def heading(text: str, more: str = "") -> Text:
    """Make a heading line."""
    line = Text(text, style="bold")
    if more:
        line.append(f"  {more}", style="dim")
    return line


def guarded(one: GuardOut) -> str:
    """Say what a guard holds, or would hold."""
    if one.operation == "restored":
        return f"{one.side} seems to have been restored from a backup: nothing was planned"
    what = {"gone": f"linked records are missing on {one.side}"}.get(
        one.operation, f"{one.operation} on {one.side}"
    )
    held = f", {one.held:,} held" if one.held else ""
    percent = f", {one.percent:g} % of the links" if one.percent else ""
    return f"{one.planned:,} {what}{held}: the limit is {one.limit:,}{percent}, {one.window:,} went before"


def plain(text: str, style: str = "") -> Text:
    """Show a text as it is."""
    return Text(text, style=style)


def field_changes(rows: Iterable[tuple[str, str, Text, str]]) -> Table:
    """Lay out what becomes of fields: side, name, the change, and why."""
    table = grid(
        {"min_width": 2},
        {"min_width": 6, "style": "dim"},
        {"min_width": 18},
        {"ratio": 3, "overflow": "fold"},
        {"ratio": 2, "style": "dim", "overflow": "fold"},
    )
    for side, name, change, why in rows:
        table.add_row("", side, name, change, plain(why))
    table.expand = True
    return table
