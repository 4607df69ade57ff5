"""A batch of writes through eConnect: checked, parted by customer, each in a transaction of its own, one outcome each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

from gp365.connectors.gp.sql.addressing import write_address
from gp365.connectors.gp.sql.creating import create_card
from gp365.connectors.gp.sql.desk import Desk
from gp365.connectors.gp.sql.pool import ATTEMPTS
from gp365.connectors.gp.sql.port import SqlFailed
from gp365.connectors.gp.sql.procedures import ADDRESS, CUSTOMER, INTERNET, Procedures, Refused
from gp365.connectors.gp.sql.reading import Reading
from gp365.connectors.gp.sql.refusals import Refusals
from gp365.connectors.gp.sql.rows import folded
from gp365.connectors.gp.sql.sources import source_of
from gp365.connectors.gp.sql.trip import TooLate, Trip, Unfit
from gp365.connectors.gp.sql.updating import readable, update_card
from gp365.connectors.gp.values import check_values, missing_required, unfit_character
from gp365.model.entity import EntityDescription
from gp365.model.errors import Gp365Error, Misconfigured, Rejected, Retry, Unauthorised
from gp365.model.record import Op, Outcome, Status, Write
from gp365.model.values import show_key

CALLS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "customer": {
        CUSTOMER: ("CUSTNMBR", "UpdateIfExists", "UseCustomerClass", "CreateAddress"),
        ADDRESS: ("CUSTNMBR", "ADRSCODE", "UpdateIfExists"),
        INTERNET: ("Master_Type", "Master_ID", "ADRSCODE", "INET1"),
    },
    "customer_address": {ADDRESS: ("CUSTNMBR", "ADRSCODE", "UpdateIfExists")},
}
"""The procedures that write an entity, with the switches without which a call would do something else than is meant."""


class _Undone(Exception):
    """An outcome that leaves nothing written: the transaction is rolled back."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.status)
        self.outcome = outcome


