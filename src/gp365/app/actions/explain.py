"""The action `explain`: everything that is known about one record: its link, both sides, decisions, what is open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from gp365.app.actions.explain_along import Along, along_of
from gp365.app.actions.explain_ledger import decisions_in, event_of, rows_of_record
from gp365.app.actions.explain_recompute import Recomputing
from gp365.app.actions.explain_view import End, View, no_place, view_of
from gp365.app.actions.look_outputs import (
    Decision,
    ExplainOut,
    Explanation,
    FieldState,
    SideState,
    WaitOut,
)
from gp365.app.actions.outputs import ErrorOut, Shown, error_out
from gp365.app.actions.parked_shown import parked_out
from gp365.app.actions.scope import flows_of
from gp365.app.actions.values import shown_half
from gp365.app.assembly import Assembly, assemble
from gp365.app.project import Project
from gp365.model.errors import Gp365Error, Misconfigured
from gp365.model.flow import Row
from gp365.model.plan import Pair
from gp365.model.record import Record
from gp365.model.values import Key, key_of, key_text, show_key
from gp365.store import links, parked, work
from gp365.store.links import Link
from gp365.sync.agreed import unpack_pairs
from gp365.sync.job import link_subject, single_subject

DECISIONS = 20


def explain(
    project: Project, system: str, entity: str, key: str, field: str | None = None, *, pair: str | None = None
) -> ExplainOut:
    """Explain a record of a system (key parts joined by `;`), all its fields or one (by its name or a column's).

    Present values are read where the system answers. Misconfigured: system-unknown, entity-unknown where no flow reads
    it, record-unknown where nothing is known of it, flow-field where no such field is in a flow.
    """
    with assemble(project) as assembly:
        views = [view_of(project, assembly, *names) for names in flows_of(project, pair)]
        ends = [
            (view, end) for view in views for end in view.ends if (end.system, end.entity) == (system, entity)
        ]
        if not ends:
            raise no_place(project, views, system, entity)
        told = [_explain(assembly, view, end, tuple(key.split(";")), field) for view, end in ends]
    known = [one for one in told if _knows(one)]
    if not known:
        raise Misconfigured(
            "record-unknown", f"Nothing is known of {entity} {key} of {system}.", system=system, record=key
        )
    if field is not None:
        known = [one for one in known if one.fields]
    if not known:
        fix = "`gp365 flows show FLOW` names the fields."
        raise Misconfigured("flow-field", f"No flow has the field {field}.", field=field or "", fix=fix)
    return ExplainOut(system, entity, key, known)


def _knows(one: Explanation) -> bool:
    return bool(one.link or one.events or one.parked or any(side.there for side in one.sides))


def _explain(assembly: Assembly, view: View, asked: End, key: Key, field: str | None) -> Explanation:
    pair, flow, store = view.pair, view.flow.name, view.project.store
    with store.read() as conn:
        link = _link(conn, pair, flow, asked, key_text(key))
    keys = _keys(view, asked, key, link)
    records, errors = _read(view, keys)
    keys |= {side: record.key for side, record in records.items()}
    subjects = [single_subject(side, key_text(one)) for side, one in keys.items()]
    subjects += [link_subject(link.id)] if link else []
    with store.read() as conn:
        rows = rows_of_record(conn, view, subjects)
        held = parked.open_for(conn, pair, flow, subjects)
        waits = work.waits_of(conn, pair, flow, [(side, key_text(one)) for side, one in keys.items()])
        again = Recomputing(assembly, conn, pair, view.flow)
        wanted = {row.name for row in view.flow.rows if _wanted(row, field)}
        decisions = [decision for row in rows for decision in decisions_in(view, row, wanted, again)]
    agreed = unpack_pairs(link.agreed) if link and link.agreed else {}
    along = along_of(assembly, view, records, agreed)
    return Explanation(
        pair=pair,
        flow=flow,
        link=link.id if link else None,
        made_by=link.made_by if link else "",
        state=link.state if link else "",
        sides=[_side(view.at(side), one, records, errors) for side, one in keys.items()],
        fields=[
            _field(view, row, records, agreed, decisions, along)
            for row in view.flow.rows
            if _wanted(row, field)
        ],
        events=[event_of(row) for row in rows],
        parked=[parked_out(view.project, entry) for entries in held.values() for entry in entries],
        waits=[WaitOut(one.field, one.on_flow, one.on_side, show_key(key_of(one.on_key))) for one in waits],
        erased=sum(row.payload is None and row.payload_hash is not None for row in rows),
    )


def _link(conn: Connection, pair: str, flow: str, asked: End, key: str) -> Link | None:
    """Find the link of a record; people need not type a key in its own case."""
    spellings = [key, key.upper(), key.lower()]
    found = links.by_keys(conn, pair, flow, asked.end, spellings)
    return next((found[one] for one in spellings if one in found), None)


def _keys(view: View, asked: End, key: Key, link: Link | None) -> dict[str, Key]:
    if link is None:
        return {asked.side: key}
    ends = zip(view.ends, (link.left_key, link.right_key), strict=True)
    return {end.side: key_of(text) for end, text in ends if text is not None}


def _read(view: View, keys: Mapping[str, Key]) -> tuple[dict[str, Record], dict[str, ErrorOut]]:
    """Read both ends as they are now; a system that cannot be asked leaves its error."""
    records: dict[str, Record] = {}
    errors: dict[str, ErrorOut] = {}
    for side, key in keys.items():
        end = view.at(side)
        try:
            served = end.connector.entity(end.entity).fields
            wires = [wire for wire in end.wires if wire in served]
            for record in end.connector.get(end.entity, [key], wires, fresh=True).values():
                records[side] = record
        except Gp365Error as error:
            errors[side] = error_out(error)
    return records, errors


def _side(end: End, key: Key, records: Mapping[str, Record], errors: Mapping[str, ErrorOut]) -> SideState:
    there = end.side in records
    shown = show_key(records[end.side].key if there else key)
    return SideState(end.side, end.system, end.entity, shown, there, errors.get(end.side))


def _wanted(row: Row, field: str | None) -> bool:
    columns = {wire for wires in row.wires.values() for wire in wires}
    return field is None or field in (row.name, row.group) or field in columns


def _field(
    view: View,
    row: Row,
    records: Mapping[str, Record],
    agreed: Mapping[str, Pair],
    decisions: Sequence[Decision],
    along: Along,
) -> FieldState:
    now = {side: _now(row.wires[side], records[side]) for side in row.wires if side in records}
    left, right = (end.side for end in view.ends)
    pair = agreed.get(row.name)
    mine = [one for one in decisions if one.field == row.name][:DECISIONS]
    return FieldState(
        field=row.name,
        owner=row.owner if row.compared else "",
        columns={side: list(wires) for side, wires in row.wires.items()},
        now=now,
        agreed={left: shown_half(pair[0]), right: shown_half(pair[1])} if pair else {},
        decisions=mine,
        read_only=row.read_only,
        along=along(row.name),
    )


def _now(wires: Sequence[str], record: Record) -> Shown:
    return shown_half([record.values.get(wire) for wire in wires])
