"""Showing what gp import-help read from a page."""

from __future__ import annotations

from rich.console import Console

from gp365.app.actions.gp_help import HelpImported
from gp365.cli.words import EMPTY, grid, heading, plain

_FOLD = {"overflow": "fold"}


def show_help(console: Console, found: HelpImported) -> None:
    """Show the resources of a page against the map, then the lines for gp365.toml."""
    console.print(heading(f"resources of {found.system}", "as the page shows them"))
    table = grid(*(_FOLD for _ in range(5)))
    table.add_row(*(plain(word, "dim") for word in ("entity", "path", "verbs", "shown", "against the map")))
    for one in found.resources:
        state = "; ".join(one.differs) or "as in the map"
        shown = ", ".join(one.shown) + ("" if one.assumed else " (whole)")
        table.add_row(
            *(plain(text) for text in (one.entity, one.path, ", ".join(one.verbs), shown)),
            plain(state, "yellow" if one.differs else "green"),
        )
    for entity in found.not_shown:
        table.add_row(entity, EMPTY, EMPTY, EMPTY, plain("the page does not show it", "yellow"))
    console.print(table)
    _others(console, found)
    if found.written:
        console.print(plain("Written into gp365.toml. `gp365 doctor` asks each resource."))
        return
    console.print(heading("for gp365.toml", "--write puts it there"))
    console.out(found.toml, end="", highlight=False)


def _others(console: Console, found: HelpImported) -> None:
    if not found.others:
        return
    console.print(heading("beside the map"))
    table = grid(*(_FOLD for _ in range(3)))
    for one in found.others:
        table.add_row(*(plain(text) for text in (f"  {one.path}", ", ".join(one.verbs) or EMPTY, one.said)))
    console.print(table)
