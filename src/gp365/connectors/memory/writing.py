"""How the memory connector writes one record, in each write strength (engine rules, writes)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from time import perf_counter

from gp365.connectors.memory import rules
from gp365.connectors.memory.faults import Faults
from gp365.connectors.memory.reading import record_of
from gp365.connectors.memory.system import MemorySystem
from gp365.connectors.memory.table import Row
from gp365.model.entity import EntityDescription, Strength
from gp365.model.errors import Rejected, Retry
from gp365.model.record import Op, Outcome, Status, Write
from gp365.model.values import Key, Value, show_key

OURSELVES = "gp365"


def too_late(system: MemorySystem, write: Write) -> Outcome | None:
    """Return RETRY for a write whose time has passed: it is not sent."""
    if write.in_time(system.clock()):
        return None
    error = Retry("lease-lost", "The write was not sent: its time had passed.", record=show_key(write.key))
    return Outcome(Status.RETRY, write.key, error=error)


def perform(system: MemorySystem, faults: Faults, entity: EntityDescription, write: Write) -> Outcome:
    """Do one write and return its outcome; a refusal is an outcome, never an exception."""
    refusal = faults.refusal(entity.name, write.key)
    if isinstance(refusal, Retry):
        return Outcome(Status.RETRY, write.key, error=refusal, after_s=refusal.after_s)
    if refusal is not None:
        return Outcome(Status.REJECTED, write.key, error=refusal)
    try:
        if write.op is Op.CREATE:
            return _create(system, entity, write)
        if write.op is Op.UPDATE:
            return _update(system, faults, entity, write)
        raise Rejected("not-served", f"There is no action {write.action}.", record=show_key(write.key))
    except Rejected as error:
        error.record = error.record or show_key(write.key)
        return Outcome(Status.REJECTED, write.key, error=error)


def _sendable(system: MemorySystem, entity: EntityDescription, write: Write) -> dict[str, Value]:
    """Return the values as stored, without parts of the key; Rejected for what may not be sent."""
    served = entity.creates if write.op is Op.CREATE else entity.updates
    if not served:
        raise Rejected("not-served", f"{entity.name} takes no {write.op}.")
    for name in write.values:
        held = entity.fields.get(name)
        if held is not None and name not in entity.key and not held.can(write.op):
            raise Rejected("rejected", f"The field cannot be sent with {write.op}.", field=name)
    return system.stored_values(entity.name, write.values)


def _drawn_key(system: MemorySystem, entity: EntityDescription, write: Write) -> Key:
    if entity.chosen_keys:
        return rules.stored_key(entity, write.key)
    drawn = f"00000000-0000-4000-8000-{system.seq + 1:012d}"
    return (*(str(write.values[name]) for name in entity.key[:-1]), drawn)


def _check_key(entity: EntityDescription, key: Key, values: Mapping[str, Value]) -> dict[str, Value]:
    """Take the key's own fields out of the values; another key than the write's is refused."""
    own = rules.key_values(entity, key)
    for name in entity.key:
        if name in values and entity.chosen_keys and rules.fold(values[name]) != rules.fold(own[name]):
            raise Rejected("rejected", "The key of a record cannot be written.", field=name)
    return {name: value for name, value in values.items() if name not in own}


def _create(system: MemorySystem, entity: EntityDescription, write: Write) -> Outcome:
    with system.turn():
        key = _drawn_key(system, entity, write)
        row = system.tables[entity.name].find(key)
        if row is not None:
            if system.hides(entity.name, row.key):
                raise Rejected(
                    "right-missing", "The record exists, and a role filter hides it from our account."
                )
            return Outcome(Status.EXISTS, row.key, record=record_of(entity, row))
        values = _check_key(entity, key, _sendable(system, entity, write))
        return _done(entity, write, system.create(entity.name, key, values, write.reference, by=OURSELVES))


def _update(system: MemorySystem, faults: Faults, entity: EntityDescription, write: Write) -> Outcome:
    guarded = entity.strength in (Strength.VERSIONED, Strength.COMPARED)
    with system.turn():
        read = _look(system, entity, write)
        if isinstance(read, Outcome):
            return read
        before = record_of(entity, read)
        if guarded:
            return replace(_store(system, entity, write, read), before=before)
    since = perf_counter()
    if faults.between_reread_and_write is not None:
        faults.between_reread_and_write(entity.name, write)
    late = too_late(system, write)
    if late is not None:
        return late
    with system.turn():
        row = system.tables[entity.name].find(write.key)
        if row is None:
            return Outcome(Status.GONE, write.key)
        # WHOLE replaces the object by the one that was re-read: an edit in the window is lost, as at SBA.
        under = Row(row.key, read.values, row.seq, row.birth, row.stamp)
        outcome = _store(system, entity, write, under if entity.strength is Strength.WHOLE else row)
    return _timed(replace(outcome, before=before), (perf_counter() - since) * 1000)


def _look(system: MemorySystem, entity: EntityDescription, write: Write) -> Row | Outcome:
    """Return the row if it is what the plan was made on, else GONE or MOVED with the fresh record."""
    row = system.tables[entity.name].find(write.key)
    if row is None:
        return Outcome(Status.GONE, write.key)
    if system.hides(entity.name, write.key):
        raise Rejected("right-missing", "A role filter hides the record from our account.")
    if _moved(entity, row, write):
        record = record_of(entity, row)
        return Outcome(Status.MOVED, row.key, record.version, row.birth, record=record)
    return row


def _moved(entity: EntityDescription, row: Row, write: Write) -> bool:
    if write.birth and write.birth != row.birth:
        return True
    if entity.strength is Strength.VERSIONED and write.version:
        return record_of(entity, row).version != write.version
    return any(row.values.get(name) != value for name, value in write.expected.items())


def _store(system: MemorySystem, entity: EntityDescription, write: Write, row: Row) -> Outcome:
    values = _check_key(entity, row.key, _sendable(system, entity, write))
    return _done(entity, write, system.change(entity.name, row, values, write.reference, by=OURSELVES))


def _done(entity: EntityDescription, write: Write, row: Row) -> Outcome:
    kept = record_of(entity, row)
    stored = {name: kept.values[name] for name in write.values if name in kept.values}
    return Outcome(Status.DONE, row.key, kept.version, row.birth, stored)


def _timed(outcome: Outcome, window_ms: float) -> Outcome:
    return replace(outcome, window_ms=window_ms)
