"""Showing what doctor found: findings, the matrix of entities and channels with numbered notes, what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table

from gp365.app.actions.doctor_outputs import ChannelLine, Doctor, EntityLine, MatrixLine, VersionLine, WayLine
from gp365.cli.show_setup import ERROR, MARKS
from gp365.cli.words import EMPTY, grid, heading, plain

_FOLD = {"overflow": "fold"}
_WHOLE = {"no_wrap": True}
_READS = {"proved": "green", "assumed": "cyan", "refused": "bold red", "down": "bold red"}
_LEGEND = (
    "reads      proved: this run has asked, rows or a clean empty answer came; assumed: not asked; refused, down: see above",
    "writes     how an edit in between is guarded; doctor never writes: that writing works stays assumed",
    "changes    how they are found, and how fine the stamps are; whole list: everything is read each time",
    "deletions  seen: at once; compared: when all keys are read; unseen: not before `gp365 sync --full`",
    "chosen     by [systems.NAME.channels], else the first of sql, rest, soap that serves the entity",
)


def show_doctor(console: Console, found: Doctor) -> None:
    """Show the findings by system, what each entity can do over each channel, and what flows lack."""
    for system in dict.fromkeys(one.system for one in found.findings):
        console.print(heading(system))
        table = grid({"min_width": 9}, {"min_width": 16}, _FOLD)
        for one in (each for each in found.findings if each.system == system):
            mark, style = MARKS.get(one.level, ERROR)
            text = plain(one.text)
            if one.fix and one.level != "ok":
                text.append(f"\nfix: {one.fix}", style="dim")
            table.add_row(plain(f"  {mark}", style), plain(one.subject), text)
        console.print(table)
    for version in found.versions:
        _version(console, version)
    for system in dict.fromkeys(line.system for line in found.matrix):
        _matrix(console, system, [line for line in found.matrix if line.system == system])
    _entities(console, [one for one in found.entities if one.system not in {x.system for x in found.matrix}])
    _read_back(console, found.entities)
    _add_ons(console, found)
    _missing(console, found)


class _Notes:
    """Texts that are too long for a cell, numbered in the order in which they come up."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def numbers(self, texts: Sequence[str]) -> str:
        """Return the numbers of texts, as a cell shows them."""
        found = {self._numbers.setdefault(text, len(self._numbers) + 1) for text in texts}
        return " ".join(str(number) for number in sorted(found)) or EMPTY

    def show(self, console: Console) -> None:
        """Print the notes."""
        if self._numbers:
            console.print(plain("  assumed, and what else is to be known", "dim"))
        table = grid({"min_width": 5, "justify": "right"}, _FOLD)
        for text, number in self._numbers.items():
            table.add_row(plain(str(number), "dim"), plain(text, "dim"))
        console.print(table)


def _matrix(console: Console, system: str, lines: Sequence[MatrixLine]) -> None:
    console.print(heading(f"entities of {system}", "over each channel"))
    notes, table = _Notes(), grid(*([_WHOLE] * 7), _FOLD)
    names = ("entity", "channel", "reads", "writes", "changes", "deletions", "chosen", "notes")
    table.add_row(*(plain(name, "dim") for name in names))
    for line in lines:
        for at, way in enumerate(line.ways):
            _way(table, line, way, notes, first=at == 0)
    console.print(table)
    for text in _LEGEND:
        console.print(plain(f"  {text}", "dim"))
    notes.show(console)


def _way(table: Table, line: MatrixLine, way: WayLine, notes: _Notes, *, first: bool) -> None:
    hidden = [f"not served: {', '.join(way.not_served)}"] if way.not_served else []
    said = [way.said] if way.said and way.reads == "assumed" else []
    table.add_row(
        plain(line.entity if first else "", "bold" if line.flows else ""),
        way.way,
        plain(way.reads, _READS.get(way.reads, "")),
        way.writes or EMPTY,
        _changes(way),
        way.deletions or EMPTY,
        _chosen(line, way),
        notes.numbers([*way.assumed, *hidden, *said]),
    )


