"""A batch of writes over SBA: checked, parted by customer, sent over the lanes, one outcome each, in order."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial

from gp365.connectors.gp.rest.creating import create_card
from gp365.connectors.gp.rest.lists import Lists
from gp365.connectors.gp.rest.plain import write_row
from gp365.connectors.gp.rest.reading import Reading
from gp365.connectors.gp.rest.service import NotShown, Service
from gp365.connectors.gp.rest.trip import Trip
from gp365.connectors.gp.rest.updating import update_card
from gp365.connectors.gp.settings import GpSettings
from gp365.connectors.gp.tables import entity_named
from gp365.connectors.gp.values import folded
from gp365.connectors.gp.writes import (
    Acknowledged,
    Locks,
    Stopped,
    TooLate,
    Writable,
    carry_out,
    check_time,
    part,
    too_late,
)
from gp365.model.errors import Gp365Error, Misconfigured, Unauthorised
from gp365.model.record import Op, Outcome, Status, Write
from gp365.model.values import show_key
from gp365.wire.calls import CallFailed
from gp365.wire.clock import Clock
from gp365.wire.lane import Lane
from gp365.wire.windows import Lanes


class Writing:
    """Write customers and addresses; two writes on one customer never overlap."""

    def __init__(self, service: Service, lanes: Lanes, reading: Reading, lists: Lists, clock: Clock) -> None:
        self._service = service
        self._lanes = lanes
        self._reading = reading
        self._lists = lists
        self._clock = clock
        self._locks = Locks()
        self.acknowledged = Acknowledged()

    def write(self, entity: str, writes: Sequence[Write]) -> list[Outcome]:
        """Do the writes. Raises Unauthorised or Misconfigured only where nothing of the batch has been done."""
        parted = part(_writable(entity, self._service.settings), writes, lambda key: folded(key)[0])
        self._read_classes(entity, parted.sendable)
        lanes = self._service.settings.lanes
        return carry_out(parted, partial(self._one, entity), lanes=lanes, name="gp-write")

    def _read_classes(self, entity: str, writes: Sequence[Write]) -> None:
        """Read the classes before any lane is held for a write."""
        creates = (write for write in writes if write.op is Op.CREATE)
        if entity == "customer" and any(write.values.get("CustomerClass") for write in creates):
            self._lists.load("customer_class")

    def _one(self, entity: str, write: Write, stopped: Stopped) -> Outcome:
        try:
            with self._locks.of(folded(write.key)[0]), ExitStack() as held:

                def another() -> Lane:
                    held.close()
                    return held.enter_context(self._lanes.lane())

                trip = Trip(self._service, another(), write, self._clock, another=another)
                outcome = self._ending(entity, trip, stopped)
        except CallFailed as unlent:  # no lane could be had
            return Outcome(Status.RETRY, write.key, error=unlent, after_s=unlent.after_s)
        if outcome.status is Status.DONE:
            self.acknowledged.add(entity, write)
        elif outcome.status in (Status.UNKNOWN, Status.REJECTED) and (trip.done or trip.unsure):
            self._reading.doubt(write.key[:1])
        return outcome

    def _ending(self, entity: str, trip: Trip, stopped: Stopped) -> Outcome:
        try:
            check_time(trip.write, self._clock)
            return self._send(entity, trip)
        except TooLate:
            return trip.ended(too_late(trip.write))
        except NotShown as hidden:
            hidden.record = show_key(trip.write.key)
            return trip.ended(hidden) if trip.done else Outcome(Status.REJECTED, trip.write.key, error=hidden)
        except (Unauthorised, Misconfigured) as fault:
            stopped.append(fault)
            return trip.ended(fault)
        except Gp365Error as fault:
            return trip.ended(fault)

    def _send(self, entity: str, trip: Trip) -> Outcome:
        if entity != "customer":
            return write_row(trip, entity)
        if trip.write.op is Op.CREATE:
            return create_card(trip, self._reading, self._lists)
        return update_card(trip, self._reading)


def verbs(entity: str, settings: GpSettings) -> tuple[bool, bool, str]:
    """Return whether an entity is created and updated here, and what to change in the settings so that it is."""
    gp, resource = entity_named(entity), settings.resources[entity]
    creates, updates = gp.creates and "POST" in resource.verbs, gp.updates and "PATCH" in resource.verbs
    shut = [
        verb
        for verb, could in (("POST", gp.creates), ("PATCH", gp.updates))
        if could and verb not in resource.verbs
    ]
    if not shut:
        return creates, updates, ""
    fix = f"Add {' and '.join(shut)} to `verbs` in [systems.{settings.name}.resources.{entity}], if GP Service has them."
    return creates, updates, fix


def _writable(name: str, settings: GpSettings) -> Writable:
    """Say what of an entity SBA writes; keys are escaped in its addresses, so that they may hold odd signs."""
    entity, (creates, updates, fix) = entity_named(name), verbs(name, settings)
    return Writable(
        name,
        settings.name,
        entity.key,
        entity.shown,
        creates,
        updates,
        "SBA does not serve",
        fix,
        controls=True,
    )
