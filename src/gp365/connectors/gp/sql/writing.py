"""A batch of writes through eConnect: checked, parted by customer, each in a transaction of its own, one outcome each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from gp365.connectors.gp.documents import Document, document_of, flat, procedures
from gp365.connectors.gp.documents_checks import part_documents
from gp365.connectors.gp.sql.addressing import write_address
from gp365.connectors.gp.sql.class_copies import ACCOUNTS, CLASS, copy_class
from gp365.connectors.gp.sql.creating import create_card
from gp365.connectors.gp.sql.desk import Desk
from gp365.connectors.gp.sql.document_numbers import draw
from gp365.connectors.gp.sql.document_writing import tables_of, write_document
from gp365.connectors.gp.sql.pool import ATTEMPTS
from gp365.connectors.gp.sql.port import SqlFailed
from gp365.connectors.gp.sql.procedures import ADDRESS, CUSTOMER, INTERNET, Procedures, Refused
from gp365.connectors.gp.sql.reading import Reading
from gp365.connectors.gp.sql.refusals import Refusals
from gp365.connectors.gp.sql.rows import folded
from gp365.connectors.gp.sql.sources import source_of
from gp365.connectors.gp.sql.trip import Trip, Unfit
from gp365.connectors.gp.sql.updating import readable, update_card
from gp365.connectors.gp.writes import (
    Acknowledged,
    Parted,
    Stopped,
    TooLate,
    carry_out,
    part,
    too_late,
    writable_of,
)
from gp365.model.entity import EntityDescription
from gp365.model.errors import Misconfigured, Rejected, Retry, Unauthorised
from gp365.model.record import Op, Outcome, Status, Write
from gp365.model.values import Key, Values, key_text, show_key

CALLS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "customer": {
        CUSTOMER: ("CUSTNMBR", "UpdateIfExists", "UseCustomerClass", "CreateAddress"),
        ADDRESS: ("CUSTNMBR", "ADRSCODE", "UpdateIfExists"),
        INTERNET: ("Master_Type", "Master_ID", "ADRSCODE", "INET1"),
    },
    "customer_address": {ADDRESS: ("CUSTNMBR", "ADRSCODE", "UpdateIfExists")},
    "customer_class": {CLASS: ("CLASSID", "CLASDSCR", "DEFLTCLS", *ACCOUNTS.values())},
    **procedures(),
}
"""The procedures that write an entity, with the switches without which a call would do something else than is meant."""


class _Undone(Exception):
    """An outcome that leaves nothing written: the transaction is rolled back."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.status)
        self.outcome = outcome


class Writing:
    """Write customers, their addresses, documents, and new customer classes."""

    def __init__(self, desk: Desk, reading: Reading, describe: Callable[[str], EntityDescription]) -> None:
        self._desk = desk
        self._reading = reading
        self._describe = describe
        self._procedures = Procedures(desk)
        self._refusals = Refusals(desk)
        self.acknowledged = Acknowledged()

    def write(self, entity: str, writes: Sequence[Write]) -> list[Outcome]:
        """Do the writes. Raises Unauthorised or Misconfigured only where nothing of the batch has been done."""
        settings, document = self._desk.settings, document_of(entity)
        parted = self._parted(entity, document, writes)
        if parted.customers:
            for procedure, words in CALLS[entity].items():
                self._procedures.control(procedure, *words)
            self._procedures.know_code_page()
            for table in () if document is None else tables_of(document):
                self._desk.columns(table)
        return carry_out(parted, partial(self._one, entity), lanes=settings.lanes, name="gp-sql-write")

    def draw(self, entity: str, values: Values) -> Key:
        """Take the next number of a document from GP; see `document_numbers`."""
        return draw(self._desk, self._refusals, entity, values)

    def _parted(self, entity: str, document: Document | None, writes: Sequence[Write]) -> Parted:
        """Check writes and part them: those of one customer, or of one document, are done one after another."""
        source = source_of(entity)
        writable = writable_of(self._describe(entity), self._desk.settings.name, "SQL does not serve")
        if document is None:
            return part(writable, writes, lambda key: folded(source, key)[0])
        return part_documents(writable, document, writes, lambda key: key_text(folded(source, key)))

    def _one(self, entity: str, write: Write, stopped: Stopped) -> Outcome:
        outcome = self._tried(entity, write, stopped)
        if outcome.status is Status.DONE:
            self.acknowledged.add(entity, write)
        return outcome

    def _tried(self, entity: str, write: Write, stopped: Stopped) -> Outcome:
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

    def _failed(self, write: Write, failed: SqlFailed, stopped: Stopped) -> Outcome:
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
                return Outcome(Status.RETRY, write.key, error=too_late(write))
            except Unfit as unfit:
                unfit.error.system = self._desk.settings.name
                return Outcome(Status.REJECTED, write.key, error=unfit.error)
            except Refused as refused:
                ended = refused
        return self._refused(entity, trip, ended)

    @staticmethod
    def _sent(entity: str, trip: Trip) -> Outcome:
        trip.check_time()
        if document_of(entity) is not None:
            return write_document(trip, entity)
        if entity == "customer_address":
            return write_address(trip)
        if entity == "customer_class":
            return copy_class(trip)
        return create_card(trip) if trip.write.op is Op.CREATE else update_card(trip)

    def _refused(self, entity: str, trip: Trip, refused: Refused) -> Outcome:
        """Tell a number that somebody took from a refusal: by looking."""
        write = trip.write
        if write.op is Op.CREATE:
            fields = readable() if entity == "customer" else list(source_of(entity).entity.fields)
            for record in self._reading.get(entity, [write.key], fields).values():
                return Outcome(Status.EXISTS, record.key, birth=record.birth, record=record)
        values = flat(entity, write.values)
        error = self._refusals.error(refused, show_key(write.key), values, trip.role)
        return Outcome(Status.RETRY if isinstance(error, Retry) else Status.REJECTED, write.key, error=error)
