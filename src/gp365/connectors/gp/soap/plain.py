"""Writing one address by itself."""

from __future__ import annotations

from gp365.connectors.gp.readback import unkept
from gp365.connectors.gp.soap import members
from gp365.connectors.gp.soap.faults import Faulted
from gp365.connectors.gp.soap.held import record_of
from gp365.connectors.gp.soap.reading import Reading
from gp365.connectors.gp.soap.shapes import shape_of
from gp365.connectors.gp.soap.trip import Trip
from gp365.connectors.gp.values import capitals
from gp365.connectors.gp.writes import moved
from gp365.model.errors import Rejected, Retry
from gp365.model.record import Op, Outcome, Status

_ENTITY = "customer_address"


def write_address(trip: Trip, reading: Reading) -> Outcome:
    """Create or update an address; look first, read back."""
    write, creating = trip.write, trip.write.op is Op.CREATE
    number, code = (capitals(part.rstrip(" ")) for part in write.key)
    found = reading.held(trip.lane, _ENTITY, (number, code))
    fields = list(shape_of(_ENTITY).whole)
    trip.reread()
    if found:
        fresh = record_of(_ENTITY, found[0], fields)
        if creating or moved(write, fresh.values, fresh.birth):
            status = Status.EXISTS if creating else Status.MOVED
            return Outcome(status, fresh.key, birth=fresh.birth, record=fresh)
    elif not creating:
        return Outcome(Status.GONE, write.key)
    stamps = found[0].always if found else None
    values = {name: v for name, v in write.values.items() if v is not None or not creating}
    values = {name: v for name, v in values.items() if name not in shape_of(_ENTITY).keyed}
    sent = members.address(trip.service, trip.lane, number, code, values, stamps)
    operation = "CreateCustomerAddress" if creating else "UpdateCustomerAddress"
    try:
        trip.send(operation, _ENTITY, "address", sent)
    except Faulted as fault:
        return _refused(trip, reading, fault)
    window_ms = trip.window_ms
    after = reading.held(trip.lane, _ENTITY, (number, code))
    reading.doubt((number,))
    if not after:
        return Outcome(Status.DONE, (number, code), window_ms=window_ms)
    reading.keep(_ENTITY, after[0])
    record = record_of(_ENTITY, after[0], fields)
    stored = {name: record.values.get(name) for name in write.values}
    error = unkept(number, {n: v for n, v in write.values.items() if n in values}, stored)
    return Outcome(
        Status.DONE,
        record.key,
        birth=record.birth,
        stored=stored,
        record=record if creating else None,
        error=error,
        window_ms=window_ms,
    )


def _refused(trip: Trip, reading: Reading, fault: Faulted) -> Outcome:
    error = trip.placed(fault.explained)
    if fault.failed:
        reading.doubt(trip.write.key)
        return Outcome(Status.UNKNOWN, trip.write.key, error=error)
    if isinstance(error, Rejected):
        return Outcome(Status.REJECTED, trip.write.key, error=error, window_ms=trip.window_ms)
    if not isinstance(error, Retry):
        raise error
    return trip.ended(error)
