"""References: where the records that others name stand: linked, parked, left out by a condition, or not known yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection

from gp365.store import ledger, links, parked
from gp365.store.links import Link
from gp365.sync.foreseen import number_of
from gp365.sync.job import Job, Place, single_subject
from gp365.sync.plan.facts import RefState
from gp365.sync.subject import Disposition, Subject

States = dict[tuple[str, str, str], RefState]
Keys = dict[tuple[str, int, str], str]


def gather_references(job: Job, conn: Connection, subjects: Sequence[Subject]) -> tuple[States, Keys]:
    """Look up where every referenced record stands, and its key on the other side."""
    states: States = {}
    keys: Keys = {}
    for flow in {row.row.ref for row in job.compiled.rows if row.row.ref}:
        for place in job.places:
            wanted = _named_on(job, flow, place, subjects)
            if not wanted:
                continue
            found = links.by_keys(conn, job.pair, flow, place.end, wanted)
            primaries = _primaries(job, conn, flow, found.values())
            for link in (*found.values(), *primaries.values()):
                ends = zip(job.places, (link.left_key, link.right_key), strict=True)
                keys.update({(flow, link.id, end.side): text for end, text in ends if text is not None})
            here = _states(job, conn, flow, place, wanted, found, primaries)
            missing = [key for key in wanted if key not in found]
            planned = job.foreseen.find(flow, place.side, missing) if job.foreseen else {}
            for key, planned_ends in planned.items():
                number = number_of(planned_ends)
                here[key] = RefState("linked", number)
                keys.update({(flow, number, side): text for side, text in planned_ends.items()})
            states.update({(flow, place.side, key): state for key, state in here.items()})
    return states, keys


def ref_states(
    job: Job, conn: Connection, flow: str, place: Place, keys: Sequence[str]
) -> dict[str, RefState]:
    """Say where records of a flow stand now."""
    found = links.by_keys(conn, job.pair, flow, place.end, keys)
    return _states(job, conn, flow, place, keys, found, _primaries(job, conn, flow, found.values()))


def _primaries(job: Job, conn: Connection, flow: str, found: Iterable[Link]) -> dict[int, Link]:
    """Find, by the number of a shared link, the link whose end it shares."""
    primaries: dict[int, Link] = {}
    shared = [link for link in found if link.state == links.SHARED and link.shared_key is not None]
    for place in job.places:
        mine = {link.id: str(link.shared_key) for link in shared if _key_on(link, place) is None}
        held = links.by_keys(conn, job.pair, flow, place.end, mine.values()) if mine else {}
        primaries.update({number: held[key] for number, key in mine.items() if key in held})
    return primaries


def _key_on(link: Link, place: Place) -> str | None:
    return link.left_key if place.end == "left" else link.right_key


def _states(
    job: Job,
    conn: Connection,
    flow: str,
    place: Place,
    keys: Sequence[str],
    found: Mapping[str, Link],
    primaries: Mapping[int, Link],
) -> dict[str, RefState]:
    """Say where records stand: one that shares another link's end stands for that link."""
    states: dict[str, RefState] = {}
    for key, link in found.items():
        stands = primaries.get(link.id, link)
        is_open = stands.state == links.OPEN
        shared = link.state == links.SHARED
        states[key] = RefState("linked", stands.id, shared) if is_open else RefState("parked", 0, shared)
    names = {single_subject(place.side, key): key for key in keys if key not in found}
    if not names:
        return states
    stopped = parked.open_for(conn, job.pair, flow, names)
    last = ledger.last_dispositions(conn, job.pair, flow, names)
    for name, key in names.items():
        if any(entry.field == "" for entry in stopped.get(name, [])):
            states[key] = RefState("parked")
        elif last.get(name) == str(Disposition.FILTERED):
            states[key] = RefState("filtered")
        else:
            states[key] = RefState("waiting")
    return states


def _named_on(job: Job, flow: str, place: Place, subjects: Sequence[Subject]) -> list[str]:
    wires = [
        row.row.wires[place.side][0]
        for row in job.compiled.rows
        if row.row.ref == flow and place.side in row.row.wires
    ]
    named: set[str] = set()
    for subject in subjects:
        record = subject.records.get(place.side)
        if record is not None:
            named.update(str(value) for wire in wires if (value := record.values.get(wire)) is not None)
    return list(named)
