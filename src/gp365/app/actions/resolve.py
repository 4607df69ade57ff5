"""The action `parked resolve`: a person's decision is checked, stored with who took it, and carried out by the next sync."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gp365.app.actions.parked import raise_key
from gp365.app.actions.parked_shown import sides_of
from gp365.app.actions.resolve_check import Checked, Wish, check_wishes
from gp365.app.actions.resolve_choices import CREATE, IGNORE, LINK, TAKE, VALUE, unknown
from gp365.app.actions.resolve_outputs import ResolveOut
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
        if not dry_run and store_each(project, [checked]):
            raise closed(wish.entry)
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


def store_each(project: Project, decisions: Sequence[Checked]) -> set[int]:
    """Store decisions in one commit, and name the entries that were closed meanwhile."""
    late: set[int] = set()
    with project.store.write() as conn:
        for one in decisions:
            entry = one.wish.entry
            if parked.resolve(conn, entry.id, one.stored, project.actor):
                raise_key(project, conn, entry, DECIDED)
            else:
                late.add(entry.id)
    return late


def closed(entry: Parked) -> Misconfigured:
    """Say that an entry was closed while its decision was checked."""
    return stale(entry, f"Entry {entry.id} was closed in the meantime.")