def _changes(way: WayLine) -> str:
    if way.feed == "none":
        return "whole list"
    if way.feed == "delta":
        return "delta"
    size = way.granularity_s
    return (
        "by day" if size >= 86_400 else f"stamps {size * 1000:.0f} ms" if size < 1 else f"stamps {size:g} s"
    )


def _chosen(line: MatrixLine, way: WayLine) -> str:
    if not way.chosen:
        return EMPTY
    why = line.read_why if "read" in way.chosen else line.write_why
    return f"{', '.join(way.chosen)} ({why})"


def _entities(console: Console, entities: Sequence[EntityLine]) -> None:
    """Show the entities of systems that have one way only."""
    if not entities:
        return
    console.print(heading("entities"))
    notes, table = _Notes(), grid(*([_WHOLE] * 5), _FOLD)
    table.add_row(
        *(plain(name, "dim") for name in ("system", "entity", "channel", "writes", "feed", "notes"))
    )
    for one in entities:
        hidden = [f"not served: {', '.join(one.not_served)}"] if one.not_served else []
        row = (one.system, one.entity, one.channel, one.writes, one.feed)
        table.add_row(*(plain(text) for text in row), notes.numbers([*one.assumed, *hidden]))
    console.print(table)
    notes.show(console)


def _read_back(console: Console, entities: Sequence[EntityLine]) -> None:
    for system, way in dict.fromkeys((one.system, one.read_back) for one in entities if one.read_back):
        how = way if way.startswith("over ") else f"by {way}"
        console.print(plain(f"What is written to {system} is read back {how}."))


def _version(console: Console, one: VersionLine) -> None:
    by = {"sql": f"{one.exact}, by SQL Server", "settings": "by the settings", "nobody": ""}[one.told_by]
    console.print(heading(f"version of {one.system}", f"{one.title}{f' ({by})' if by else ''}"))
    if one.ends is not None:
        until = f", security fixes until {one.fixes_until}" if one.fixes_until else ""
        state = "supported" if one.supported else "NOT SUPPORTED any more"
        console.print(plain(f"  {state}: support until {one.ends}{until}"))
    if one.newer_columns:
        console.print(plain(f"  columns of newer databases: {', '.join(one.newer_columns)}"))
    for text in one.states:
        console.print(plain(f"  {text}"))
    for text in one.assumed:
        console.print(plain(f"  assumed: {text}", "dim"))


def _add_ons(console: Console, found: Doctor) -> None:
    shown = [one for one in found.add_ons if one.state != "not found"]
    if not shown:
        return
    console.print(heading("add-ons", "that change what GP's data mean"))
    table = grid({"min_width": 22}, {"min_width": 9}, _FOLD)
    for one in shown:
        touched = f" Flows: {', '.join(one.flows)}." if one.flows else ""
        style = "yellow" if one.state == "in use" else "dim"
        table.add_row(plain(f"  {one.name}"), plain(one.state, style), plain(f"{one.means}.{touched}"))
    console.print(table)


def _missing(console: Console, found: Doctor) -> None:
    """Show what flows need and nothing serves, and what an administrator could enable."""
    rows = [*_lacking(found), *(row for one in found.channels for row in _not_set_up(one))]
    if not rows:
        return
    console.print(heading("missing", "and what an administrator can enable"))
    table = grid({"min_width": 22}, _FOLD)
    for subject, text, fix in rows:
        words = plain(text)
        words.append(f"\nfix: {fix}", style="dim")
        table.add_row(plain(f"  {subject}"), words)
    console.print(table)


def _lacking(found: Doctor) -> Iterator[tuple[str, str, str]]:
    for one in found.lacking:
        yield f"{one.pair}/{one.flow}", one.text, one.fix


def _not_set_up(one: ChannelLine) -> Iterator[tuple[str, str, str]]:
    if one.set_up or not (one.adds_reading or one.adds_writing):
        return
    text = f"{one.title} is not set up."
    if one.adds_reading:
        text += f" It would let gp365 read {', '.join(one.adds_reading)}."
    if one.adds_writing:
        text += f" It would let gp365 write {', '.join(one.adds_writing)}."
    yield one.system, text, one.fix