class Writing:
    """Write customers and their addresses."""

    def __init__(self, desk: Desk, reading: Reading, describe: Callable[[str], EntityDescription]) -> None:
        self._desk = desk
        self._reading = reading
        self._describe = describe
        self._procedures = Procedures(desk)
        self._refusals = Refusals(desk)
        self._counting = Lock()
        self._acknowledged: Counter[tuple[str, str]] = Counter()

    @property
    def acknowledged(self) -> dict[tuple[str, str], int]:
        """Return the rows whose COMMIT the server answered, by entity and operation."""
        with self._counting:
            return dict(self._acknowledged)

    def write(self, entity: str, writes: Sequence[Write]) -> list[Outcome]:
        """Do the writes. Raises Unauthorised or Misconfigured only where nothing of the batch has been done."""
        described = self._describe(entity)
        outcomes: dict[int, Outcome] = {}
        customers: dict[str, list[int]] = {}
        for at, write in enumerate(writes):
            fault = _fault(described, write, self._desk.settings.name)
            if fault is not None:
                outcomes[at] = Outcome(Status.REJECTED, write.key, error=fault)
            else:
                customers.setdefault(folded(source_of(entity), write.key)[0], []).append(at)
        if customers:
            for procedure, words in CALLS[entity].items():
                self._procedures.control(procedure, *words)
            self._procedures.know_code_page()
        stopped: list[Gp365Error] = []

        def of_customer(places: list[int]) -> list[tuple[int, Outcome]]:
            return [(at, self._one(entity, writes[at], stopped)) for at in places]

        with ThreadPoolExecutor(self._desk.settings.lanes, "gp-sql-write") as lanes:
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
        outcome = self._tried(entity, write, stopped)
        if outcome.status is Status.DONE:
            with self._counting:
                self._acknowledged[entity, write.op.value] += 1
        return outcome

    def _tried(self, entity: str, write: Write, stopped: list[Gp365Error]) -> Outcome:
        """Do a write; again where a deadlock or a lost connection undid it before COMMIT was sent."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._transaction(entity, write)
            except SqlFailed as failed:
                if failed.unsure:
                    lost = Retry(
                        "answer-lost",
                        f"The answer to COMMIT was lost: {failed.message}",
                        record=show_key(write.key),
                    )
                    return Outcome(Status.UNKNOWN, write.key, error=lost)
                if not failed.passing or attempt == ATTEMPTS:
                    return self._failed(write, failed, stopped)
            except (Unauthorised, Misconfigured) as fault:
                stopped.append(fault)
                return Outcome(Status.RETRY, write.key, error=fault)
            except Retry as fault:
                return Outcome(Status.RETRY, write.key, error=fault, after_s=fault.after_s)
        raise AssertionError

    def _failed(self, write: Write, failed: SqlFailed, stopped: list[Gp365Error]) -> Outcome:
        error = self._desk.told(failed)
        error.record = show_key(write.key)
        if isinstance(error, Unauthorised | Misconfigured):
            stopped.append(error)
        status = Status.REJECTED if isinstance(error, Rejected) else Status.RETRY
        return Outcome(status, write.key, error=error)

    def _transaction(self, entity: str, write: Write) -> Outcome:
        with self._desk.pool.lane() as lane:
            trip = Trip(self._desk, self._procedures, lane, write)
            try:
                with lane.transaction():
                    outcome = self._sent(entity, trip)
                    if outcome.status is not Status.DONE:
                        raise _Undone(outcome)
                    trip.check_time()
                return outcome
            except _Undone as undone:
                return undone.outcome
            except TooLate:
                return Outcome(Status.RETRY, write.key, error=_too_late(write))
            except Unfit as unfit:
                unfit.error.system = self._desk.settings.name
                return Outcome(Status.REJECTED, write.key, error=unfit.error)
            except Refused as refused:
                ended = refused
        return self._refused(entity, trip, ended)

    @staticmethod
    def _sent(entity: str, trip: Trip) -> Outcome:
        trip.check_time()
        if entity == "customer_address":
            return write_address(trip)
        return create_card(trip) if trip.write.op is Op.CREATE else update_card(trip)

    def _refused(self, entity: str, trip: Trip, refused: Refused) -> Outcome:
        """Tell a number that somebody took from a refusal: by looking."""
        write = trip.write
        if write.op is Op.CREATE:
            fields = readable() if entity == "customer" else list(source_of(entity).entity.fields)
            for record in self._reading.get(entity, [write.key], fields).values():
                return Outcome(Status.EXISTS, record.key, birth=record.birth, record=record)
        error = self._refusals.error(refused, show_key(write.key), write.values, trip.role)
        return Outcome(Status.RETRY if isinstance(error, Retry) else Status.REJECTED, write.key, error=error)


def _too_late(write: Write) -> Retry:
    return Retry(
        "unsettled", "The moment by which this had to be sent has passed.", record=show_key(write.key)
    )


def _fault(entity: EntityDescription, write: Write, system: str) -> Rejected | None:
    """Return why a write cannot be sent at all, or None."""
    record, verb = show_key(write.key), write.op.value
    served = {Op.CREATE: entity.creates, Op.UPDATE: entity.updates}.get(write.op, False)
    fault = (
        None
        if served
        else Rejected("not-served", f"SQL does not serve {verb} of {entity.name}.", record=record)
    )
    fault = fault or _key_fault(entity, write, record)
    values = {name: value for name, value in write.values.items() if name not in entity.key}
    fault = fault or check_values(entity.fields, values, verb, record)
    if fault is None and write.op is Op.CREATE:
        fault = missing_required(entity.fields, write.values, entity.key, record)
    if fault is not None:
        fault.system = system
    return fault


def _key_fault(entity: EntityDescription, write: Write, record: str) -> Rejected | None:
    """Check the key by the lengths of its fields; what a key holds is otherwise GP's to judge."""
    if len(write.key) != len(entity.key):
        return Rejected("bad-value", f"The key needs {', '.join(entity.key)}.", record=record)
    for name, part in zip(entity.key, write.key, strict=True):
        length = entity.fields[name].length or len(part)
        if not part.strip():
            return Rejected("required-missing", "The key is empty.", record=record, field=name)
        if len(part) > length:
            return Rejected(
                "too-long", f"At most {length} characters.", record=record, field=name, value=part
            )
        if any(ord(sign) < 32 or ord(sign) == 127 for sign in part):
            return Rejected("bad-value", "The key holds a control character.", record=record, field=name)
        if bad := unfit_character(part):
            message = f"The character {bad} (U+{ord(bad):04X}) is not in code page 1252 of Dynamics GP."
            return Rejected("not-in-code-page", message, record=record, field=name, value=part)
    return None
