"""Writes of entities that are one table: customer addresses by their code."""

from __future__ import annotations

from dataclasses import replace

from gp365.connectors.gp.readback import unkept
from gp365.connectors.gp.rest.objects import members_of, whole
from gp365.connectors.gp.rest.reading import record_of
from gp365.connectors.gp.rest.trip import Missing, Refused, Trip
from gp365.connectors.gp.rows import cells_of, values_of
from gp365.connectors.gp.tables import entity_named
from gp365.connectors.gp.writes import moved
from gp365.model.errors import Gp365Error, Rejected
from gp365.model.record import Op, Outcome, Record, Status
from gp365.model.values import Value, Values, show_key


def write_row(trip: Trip, entity: str) -> Outcome:
    """Create or update one row; as for cards, a create looks first and an update reads again and sends it whole."""
    try:
        return _create(trip, entity) if trip.write.op is Op.CREATE else _update(trip, entity)
    except Missing:
        return Outcome(Status.GONE, trip.write.key)
    except Refused as refused:
        return Outcome(Status.REJECTED, trip.write.key, error=refused.error, window_ms=trip.window_ms)


def _read(trip: Trip, entity: str) -> tuple[Record, dict[str, object]] | None:
    raw = trip.service.read(trip.lane, entity, trip.write.key)
    if raw is None:
        return None
    described = entity_named(entity)
    return record_of(entity, cells_of(described, raw), list(described.shown)), raw


def _create(trip: Trip, entity: str) -> Outcome:
    found = _read(trip, entity)
    if found is not None:
        return Outcome(Status.EXISTS, found[0].key, birth=found[0].birth, record=found[0])
    key: dict[str, Value] = dict(zip(entity_named(entity).key, trip.write.key, strict=True))
    members = members_of(entity, {**trip.write.values, **key}, filled_only=True)
    mark = entity_named(entity).reference
    if trip.write.reference and mark:
        members[mark] = trip.write.reference
    try:
        return _outcome(trip, entity, trip.create(entity, members))
    except Refused as refused:
        there = _read(trip, entity)
        if there is None:
            return Outcome(Status.REJECTED, trip.write.key, error=refused.error)
        return Outcome(Status.EXISTS, there[0].key, birth=there[0].birth, record=there[0])


def _update(trip: Trip, entity: str) -> Outcome:
    found = _read(trip, entity)
    if found is None:
        return Outcome(Status.GONE, trip.write.key)
    record, raw = found
    trip.reread()
    if moved(trip.write, record.values, record.birth):
        return Outcome(Status.MOVED, record.key, birth=record.birth, record=record)
    members = whole(entity, raw, trip.write.values, trip.write.reference)
    stored = trip.change(entity, trip.write.key, members)
    outcome = replace(_outcome(trip, entity, stored), before=record)
    if not trip.service.settings.read_back:
        return outcome
    described = entity_named(entity)
    kept = values_of(described, cells_of(described, stored), trip.write.values)
    return replace(outcome, error=_read_back(trip, entity, kept))


def _read_back(trip: Trip, entity: str, kept: Values) -> Rejected | None:
    """Return the complaint about values that do not stand as they were stored; a failed read undoes no write."""
    try:
        found = _read(trip, entity)
    except Gp365Error:
        return None
    return None if found is None else unkept(show_key(trip.write.key), kept, found[0].values)


def _outcome(trip: Trip, entity: str, stored: dict[str, object]) -> Outcome:
    described = entity_named(entity)
    record = record_of(entity, cells_of(described, stored), list(described.shown))
    held = values_of(described, cells_of(described, stored), trip.write.values) if trip.returned else {}
    return Outcome(Status.DONE, record.key, birth=record.birth, stored=held, window_ms=trip.window_ms)
