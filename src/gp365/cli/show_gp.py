"""Showing what gp import-help read from a page, and gp draft-classes from customers."""

from __future__ import annotations

from rich.console import Console

from gp365.app.actions.gp_classes import ClassesDrafted
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


def show_classes(console: Console, found: ClassesDrafted) -> None:
    """Show the classes that customers have, against the file, then the text of those that it lacks."""
    console.print(heading(f"customer classes of {found.system}", f"{found.customers} customers read"))
    table = grid(*(_FOLD for _ in range(5)))
    table.add_row(
        *(plain(word, "dim") for word in ("class", "customers", "agree in", "differ in", found.file))
    )
    for one in found.classes:
        color = "green" if one.state == "approved" else "yellow"
        told = (one.class_id, str(one.customers), f"{len(one.given)} fields", ", ".join(one.open) or EMPTY)
        table.add_row(*(plain(text) for text in told), plain(one.state, color))
    console.print(table)
    if found.without_class:
        console.print(plain(f"{found.without_class} customers have no class."))
    if found.written:
        console.print(
            plain(f"Added to {found.file}. Compare it with GP's class windows and set approved = true.")
        )
    elif found.text:
        console.print(heading(f"for {found.file}", "--write adds it there"))
        console.out(found.text, end="", highlight=False)
    else:
        console.print(plain(f"{found.file} has every class that customers have."))
