"""A batch of writes over SOAP: checked, parted by customer, sent over the lanes, one outcome each, in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

from gp365.connectors.gp.rest.trip import Locks, TooLate
from gp365.connectors.gp.soap.creating import create_card
from gp365.connectors.gp.soap.plain import write_address
from gp365.connectors.gp.soap.reading import Reading, folded
from gp365.connectors.gp.soap.service import Service
from gp365.connectors.gp.soap.trip import Trip
from gp365.connectors.gp.soap.updating import update_card
from gp365.connectors.gp.values import check_values, missing_required, unfit_character
from gp365.model.entity import EntityDescription
from gp365.model.errors import Gp365Error, Misconfigured, Rejected, Retry, Unauthorised
from gp365.model.record import Op, Outcome, Status, Write
from gp365.model.values import key_text, show_key
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
    ) -> None:
        self._service = service
        self._lanes = lanes
        self._reading = reading
        self._clock = clock
        self._describe = describe
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
        described = self._describe(entity)
        outcomes: dict[int, Outcome] = {}
        customers: dict[str, list[int]] = {}
        for at, write in enumerate(writes):
            fault = _fault(described, write, self._service.settings.name)
            if fault is not None:
                outcomes[at] = Outcome(Status.REJECTED, write.key, error=fault)
            else:
                customers.setdefault(folded(write.key)[0], []).append(at)
        stopped: list[Gp365Error] = []

        def of_customer(places: list[int]) -> list[tuple[int, Outcome]]:
            return [(at, self._one(entity, writes[at], stopped)) for at in places]

        with ThreadPoolExecutor(self._service.settings.lanes, "gp-soap-write") as lanes:
            for done in lanes.map(of_customer, customers.values()):
                outcomes.update(done)
        if stopped and all(
            outcomes[at].status is Status.RETRY for places in customers.values() for at in places
        ):
            raise stopped[0]
        return [outcomes[at] for at in range(len(writes))]

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
            self._reading.doubt(write.key)
        return outcome

    def _ending(self, entity: str, trip: Trip, stopped: list[Gp365Error]) -> Outcome:
        key = trip.write.key
        try:
            if trip.write.send_by is not None and self._clock.utc_now() > trip.write.send_by:
                raise TooLate
            if entity != "customer":
                return write_address(trip, self._reading)
            if trip.write.op is Op.CREATE:
                return create_card(trip, self._reading)
            return update_card(trip, self._reading)
        except TooLate:
            late = "The moment by which this had to be sent has passed."
            return trip.ended(Retry("unsettled", late, record=show_key(key)))
        except Rejected as fault:
            if trip.done or trip.unsure:
                return trip.ended(fault)
            return Outcome(Status.REJECTED, key, error=trip.placed(fault))
        except (Unauthorised, Misconfigured) as fault:
            stopped.append(fault)
            return trip.ended(fault)
        except Gp365Error as fault:
            return trip.ended(fault)


def _fault(described: EntityDescription, write: Write, system: str) -> Rejected | None:
    """Return why a write cannot be sent at all, or None."""
    record = show_key(write.key)
    fault = _verb_fault(described, write, record) or _key_fault(described, write, record)
    verb = write.op.value
    values = {name: value for name, value in write.values.items() if name not in described.key}
    fault = fault or check_values(described.fields, values, verb, record)
    if fault is None and write.op is Op.CREATE:
        fault = missing_required(described.fields, write.values, described.key, record)
    if fault is not None:
        fault.system = system
    return fault


def _verb_fault(described: EntityDescription, write: Write, record: str) -> Rejected | None:
    served = {Op.CREATE: described.creates, Op.UPDATE: described.updates}.get(write.op, False)
    if served:
        return None
    message = f"GP Web Services are not used for {write.op.value} of {described.name}."
    return Rejected("not-served", message, record=record)


def _key_fault(described: EntityDescription, write: Write, record: str) -> Rejected | None:
    """Check the key by the lengths of its fields; what a key holds is otherwise GP's to judge."""
    if len(write.key) != len(described.key):
        return Rejected("bad-value", f"The key needs {', '.join(described.key)}.", record=record)
    for name, part in zip(described.key, write.key, strict=True):
        length = described.fields[name].length or len(part)
        if not part.strip():
            return Rejected("required-missing", "The key is empty.", record=record, field=name)
        if len(part) > length:
            return Rejected(
                "too-long", f"At most {length} characters.", record=record, field=name, value=part
            )
        if bad := unfit_character(part):
            message = f"The character {bad} (U+{ord(bad):04X}) is not in code page 1252 of Dynamics GP."
            return Rejected("not-in-code-page", message, record=record, field=name, value=part)
        if any(ord(sign) < 32 or ord(sign) == 127 for sign in part):
            return Rejected("bad-value", "The key holds a control character.", record=record)
    if key_text(write.key).count("\x1f") != len(write.key) - 1:
        return Rejected("bad-value", "The key holds a control character.", record=record)
    return None
