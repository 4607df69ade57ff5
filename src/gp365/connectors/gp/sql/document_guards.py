"""What GP's books say before a document is written: its batch, its fiscal period, whether it is still in Work.

All is asked inside of the transaction that then writes. Document and batch are held until its end, so that what was seen
still holds when the procedures run; a period is read as it stands, because a lock on it would let no two documents be
written at the same time. One that is closed in that moment is met by GP's own posting.
"""

from __future__ import annotations

from datetime import date, datetime

from gp365.connectors.gp.documents import Document
from gp365.connectors.gp.sql.port import Row
from gp365.connectors.gp.sql.rows import day_of
from gp365.connectors.gp.sql.text import bracketed, mark, select
from gp365.connectors.gp.sql.trip import Trip, Unfit
from gp365.connectors.gp.tables import entity_named
from gp365.model.errors import Rejected, Retry
from gp365.model.record import Record
from gp365.model.values import Value, Values, show, show_key

LOCKED = " WITH (UPDLOCK, HOLDLOCK)"
COMPANY_TABLES = ("SY00500", "SY40100")
SYSTEM_TABLES = ("SY00800", "SY01500")
"""What is read before documents are written, beside the documents' own tables."""


def check_state(trip: Trip, document: Document, held: Record) -> None:
    """Raise Unfit for a document that is not in Work any more, or in a state that GP changes no more."""
    state = held.values.get("TransactionState")
    if document.work and state != document.work:
        raise Unfit(_not_open(trip, document, held.values, show(state)))
    for name, allowed in document.open_.items():
        if held.values.get(name) not in allowed:
            raise Unfit(_not_open(trip, document, held.values, f"{name} {show(held.values.get(name))}"))


def _not_open(trip: Trip, document: Document, values: Values, state: str) -> Rejected:
    voided = " and voided" if values.get("VoidStatus") else ""
    posted = values.get("PostedDate")
    when = f" (posted {show(posted)})" if posted else ""
    return Rejected(
        "document-posted",
        f"{document.title} {show_key(trip.write.key)} is in {state}{voided}{when}: only documents in Work are changed.",
        record=show_key(trip.write.key),
        field="TransactionState",
        value=state,
    )


def check_unused(trip: Trip, document: Document) -> None:
    """Raise Unfit where the number lives on elsewhere: an invoice that was posted and whose sales history was removed."""
    used, kind = document.used, _kind(trip, document)
    other = used.of.get(kind) if used is not None and isinstance(kind, int) else None
    if used is None or other is None:
        return
    number = trip.write.key[-1].rstrip(" ")
    statement = select(["1 AS [n]"], trip.desk.names.object(used.table))
    statement.add(f" WHERE [t].{bracketed(used.number)} = {mark('varchar(21)')}", number)
    statement.add(f" AND [t].{bracketed(used.kind)} = {mark('int')}", other)
    if trip.lane.rows(statement):
        raise Unfit(
            Rejected(
                "document-posted",
                f"The number {number} is in use in receivables ({used.table}), and no sales document has it: it was"
                " posted, and its history was removed.",
                record=show_key(trip.write.key),
                field=entity_named(document.entity).key[-1],
                value=number,
                fix="Do not enter it again; take another number for another document.",
            )
        )


def check_batch(trip: Trip, document: Document, number: Value) -> date | None:
    """Return the posting date of a batch, None where there is no such batch yet.

    Raises Retry("batch-locked") while somebody works on it or it is being posted, naming who; Unfit("batch-approved") for
    one that is approved. That status and mark other than 0 mean so is assumed (SY00500); a row of SY00800 is a user's lock.
    """
    batch = show(number)
    if not document.batch or not batch:
        return None
    row = _batch(trip, document.batch, batch)
    holders = _holders(trip, document.batch, batch)
    if row is not None:
        marked, status, approved, user = row[1], row[2], row[3], str(row[4] or "").rstrip()
        if marked or status:
            holders = holders or ([user] if user else [])
            how = "is being posted" if status else "is marked for posting"
            raise _locked(trip, document.batch, batch, how, holders)
        if approved:
            raise Unfit(_approved(trip, document.batch, batch))
    if holders:
        raise _locked(trip, document.batch, batch, "is open in a window", holders)
    day = day_of(row[0]) if row is not None else None
    return day if isinstance(day, date) else None


def _batch(trip: Trip, source: str, number: str) -> Row | None:
    columns = [f"[t].{bracketed(each)}" for each in ("GLPOSTDT", "MKDTOPST", "BCHSTTUS", "APPROVL", "USERID")]
    statement = select(columns, trip.desk.names.object("SY00500")).add(LOCKED)
    statement.add(f" WHERE [t].{bracketed('BCHSOURC')} = {mark('varchar(15)')}", source)
    statement.add(f" AND [t].{bracketed('BACHNUMB')} = {mark('varchar(15)')}", number)
    rows = trip.lane.rows(statement)
    return rows[0] if rows else None


