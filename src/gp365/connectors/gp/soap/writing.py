"""A batch of writes over SOAP: checked, parted by customer, sent over the lanes, one outcome each, in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from gp365.connectors.gp.soap.classes import Classes
from gp365.connectors.gp.soap.creating import create_card
from gp365.connectors.gp.soap.plain import write_address
from gp365.connectors.gp.soap.reading import Reading
from gp365.connectors.gp.soap.service import Service
from gp365.connectors.gp.soap.trip import Trip
from gp365.connectors.gp.soap.updating import update_card
from gp365.connectors.gp.values import folded
from gp365.connectors.gp.writes import (
    Acknowledged,
    Locks,
    Stopped,
    TooLate,
    carry_out,
    check_time,
    part,
    too_late,
    writable_of,
)
from gp365.model.entity import EntityDescription
from gp365.model.errors import Gp365Error, Misconfigured, Rejected, Unauthorised
from gp365.model.record import Op, Outcome, Status, Write
from gp365.wire.calls import CallFailed
from gp365.wire.clock import Clock
from gp365.wire.windows import Lanes

WRITTEN = ("customer", "customer_address")


class Writing:
    """Write customers and addresses; two writes on one customer never overlap."""

    def __init__(
        self,
        service: Service,
        lanes: Lanes,
        reading: Reading,
        clock: Clock,
        describe: Callable[[str], EntityDescription],
        classes: Classes,
    ) -> None:
        self._service = service
        self._lanes = lanes
        self._reading = reading
        self._clock = clock
        self._describe = describe
        self._classes = classes
        self._locks = Locks()
        self.acknowledged = Acknowledged()

    def write(self, entity: str, writes: Sequence[Write]) -> list[Outcome]:
        """Do the writes. Raises Unauthorised or Misconfigured only where nothing of the batch has been done."""
        writable = writable_of(
            self._describe(entity), self._service.settings.name, "GP Web Services are not used for"
        )
        parted = part(writable, writes, lambda key: folded(key)[0])
        lanes = self._service.settings.lanes
        return carry_out(parted, partial(self._one, entity), lanes=lanes, name="gp-soap-write")

    def _one(self, entity: str, write: Write, stopped: Stopped) -> Outcome:
        try:
            with self._locks.of(folded(write.key)[0]), self._lanes.lane() as lane:
                trip = Trip(self._service, lane, write, self._clock)
                outcome = self._ending(entity, trip, stopped)
        except CallFailed as unlent:  # no lane could be had
            return Outcome(Status.RETRY, write.key, error=unlent, after_s=unlent.after_s)
        if outcome.status is Status.DONE:
            self.acknowledged.add(entity, write)
        elif outcome.status in (Status.UNKNOWN, Status.REJECTED) and (trip.done or trip.unsure):
            self._reading.doubt(write.key)
        return outcome

    def _ending(self, entity: str, trip: Trip, stopped: Stopped) -> Outcome:
        key = trip.write.key
        try:
            check_time(trip.write, self._clock)
            if entity != "customer":
                return write_address(trip, self._reading)
            if trip.write.op is Op.CREATE:
                return create_card(trip, self._reading, self._classes)
            return update_card(trip, self._reading)
        except TooLate:
            return trip.ended(too_late(trip.write))
        except Rejected as fault:
            if trip.done or trip.unsure:
                return trip.ended(fault)
            return Outcome(Status.REJECTED, key, error=trip.placed(fault))
        except (Unauthorised, Misconfigured) as fault:
            stopped.append(fault)
            return trip.ended(fault)
        except Gp365Error as fault:
            return trip.ended(fault)
