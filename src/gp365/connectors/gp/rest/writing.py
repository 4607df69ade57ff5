"""A batch of writes over SBA: checked, parted by customer, sent over the lanes, one outcome each, in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

from gp365.connectors.gp.rest.creating import create_card
from gp365.connectors.gp.rest.lists import Lists
from gp365.connectors.gp.rest.plain import write_row
from gp365.connectors.gp.rest.reading import Reading, folded
from gp365.connectors.gp.rest.service import NotShown, Service
from gp365.connectors.gp.rest.trip import Locks, TooLate, Trip
from gp365.connectors.gp.rest.updating import update_card
from gp365.connectors.gp.tables import GpEntity, entity_named
from gp365.connectors.gp.values import check_values, missing_required, unfit_character
from gp365.model.errors import Gp365Error, Misconfigured, Rejected, Retry, Unauthorised
from gp365.model.record import Op, Outcome, Status, Write
from gp365.model.values import key_text, show_key
from gp365.wire.clock import Clock
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
        self._counting = Lock()
        self._acknowledged: Counter[tuple[str, str]] = Counter()

    @property
    def acknowledged(self) -> dict[tuple[str, str], int]:
        """Return the rows that the service's replies acknowledged, by entity and operation."""
        with self._counting:
            return dict(self._acknowledged)

    def write(self, entity: str, writes: Sequence[Write]) -> list[Outcome]:
        """Do the writes. Raises Unauthorised or Misconfigured only where nothing of the batch has been done."""
        described = entity_named(entity)
        outcomes: dict[int, Outcome] = {}
        customers: dict[str, list[int]] = {}
        for at, write in enumerate(writes):
            fault = _fault(described, write, self._service.settings.name)
            if fault is not None:
                outcomes[at] = Outcome(Status.REJECTED, write.key, error=fault)
            else:
                customers.setdefault(folded(write.key)[0], []).append(at)
        self._read_classes(entity, [writes[at] for places in customers.values() for at in places])
        stopped: list[Gp365Error] = []

        def of_customer(places: list[int]) -> list[tuple[int, Outcome]]:
            return [(at, self._one(entity, writes[at], stopped)) for at in places]

        with ThreadPoolExecutor(self._service.settings.lanes, "gp-write") as lanes:
            for done in lanes.map(of_customer, customers.values()):
                outcomes.update(done)
        if stopped and all(
            outcomes[at].status is Status.RETRY for places in customers.values() for at in places
        ):
            raise stopped[0]
        return [outcomes[at] for at in range(len(writes))]

    def _read_classes(self, entity: str, writes: Sequence[Write]) -> None:
        """Read the classes before any lane is held for a write."""
        creates = (write for write in writes if write.op is Op.CREATE)
        if entity == "customer" and any(write.values.get("CustomerClass") for write in creates):
            self._lists.load("customer_class")

    def _one(self, entity: str, write: Write, stopped: list[Gp365Error]) -> Outcome:
        if stopped:
            return Outcome(Status.RETRY, write.key, error=stopped[0])
        with self._locks.of(folded(write.key)[0]), self._lanes.lane() as lane:
            trip = Trip(self._service, lane, write, self._clock)
            outcome = self._ending(entity, trip, stopped)
        if outcome.status is Status.DONE:
            with self._counting:
                self._acknowledged[entity, write.op.value] += 1
        elif outcome.status in (Status.UNKNOWN, Status.REJECTED) and (trip.done or trip.unsure):
            self._reading.doubt(write.key[:1])
        return outcome

    def _ending(self, entity: str, trip: Trip, stopped: list[Gp365Error]) -> Outcome:
        if trip.write.send_by is not None and self._clock.utc_now() > trip.write.send_by:
            return Outcome(Status.RETRY, trip.write.key, error=_too_late(trip))
        try:
            return self._send(entity, trip)
        except TooLate:
            return trip.ended(_too_late(trip))
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


def _too_late(trip: Trip) -> Retry:
    return Retry(
        "unsettled", "The moment by which this had to be sent has passed.", record=show_key(trip.write.key)
    )


def _fault(entity: GpEntity, write: Write, system: str) -> Rejected | None:
    """Return why a write cannot be sent at all, or None."""
    record = show_key(write.key)
    fault = _verb_fault(entity, write, record) or _key_fault(entity, write, record)
    verb = write.op.value
    values = {name: value for name, value in write.values.items() if name not in entity.key}
    fault = fault or check_values(entity.shown, values, verb, record)
    if fault is None and write.op is Op.CREATE:
        fault = missing_required(entity.shown, write.values, entity.key, record)
    if fault is not None:
        fault.system = system
    return fault


def _verb_fault(entity: GpEntity, write: Write, record: str) -> Rejected | None:
    served = {Op.CREATE: entity.creates, Op.UPDATE: entity.updates}.get(write.op, False)
    if served:
        return None
    return Rejected("not-served", f"SBA does not serve {write.op.value} of {entity.name}.", record=record)


def _key_fault(entity: GpEntity, write: Write, record: str) -> Rejected | None:
    """Check the key by the lengths of its fields; what a key holds is otherwise GP's to judge."""
    if len(write.key) != len(entity.key):
        return Rejected("bad-value", f"The key needs {', '.join(entity.key)}.", record=record)
    for name, part in zip(entity.key, write.key, strict=True):
        length = entity.fields[name].description.length or len(part)
        if not part.strip():
            return Rejected("required-missing", "The key is empty.", record=record, field=name)
        if len(part) > length:
            return Rejected(
                "too-long", f"At most {length} characters.", record=record, field=name, value=part
            )
        if bad := unfit_character(part):
            message = f"The character {bad} (U+{ord(bad):04X}) is not in code page 1252 of Dynamics GP."
            return Rejected("not-in-code-page", message, record=record, field=name, value=part)
    if key_text(write.key).count("\x1f") != len(write.key) - 1:
        return Rejected("bad-value", "The key holds a control character.", record=record)
    return None
