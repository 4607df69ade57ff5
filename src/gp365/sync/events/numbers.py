"""Renumbered records: the same birth mark under another key. The link follows, and numbers that were swapped come right.

GP keeps a customer's NOTEINDX and creation date when Professional Services Tools renumber it (practice, assumed), so the
birth mark tells; where both keys stand with one mark nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gp365.model.plan import Candidate, Problem
from gp365.model.record import Record
from gp365.model.values import Key, key_of, key_text, show_key
from gp365.store.links import OPEN, Link
from gp365.sync.births import given_out_again, links_by_births
from gp365.sync.events.joining import absorb_at, set_free
from gp365.sync.events.kinds import Repair
from gp365.sync.events.look import Look, at, decision_of, end_birth, end_key, named_keys, subject_of
from gp365.sync.job import Place
from gp365.sync.reading import read_records
from gp365.sync.subject import Subject

WHY = "the same birth mark"


@dataclass(slots=True)
class _Moves:
    """What was found out on one side: the page's links, records by birth mark, and who stands at the new keys."""

    look: Look
    place: Place
    subjects: list[Subject]
    page: dict[int, Subject] = field(default_factory=dict[int, Subject])
    found: dict[str, Record] = field(default_factory=dict[str, Record])
    movers: dict[str, Link] = field(default_factory=dict[str, Link])
    owners: dict[str, Link] = field(default_factory=dict[str, Link])


def follow_numbers(look: Look, subjects: list[Subject]) -> list[Subject]:
    """Recognise renumbered records of a page; return its subjects, those that stand in the way included."""
    for place in look.job.places:
        if place.entity.renamable:
            moves = _Moves(look, place, subjects)
            _find(moves)
            if moves.movers:
                subjects = _follow(moves)
    return subjects


def _find(moves: _Moves) -> None:
    """Look for linked records under other keys, and take the links at those keys into the page, until none is missing."""
    look, place = moves.look, moves.place
    while True:
        moves.page = {one.link.id: one for one in moves.subjects if one.link is not None}
        _gather_births(moves)
        with look.job.store.read() as conn:
            held = links_by_births(conn, look.job, place, moves.found)
        moves.movers = {
            birth: link
            for birth, link in held.items()
            if end_key(link, place) != key_text(moves.found[birth].key)
            and not given_out_again(look.job, place, link, moves.found[birth])
        }
        moves.owners = look.links_at(place, [key_text(moves.found[birth].key) for birth in moves.movers])
        wanted = {link.id: link for link in (*moves.movers.values(), *moves.owners.values())}
        missing = [subject_of(look.job, link) for number, link in wanted.items() if number not in moves.page]
        if not missing:
            return
        read_records(look.job, look.observation, missing)
        moves.subjects = [*moves.subjects, *missing]


def _gather_births(moves: _Moves) -> None:
    """Collect records that may be a link's under another key: strays of the page, and what lost records are found as."""
    place = moves.place
    lost: dict[str, Subject] = {}
    for subject in moves.subjects:
        record = subject.records.get(place.side)
        birth = end_birth(subject.link, place) if subject.link is not None else ""
        if record is not None and record.birth and (subject.link is None or birth not in ("", record.birth)):
            moves.found[record.birth] = record
        if birth and (record is None or record.birth not in ("", birth)):
            lost[birth] = subject
    missing = [birth for birth in lost if birth not in moves.found]
    for record in moves.look.observation.seen[place.side].by_births(missing) if missing else ():
        moves.found[record.birth] = record
    _ask_again(moves, {birth: one for birth, one in lost.items() if birth not in moves.found})


def _ask_again(moves: _Moves, lost: Mapping[str, Subject]) -> None:
    """Look for lost records where an entry says that they went, or, once and where no list was read, in a census."""
    look, place = moves.look, moves.place
    keys: list[Key] = []
    unknown: list[str] = []
    for birth, subject in lost.items():
        entry = look.entry(subject)
        if entry is not None and entry.code == "renumbered":
            keys += [key_of(text) for text in named_keys(entry)]
        elif entry is None and subject.standing is not None and subject.standing.state == OPEN:
            unknown.append(birth)
    if unknown and not look.observation.full.get(place.side):
        keys += [key_of(text) for text in look.census(place, unknown).values()]
    for record in look.fresh(place, keys).values():
        if record.birth in lost:
            moves.found[record.birth] = record