def _holders(trip: Trip, source: str, number: str) -> list[str]:
    """Return the users who have a batch open; the lock names the company as SY01500 does."""
    names = trip.desk.names
    statement = select([f"[t].{bracketed('USERID')}"], names.object("SY00800", system=True))
    statement.add(f" JOIN {names.object('SY01500', system=True)} AS [c]")
    statement.add(f" ON [c].{bracketed('CMPNYNAM')} = [t].{bracketed('CMPNYNAM')}")
    database = trip.desk.settings.database
    statement.add(f" WHERE [c].{bracketed('INTERID')} = {mark('varchar(5)')}", database)
    statement.add(f" AND [t].{bracketed('BCHSOURC')} = {mark('varchar(15)')}", source)
    statement.add(f" AND [t].{bracketed('BACHNUMB')} = {mark('varchar(15)')}", number)
    return sorted({str(row[0]).rstrip() for row in trip.lane.rows(statement)})


def _locked(trip: Trip, source: str, number: str, how: str, holders: list[str]) -> Retry:
    by = f", held by {', '.join(holders)}" if holders else ""
    return Retry(
        "batch-locked",
        f"Batch {number} ({source}) {how}{by}.",
        system=trip.desk.settings.name,
        record=show_key(trip.write.key),
        field="BatchNumber",
        value=number,
    )


def _approved(trip: Trip, source: str, number: str) -> Rejected:
    return Rejected(
        "batch-approved",
        f"Batch {number} ({source}) is approved for posting.",
        record=show_key(trip.write.key),
        field="BatchNumber",
        value=number,
    )


def check_period(trip: Trip, document: Document, values: Values, batch_day: date | None) -> None:
    """Raise Unfit("period-closed") where the period of the posting date is closed for the document's series.

    The date is the document's, or, with the setting `posting_date = "batch"`, that of its batch once there is one. Posting
    Setup (SY02300) says at a site which it is; its columns are not public, so that it is a setting. A row of SY40100 with
    series 0 has a flag per series, one with the series' number tells of one origin of postings (assumed).
    """
    kind = _kind(trip, document)
    period = document.period
    if period is None or not document.posts(kind):
        return
    by_batch = trip.desk.settings.posting_date == "batch" and batch_day is not None
    field = next((name for name in document.dates if values.get(name) is not None), document.dates[-1])
    day = batch_day if by_batch else values.get(field)
    if not isinstance(day, date):
        return
    rows = _periods(trip, day, period.flag)
    if not rows:
        message = f"No fiscal period of {_company(trip)} holds {day.isoformat()}."
        raise Unfit(
            Rejected(
                "period-missing", message, record=show_key(trip.write.key), field=field, value=day.isoformat()
            )
        )
    for year, number, name, series, origin, closed, flag in rows:
        whole = series == 0 and bool(flag)
        alone = series == period.series and bool(closed) and str(origin).rstrip() == period.origin
        if whole or alone:
            which = f"period {number} of {year} ({str(name).rstrip()})"
            of = f"series {period.name}" if whole else f"{period.origin} of series {period.name}"
            where = "BatchNumber" if by_batch else field
            raise Unfit(_closed(trip, document, which, of, day, where))


def _kind(trip: Trip, document: Document) -> Value:
    if not document.type_field:
        return None
    return int(trip.write.key[entity_named(document.entity).key.index(document.type_field)])


def _periods(trip: Trip, day: date, flag: str) -> list[Row]:
    words = ("YEAR1", "PERIODID", "PERNAME", "SERIES", "ODESCTN", "CLOSED", flag)
    statement = select([f"[t].{bracketed(each)}" for each in words], trip.desk.names.object("SY40100"))
    moment = datetime(day.year, day.month, day.day)  # noqa: DTZ001 (GP dates know no zone)
    statement.add(f" WHERE [t].{bracketed('PERIODID')} > 0")
    statement.add(f" AND [t].{bracketed('PERIODDT')} <= {mark('datetime')}", moment)
    statement.add(f" AND [t].{bracketed('PERDENDT')} >= {mark('datetime')}", moment)
    return trip.lane.rows(statement)


def _company(trip: Trip) -> str:
    settings = trip.desk.settings
    return f"{settings.company} ({settings.database})" if settings.company else settings.database


def _closed(trip: Trip, document: Document, which: str, of: str, day: date, field: str) -> Rejected:
    return Rejected(
        "period-closed",
        f"{_company(trip)}: {which} is closed for {of}. {document.title} {show_key(trip.write.key)},"
        f" to be posted on {day.isoformat()}, is not written.",
        record=show_key(trip.write.key),
        field=field,
        value=day.isoformat(),
        fix="Give the document a date or a batch in an open period by the flow's policy, or let accounting open the period"
        " for this series (Fiscal Periods Setup).",
    )
