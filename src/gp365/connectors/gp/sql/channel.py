"""The SQL channel: one company of Dynamics GP over SQL Server, read by set and written through eConnect."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import cast

from gp365.connectors.gp.card import RETIRED
from gp365.connectors.gp.documents import document_of, written_within
from gp365.connectors.gp.sql.addons import AddOns
from gp365.connectors.gp.sql.customers import card_fields
from gp365.connectors.gp.sql.desk import Desk, Open
from gp365.connectors.gp.sql.probe import findings
from gp365.connectors.gp.sql.reading import Reading
from gp365.connectors.gp.sql.settings import SqlSettings
from gp365.connectors.gp.sql.sources import TICK_S, source_of
from gp365.connectors.gp.sql.text import bracketed, select
from gp365.connectors.gp.sql.writing import CALLS, Writing
from gp365.connectors.gp.tables import NAMES, entity_named
from gp365.model.contract import Estimate, Finding, Tally, Within
from gp365.model.entity import EntityDescription, Feed, FieldDescription, Strength
from gp365.model.errors import Misconfigured
from gp365.model.record import ChangePage, Outcome, Record, Write
from gp365.model.values import Key, Value
from gp365.wire.clock import Clock
from gp365.wire.gate import Turn

RENAMED = ("customer", "customer_address", "customer_figures")
"""What is called by a customer number, which Professional Services Tools Library changes."""
WAY = "a plain SELECT on a connection of its own, after COMMIT"
_CREATE, _UPDATE, _ANSWER_S, _PER_ANSWER = 9, 8, 0.01, 500
"""Statements of a card: the look with its locks, the class, calls, what stands then; seconds of one; keys of one."""


class SqlChannel:
    """Serve every entity of GP for reading; customers, their addresses and documents for writing, classes for creating.

    Between the look at a card and the end of its write nobody else can write it: the transaction holds its rows
    (strength `compared`). Nothing is connected before the first question; `open_` replaces the driver of the settings.
    `asked` is called with every statement.
    """

    way = "sql"

    def __init__(
        self,
        settings: SqlSettings,
        *,
        clock: Clock = Clock(),  # noqa: B008 (frozen)
        open_: Open | None = None,
        turn: Turn = Turn(),  # noqa: B008 (frozen)
        asked: Callable[[], None] = lambda: None,
    ) -> None:
        self.name = settings.name
        self._settings = settings
        self._desk = Desk(settings, clock, open_, turn, asked)
        self._reading = Reading(self._desk)
        self._writing = Writing(self._desk, self._reading, self.entity)
        self._add_ons = AddOns(self._desk)
        self._epoch = ""
        self._read = False

    def check(self) -> Sequence[Finding]:
        """Find out, by reading only, how SQL Server answers; see Connector.check."""
        return list(findings(self._desk, self.entities()))

    def entities(self) -> Sequence[str]:
        """Name the entities: all that have a source in the data files."""
        return NAMES

    def entity(self, name: str) -> EntityDescription:
        """Describe an entity; Misconfigured("entity-unknown") if there is none."""
        if name not in NAMES:
            raise Misconfigured(
                "entity-unknown", f"{self.name} serves no {name}.", system=self.name, value=name
            )
        entity, source = entity_named(name), source_of(name)
        writable = name in CALLS and not self._settings.read_only
        return EntityDescription(
            name,
            entity.key,
            _fields(name),
            Strength.COMPARED,
            feed=Feed.MODIFIED if source.fed else Feed.NONE,
            feed_granularity_s=TICK_S if source.fed else 0.0,
            reference_field=entity.reference if writable else "",
            renamable=name in RENAMED,
            creates=writable and (entity.creates or entity.copies),
            updates=writable and entity.updates,
            longest_reply_s=self._settings.timeout_s + self._settings.lock_timeout_s,
            channel="sql",
            assumed=(*(each for each in entity.assumed if not each.startswith("SBA ")), *self._said(name)),
            aside=WAY,
            retired={word: True for word in RETIRED if name == "customer"},
            lists={each: child for each, (child, _) in entity.children.items()},
            opens_writing=self._opens_writing(name),
            partial=source.partial,
        )

    def _opens_writing(self, name: str) -> str:
        """Say which line forbids what could be written."""
        if name not in CALLS or not self._settings.read_only:
            return ""
        table = f"[systems.{self.name}.sql]"
        return (
            f"{table} has read_only = true: set it to false, and let the login be of the role gp365_writer."
        )

    def _said(self, name: str) -> list[str]:
        """Say of an entity what its description has no word for."""
        source, said = source_of(name), list[str]()
        if source.fed:
            gone = "rows that are gone, too, by the stamps of what they belonged to"
            said.append(
                f"changes are found by stamp; {gone if source.tells_of_gone else 'deletions are not seen'}"
            )
        if source.fed and source.compare:
            said.append(f"all rows are compared every {self._settings.compare_h:g} hours")
        if any(part.horizon for part in source.parts):
            said.append(f"read: what is open, and {self._settings.history_months} months of history")
        if name not in CALLS and source.not_written:
            said.append(f"not written: {source.not_written}")
        document = document_of(name)
        if document is not None and not self._settings.read_only:
            said += document.assumed
        return said

    def begin_run(self) -> None:
        """Forget the epoch of the last run; records are never kept."""
        self._epoch, self._read = "", False
        self._add_ons.begin_run()

    def changes(self, entity: str, fields: Sequence[str], cursor: str | None) -> Iterator[ChangePage]:
        """Give what has a newer stamp, or everything; see `reading`."""
        self._read = True
        return self._reading.changes(self._served(entity), fields, cursor)

    def scan(self, entity: str, fields: Sequence[str]) -> Iterator[Sequence[Record]]:
        """Give every record, in pages, ordered by key."""
        self._read = True
        return self._reading.scan(self._served(entity), fields)

    def census(self, entity: str) -> Iterator[Sequence[tuple[Key, str]]]:
        """Give every key with its birth mark, in pages."""
        for page in self.scan(entity, ()):
            yield [(record.key, record.birth) for record in page]

    def get(
        self, entity: str, keys: Sequence[Key], fields: Sequence[str], *, fresh: bool = False
    ) -> Mapping[Key, Record]:
        """Read records by key; always afresh."""
        return self._reading.get(self._served(entity), keys, fields)

    def read_aside(self, entity: str, keys: Sequence[Key], fields: Sequence[str]) -> Mapping[Key, Record]:
        """Read records by key on a connection that no write has used."""
        return self._reading.get(self._served(entity), keys, fields, new=True)

    def find(
        self, entity: str, field: str, values: Sequence[Value], fields: Sequence[str]
    ) -> Sequence[Record]:
        """Read the records whose field has one of the values."""
        return self._reading.find(self._served(entity), field, values, fields)

    def write(self, entity: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        """Do the writes, each in a transaction of its own; see Connector.write.

        Misconfigured("not-served") where an add-on of the site would make them wrong; see `addons`.
        """
        self._add_ons.refuse(self._served(entity))
        return self._writing.write(entity, writes)

    def draw(self, entity: str, values: Mapping[str, Value]) -> Key:
        """Take the next number of a document from GP and return the key to create it under; see `document_numbers`."""
        self._served(entity)
        if self._settings.read_only:
            raise Misconfigured(
                "not-served",
                f"Numbers of {entity} are not drawn: {self._opens_writing(entity)}",
                system=self.name,
                value=entity,
            )
        self._add_ons.refuse(entity)
        return self._writing.draw(entity, values)

    def doubt(self, entity: str, keys: Sequence[Key]) -> None:
        """Do nothing: records are never kept."""

    def estimate(self, entity: str, *, reads: int, creates: int, updates: int, aside: int = 0) -> Estimate:
        """Say what so many records will cost."""
        statements = (
            -(-reads // _PER_ANSWER) - (-aside // _PER_ANSWER) + creates * _CREATE + updates * _UPDATE
        )
        return Estimate(
            statements, statements * _ANSWER_S / self._settings.lanes, once=4 if creates or updates else 0
        )

    def within(self, entity: str) -> Within | None:
        """Count what lies within the horizon and beyond; None for an entity that is read whole."""
        return self._reading.within(self._served(entity))

    def epoch(self) -> str:
        """Give company and lowest note index, then the highest note index, of the customers; "" before anything was read.

        The form is that of the REST channel, and so are its limits. Asked once in a run.
        """
        if not self._read:
            return ""
        if not self._epoch:
            note = f"[t].{bracketed('NOTEINDX')}"
            table = self._desk.names.object("RM00101")
            columns = [f"MIN({note}) AS [low]", f"MAX({note}) AS [high]"]
            statement = select(columns, table).add(f" WHERE {note} > 0")
            low, high = self._desk.rows(statement)[0]
            if high is None or low is None:
                return ""
            self._epoch = f"{self._settings.database}/~{int(cast('int', low))}:~{int(cast('int', high))}"
        return self._epoch

    def tally(self) -> Tally:
        """Give the counts since the channel was made: statements, those that call a procedure, rows acknowledged."""
        return Tally(self._desk.pool.asked, self._desk.pool.called, self._writing.acknowledged.counts())

    def close(self) -> None:
        """Close every connection."""
        self._desk.pool.close()

    def _served(self, entity: str) -> str:
        self.entity(entity)
        return entity


def _fields(name: str) -> dict[str, FieldDescription]:
    """Describe the fields: writable are those that have a parameter of eConnect's; a document's rows with their document."""
    if name == "customer":
        return card_fields()
    entity = entity_named(name)
    written = (
        {
            each
            for each, field in entity.fields.items()
            if field.econnect or field.description.writable == "create"
        }
        if name in CALLS or name in written_within()
        else set[str]()
    )
    return {
        each: described if each in written else replace(described, writable="never")
        for each, described in entity.shown.items()
    }
