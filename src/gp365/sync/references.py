"""References: where the records that others name stand: linked, parked, left out by a condition, or not known yet."""

from __future__ import annotations

from collections.abc import Sequence

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
            for link in found.values():
                ends = zip(job.places, (link.left_key, link.right_key), strict=True)
                keys.update({(flow, link.id, end.side): text for end, text in ends if text is not None})
            here = _states(job, conn, flow, place, wanted, found)
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
    return _states(job, conn, flow, place, keys, links.by_keys(conn, job.pair, flow, place.end, keys))


def _states(
    job: Job, conn: Connection, flow: str, place: Place, keys: Sequence[str], found: dict[str, Link]
) -> dict[str, RefState]:
    states = {
        key: RefState("linked", link.id) if link.state == "open" else RefState("parked")
        for key, link in found.items()
    }
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
