"""Customer addresses by their code through eConnect, one address in one transaction."""

from __future__ import annotations

from collections.abc import Mapping

from gp365.connectors.gp.card import birth_of
from gp365.connectors.gp.sql.port import SqlValue
from gp365.connectors.gp.sql.trip import Trip
from gp365.connectors.gp.tables import entity_named
from gp365.connectors.gp.values import capitals
from gp365.connectors.gp.writes import moved
from gp365.model.errors import Rejected
from gp365.model.record import Op, Outcome, Record, Status
from gp365.model.values import Values, show, show_key


def write_address(trip: Trip) -> Outcome:
    """Create or update an address; the customer is locked with all of its addresses."""
    number, code = (capitals(part.rstrip(" ")) for part in trip.write.key)
    held = trip.hold(number)
    there = held.card.addresses.get(code) if held is not None else None
    if trip.write.op is Op.CREATE:
        if there is not None:
            record = _record(there)
            return Outcome(Status.EXISTS, record.key, birth=record.birth, record=record)
        if held is None:
            return Outcome(Status.REJECTED, trip.write.key, error=_no_customer(trip, number))
    elif there is None:
        return Outcome(Status.GONE, trip.write.key)
    elif moved(trip.write, there, birth_of("customer_address", there)):
        record = _record(there)
        return Outcome(Status.MOVED, record.key, birth=record.birth, record=record)
    return _written(trip, number, code, there or {})


def _written(trip: Trip, number: str, code: str, there: Values) -> Outcome:
    creates = trip.write.op is Op.CREATE
    key = entity_named("customer_address").key
    values = {n: v for n, v in trip.write.values.items() if n not in key and not (creates and v is None)}
    switches: dict[str, SqlValue] = {
        "UpdateIfExists": 0 if creates else 1,
        **_mark(there, trip.write.reference),
    }
    trip.address(number, code, values, switches, "")
    held = trip.hold(number)
    record = _record(held.card.addresses[code] if held is not None else {})
    stored = {name: record.values[name] for name in trip.write.values if name in record.values}
    return Outcome(Status.DONE, record.key, birth=record.birth, stored=stored)


def _mark(there: Values, reference: str) -> Mapping[str, SqlValue]:
    return {"INTEGRATIONID": reference} if reference and not there.get("IntegrationSource") else {}


def _record(values: Values) -> Record:
    entity = entity_named("customer_address")
    return Record(
        tuple(show(values.get(name)) for name in entity.key),
        values,
        birth=birth_of(entity.name, values),
        reference=show(values.get(entity.reference)),
    )


def _no_customer(trip: Trip, number: str) -> Rejected:
    return Rejected(
        "rejected",
        f"Dynamics GP has no customer {number}.",
        record=show_key(trip.write.key),
        field="CustomerNumber",
        value=number,
    )
