"""Deciding by a file: each line of it by itself, all of it or nothing, and every fault with its line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from gp365.app.actions.outputs import error_out
from gp365.app.actions.parked_shown import sides_of
from gp365.app.actions.resolve import closed, store_each
from gp365.app.actions.resolve_check import Checked, Wish, check_wishes
from gp365.app.actions.resolve_choices import CREATE, IGNORE, LINK, TAKE, VALUE, unknown
from gp365.app.actions.resolve_csv import CsvLine, print_of, read_lines
from gp365.app.actions.resolve_outputs import FaultOut, ResolveOut
from gp365.app.assembly import Assembly, assemble
from gp365.app.project import Project
from gp365.model.errors import Misconfigured
from gp365.store import parked
from gp365.store.parked import Parked
from gp365.sync.deciding import refused, stale


@dataclass(slots=True)
class _Reading:
    """What the lines of a file come to, on the way."""

    project: Project
    wishes: list[tuple[CsvLine, Wish]] = field(default_factory=list[tuple[CsvLine, Wish]])
    good: list[Checked] = field(default_factory=list[Checked])
    faults: list[FaultOut] = field(default_factory=list[FaultOut])
    undecided: int = 0

    @property
    def fresh(self) -> list[Checked]:
        """The decisions that are not what was decided before."""
        return [one for one in self.good if not one.unchanged]


def resolve_file(project: Project, path: Path, *, dry_run: bool = False) -> ResolveOut:
    """Store the decisions of a file that `parked list --csv` wrote.

    Faulty lines are reported (exit code 2) and do not keep the others from being stored. Misconfigured
    ("resolution-invalid") if the file cannot be read as such a file.
    """
    lines = list(read_lines(path))
    reading = _Reading(project)
    with project.locked(), assemble(project) as assembly:
        _read(reading, lines)
        _check(reading, assembly)
        late: set[int] = set() if dry_run else store_each(project, reading.fresh)
    reading.faults += [
        _fault(line, closed(wish.entry)) for line, wish in reading.wishes if wish.entry.id in late
    ]
    return ResolveOut(
        by=project.actor,
        dry_run=dry_run,
        decided=[one.told for one in reading.fresh if one.told.id not in late],
        undecided=reading.undecided,
        unchanged=len(reading.good) - len(reading.fresh),
        faults=sorted(reading.faults, key=lambda one: one.line),
        file=str(path),
        exit_code=Misconfigured.exit_code if reading.faults else 0,
    )


def _read(reading: _Reading, lines: Sequence[CsvLine]) -> None:
    seen: set[int] = set()
    for line in lines:
        try:
            wish = _line(reading.project, line, seen)
        except Misconfigured as error:
            reading.faults.append(_fault(line, error))
            continue
        if wish is None:
            reading.undecided += 1
        else:
            reading.wishes.append((line, wish))


def _check(reading: _Reading, assembly: Assembly) -> None:
    results = check_wishes(assembly, [wish for _, wish in reading.wishes])
    for (line, _), checked in zip(reading.wishes, results, strict=True):
        if isinstance(checked, Misconfigured):
            reading.faults.append(_fault(line, checked))
        else:
            reading.good.append(checked)


def _line(project: Project, line: CsvLine, seen: set[int]) -> Wish | None:
    """Read what a line decides; None where it decides nothing."""
    decision = " ".join(line.cell("decision").split())
    if not decision:
        return None
    id = _id(line)
    with project.store.read() as conn:
        entry = parked.show(conn, id)
    if entry is None:
        raise unknown(id)
    if entry.state != "open" or line.cell("print") != print_of(entry):
        raise stale(entry, f"Entry {id} is closed, or shows other values than this line.")
    if id in seen:
        raise refused(entry, f"The file decides on entry {id} twice.", "Keep one of the lines.")
    seen.add(id)
    return _decision(entry, decision, line.cell("value"), sides_of(project, entry))


def _id(line: CsvLine) -> int:
    text = line.cell("id").partition(".")[0].partition(",")[0]
    if not text.isascii() or not text.isdigit():
        raise Misconfigured("parked-unknown", f"{line.cell('id')!r} is no number of an entry.", field="id")
    return int(text)


def _decision(entry: Parked, text: str, value: str, sides: Sequence[str]) -> Wish:
    verb, _, rest = text.partition(" ")
    verb, rest = verb.casefold(), rest.strip() or value
    if verb == VALUE:
        return Wish(entry, VALUE, rest)
    if verb == LINK and rest:
        return Wish(entry, LINK, rest)
    side = next((one for one in sides if one.casefold() == rest.casefold()), None)
    if verb == TAKE and side is not None:
        return Wish(entry, TAKE, side)
    if verb in (CREATE, IGNORE) and not text.partition(" ")[2]:
        return Wish(entry, verb)
    known = ", ".join(["link KEY", "create", "ignore", *(f"take {one}" for one in sides), "value TEXT"])
    raise refused(entry, f"{text!r} is no decision.", f"Write one of: {known}.", value=text)


def _fault(line: CsvLine, error: Misconfigured) -> FaultOut:
    told = error_out(error)
    return FaultOut(line.number, line.cell("id"), replace(told, record=told.record or line.cell("id")))
