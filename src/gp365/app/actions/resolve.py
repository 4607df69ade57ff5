"""The action `parked resolve`: a person's decision is checked, stored with who took it, and carried out by the next sync."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gp365.app.actions.outputs import error_out
from gp365.app.actions.parked import raise_key
from gp365.app.actions.parked_shown import sides_of
from gp365.app.actions.resolve_check import Checked, Wish, check_wishes
from gp365.app.actions.resolve_choices import CREATE, IGNORE, LINK, TAKE, VALUE, unknown
from gp365.app.actions.resolve_csv import CsvLine, print_of, read_lines
from gp365.app.actions.resolve_outputs import FaultOut, ResolveOut
from gp365.app.actions.running import Progress, silent
from gp365.app.actions.sync import sync
from gp365.app.assembly import assemble
from gp365.app.project import Project
from gp365.model.errors import Misconfigured
from gp365.store import parked
from gp365.store.parked import Parked
from gp365.sync.deciding import refused, stale

DECIDED = "decided"
_FAULTY = Misconfigured.exit_code


@dataclass(frozen=True, slots=True)
class Given:
    """What a person typed: exactly one of the decisions; `field` picks another entry of the same record."""

    link: str | None = None
    create: bool = False
    ignore: bool = False
    take: str | None = None
    value: str | None = None
    field: str | None = None


def resolve(
    project: Project,
    id: int,
    given: Given,
    *,
    now: bool = False,
    dry_run: bool = False,
    progress: Progress = silent,
) -> ResolveOut:
    """Store a decision on one entry; with `now` run its flow at once.

    Misconfigured: parked-unknown, resolution-stale, resolution-invalid, record-unknown, and the codes of values that do
    not fit. A decision that is taken again replaces the earlier one.
    """
    with project.locked(), assemble(project) as assembly:
        wish = _wish(project, _entry(project, id, given.field), given)
        checked = next(iter(check_wishes(assembly, [wish])))
        if isinstance(checked, Misconfigured):
            raise checked
        if not dry_run:
            _store(project, [checked])
    done = ResolveOut(project.actor, dry_run, [checked.told])
    if not now or dry_run:
        return done
    ran = sync(project, pair=wish.entry.pair, flow=wish.entry.flow, progress=progress)
    return replace(done, sync=ran, exit_code=ran.exit_code)


def _entry(project: Project, id: int, field: str | None) -> Parked:
    with project.store.read() as conn:
        entry = parked.show(conn, id)
        if entry is None:
            raise unknown(id)
        if field is not None and entry.field != field:
            others = parked.open_for(conn, entry.pair, entry.flow, [entry.subject]).get(entry.subject, [])
            wanted = (field, field.partition(".")[0])
            found = next((one for one in others if one.field and one.field in wanted), None)
            if found is None:
                raise refused(entry, f"Nothing is parked in the field {field} of this record.", value=field)
            entry = found
    if entry.state != "open":
        raise stale(entry, f"Entry {id} is closed: what it showed is no longer so.")
    return entry


def _wish(project: Project, entry: Parked, given: Given) -> Wish:
    chosen = [
        (verb, text)
        for verb, text in (
            (LINK, given.link),
            (CREATE, "" if given.create else None),
            (IGNORE, "" if given.ignore else None),
            (TAKE, given.take),
            (VALUE, given.value),
        )
        if text is not None
    ]
    if len(chosen) != 1:
        raise Misconfigured(
            "usage", "Take exactly one decision.", fix="--link KEY, --create, --ignore, --take or --value."
        )
    verb, text = chosen[0]
    return _taken(entry, text, sides_of(project, entry)) if verb == TAKE else Wish(entry, verb, text)


def _taken(entry: Parked, text: str, sides: Sequence[str]) -> Wish:
    """Read what is taken: a side by its name, else a value; a name that was mistyped is no value."""
    side = next((one for one in sides if one.casefold() == text.strip().casefold()), None)
    if side is not None:
        return Wish(entry, TAKE, side)
    if near := difflib.get_close_matches(text.strip().casefold(), sides, 1, 0.7):
        fix = f"Write --take {near[0]}, or --value {text} if that text is meant."
        raise refused(entry, f"{text} is no side of this pair.", fix, value=text)
    return Wish(entry, VALUE, text)


def _store(project: Project, decisions: Sequence[Checked]) -> None:
    with project.store.write() as conn:
        for one in decisions:
            entry = one.wish.entry
            if not parked.resolve(conn, entry.id, one.stored, project.actor):
                raise stale(entry, f"Entry {entry.id} was closed in the meantime.")
            raise_key(project, conn, entry, DECIDED)


# from a file


def resolve_file(project: Project, path: Path, *, dry_run: bool = False) -> ResolveOut:
    """Store the decisions of a file that `parked list --csv` wrote: each line by itself, all of it or nothing.

    Faulty lines are reported (exit code 2) and do not keep the others from being stored. Misconfigured
    ("resolution-invalid") if the file cannot be read as such a file.
    """
    lines = list(read_lines(path))
    faults: list[FaultOut] = []
    undecided = 0
    wishes: list[tuple[CsvLine, Wish]] = []
    with project.locked(), assemble(project) as assembly:
        seen: set[int] = set()
        for line in lines:
            try:
                wish = _line(project, line, seen)
            except Misconfigured as error:
                faults.append(_fault(line, error))
                continue
            if wish is None:
                undecided += 1
            else:
                wishes.append((line, wish))
        good: list[Checked] = []
        results = check_wishes(assembly, [wish for _, wish in wishes])
        for (line, _), checked in zip(wishes, results, strict=True):
            if isinstance(checked, Misconfigured):
                faults.append(_fault(line, checked))
            else:
                good.append(checked)
        fresh = [one for one in good if not one.unchanged]
        if not dry_run:
            faults += _store_each(project, fresh, {wish.entry.id: line for line, wish in wishes})
    failed = {fault.id for fault in faults}
    return ResolveOut(
        by=project.actor,
        dry_run=dry_run,
        decided=[one.told for one in fresh if str(one.told.id) not in failed],
        undecided=undecided,
        unchanged=len(good) - len(fresh),
        faults=sorted(faults, key=lambda one: one.line),
        file=str(path),
        exit_code=_FAULTY if faults else 0,
    )


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


def _store_each(project: Project, decisions: Sequence[Checked], lines: dict[int, CsvLine]) -> list[FaultOut]:
    """Store decisions in one commit; entries that were closed meanwhile are named."""
    faults: list[FaultOut] = []
    with project.store.write() as conn:
        for one in decisions:
            entry = one.wish.entry
            if parked.resolve(conn, entry.id, one.stored, project.actor):
                raise_key(project, conn, entry, DECIDED)
            else:
                late = stale(entry, f"Entry {entry.id} was closed in the meantime.")
                faults.append(_fault(lines[entry.id], late))
    return faults