def _follow(moves: _Moves) -> list[Subject]:
    """Let the links follow their records, unless a person is to be asked first."""
    look, place = moves.look, moves.place
    keys = [moves.found[birth].key for birth in moves.movers]
    keys += [key_of(text) for link in moves.movers.values() if (text := end_key(link, place)) is not None]
    now = look.fresh(place, keys)
    going: list[tuple[Subject, Record]] = []
    for birth, link in moves.movers.items():
        record = now.get(moves.found[birth].key)
        before = now.get(key_of(end_key(link, place) or ""))
        stays = before is not None and before.birth in ("", birth, end_birth(link, place))
        if record is None or record.birth != birth or stays:
            continue  # it moved on, or both stand: nothing is certain
        subject = moves.page[link.id]
        _absorb_single(moves, subject, key_text(record.key))
        if _asks(moves, subject, record):
            _park(subject, place, link, record)
        else:
            going.append((subject, record))
    _displace(moves, going)
    for subject, record in going:
        _move(moves, subject, record, now)
    for subject, record in going:
        old = end_key(subject.link, place) if subject.link is not None else None
        stranger = now.get(key_of(old or ""))
        if stranger is not None and stranger.key != record.key:
            set_free(moves.subjects, subject, place, stranger)
    _hand_rows_over(moves)
    return moves.subjects


def _hand_rows_over(moves: _Moves) -> None:
    """Give the rows of keys that changed hands to the subjects that stand there now."""
    now = {at(one, moves.place): one for one in moves.subjects}
    for subject in [one for one in moves.subjects if one.repairs]:
        for row in list(subject.rows):
            owner = now.get(row.key) if row.side == moves.place.side else None
            if owner is not None and owner is not subject:
                subject.rows.remove(row)
                owner.rows.append(row)


def _asks(moves: _Moves, subject: Subject, record: Record) -> bool:
    """Tell whether a person must be asked, and has not said yes."""
    link = subject.link
    if link is None or link.state != OPEN or moves.look.job.flow.events.renumbered == "follow":
        return False
    entry = moves.look.entry(subject)
    agreed = entry is not None and entry.code == "renumbered"
    return not (agreed and decision_of(entry).get("link") == key_text(record.key))


def _park(subject: Subject, place: Place, link: Link, record: Record) -> None:
    old, new = key_of(end_key(link, place) or ""), show_key(record.key)
    message = f"{show_key(old)} on {place.side} is {new} now: the same record under another number."
    evidence = (Candidate(key_text(record.key), WHY),)
    subject.problem = Problem(
        "renumbered", message, value=show_key(old), side=place.side, candidates=(new,), evidence=evidence
    )


def _absorb_single(moves: _Moves, subject: Subject, key: str) -> None:
    """Let the link's subject take the place of the one that its record had under the new key."""
    if moves.owners.get(key) is None:
        absorb_at(moves.subjects, subject, moves.place, key)


def _displace(moves: _Moves, going: list[tuple[Subject, Record]]) -> None:
    """Let links that stand at the new keys let them go, whatever becomes of their own records."""
    place, moving = moves.place, {id(subject) for subject, _ in going}
    for subject, record in going:
        owner = moves.owners.get(key_text(record.key))
        if owner is None or (displaced := moves.page[owner.id]) is subject:
            continue
        displaced.keys.pop(place.side, None)
        displaced.records.pop(place.side, None)
        if id(displaced) not in moving:
            event = {"event": "displaced", "side": place.side, "from": show_key(record.key)}
            changes = {f"{place.end}_key": None}
            displaced.repairs.append(Repair(event, changes))


def _move(moves: _Moves, subject: Subject, record: Record, now: Mapping[Key, Record]) -> None:
    place, link = moves.place, subject.link
    assert link is not None
    old, new = end_key(link, place), key_text(record.key)
    entry = moves.look.entry(subject)
    event: dict[str, object] = {"event": "renumbered", "side": place.side}
    event |= {"from": show_key(key_of(old or "")), "to": show_key(record.key)}
    if decision_of(entry).get("link") == new and entry is not None:
        event |= {"decision": "link", "by": entry.resolved_by, "entry": entry.id}
    subject.keys[place.side], subject.records[place.side] = record.key, record
    changes = {f"{place.end}_key": new, f"{place.end}_birth": record.birth}
    vacant = ((place.side, old),) if old and key_of(old) not in now else ()
    moved = ((place.side, old or "", new),)
    subject.repairs.append(Repair(event, changes, moved=moved, vacant=vacant))
