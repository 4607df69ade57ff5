"""The Dataverse connector: the verbs of the contract over one organisation's Web API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import ceil
from threading import Lock

from gp365.connectors.dataverse import changes, check, reading, writing
from gp365.connectors.dataverse.api import connect
from gp365.connectors.dataverse.describe import entity_names, own
from gp365.connectors.dataverse.described import entity_of
from gp365.connectors.dataverse.organisation import Organisation
from gp365.connectors.dataverse.settings import DataverseSettings
from gp365.connectors.dataverse.witness import versions_in
from gp365.model.contract import Estimate, Finding, Scratch, Tally
from gp365.model.entity import EntityDescription
from gp365.model.record import ChangePage, Outcome, Record, Write
from gp365.model.values import Key, Value
from gp365.wire.calls import Log, Priority, silent
from gp365.wire.clock import Clock
from gp365.wire.retries import Retries
from gp365.wire.throttle import RequestBudget

_READ_S = 0.25
_WRITE_S = 0.5
_ROW_S = 0.03


class DataverseConnector:
    """One Dataverse organisation.

    Entities are tables by logical name, fields are columns by logical name; a lookup is the GUID of its record. An
    account also offers `primarycontact.<column>` and `has_opportunity`, read-only. A key is one GUID in lower case. That
    an account's last opportunity was deleted is seen when the account itself changes, or by a full read: a delta names
    a deleted row by its id only.
    """

    kind = "dataverse"

    def __init__(
        self,
        settings: DataverseSettings,
        *,
        scratch: Scratch,
        log: Log = silent,
        clock: Clock = Clock(),  # noqa: B008 (frozen)
        retries: Retries | None = None,
        budget: RequestBudget | None = None,
        priority: Priority = Priority.BULK,
    ) -> None:
        self.name = settings.name
        self.settings = settings
        self.api = connect(settings, log=log, clock=clock, retries=retries, budget=budget, priority=priority)
        self.organisation = Organisation(self.api)
        self._scratch = scratch
        self._lock = Lock()
        self._highest = -1

    def check(self) -> Sequence[Finding]:
        """Find out how the organisation answers; nothing is written."""
        return check.findings(self.organisation)

    def entities(self) -> Sequence[str]:
        """Name the tables that the shipped flows use; every other table is served under its logical name too."""
        return entity_names()

    def entity(self, name: str) -> EntityDescription:
        """Describe a table from the organisation's metadata; Misconfigured("entity-unknown") if there is none."""
        org = self.organisation
        table = org.table(name)
        contact = org.table("contact") if name == "account" else None
        return entity_of(table, contact, tracked=org.tracks(table), sizes=org.sizes, lanes=org.lanes())

    def begin_run(self) -> None:
        """Describe tables anew."""
        self.organisation.forget()

    def changes(self, entity: str, fields: Sequence[str], cursor: str | None) -> Iterator[ChangePage]:
        """Give what changed since the cursor (JSON of one mark per tracked table), everything without one."""
        for page in changes.changes(self.organisation, self._scratch, entity, fields, cursor):
            self._note(page.cursor)
            yield page

    def scan(self, entity: str, fields: Sequence[str]) -> Iterator[Sequence[Record]]:
        """Give every record, in pages of up to 5,000."""
        yield from reading.scan(self.organisation, self._scratch, entity, fields)

    def census(self, entity: str) -> Iterator[Sequence[tuple[Key, str]]]:
        """Give every key with its birth mark, in pages of up to 5,000."""
        yield from reading.census(self.organisation, entity)

    def get(
        self, entity: str, keys: Sequence[Key], fields: Sequence[str], *, fresh: bool = False
    ) -> Mapping[Key, Record]:
        """Read records by key, about one request per 200; always from the organisation."""
        return reading.get(self.organisation, entity, keys, fields)

    def read_aside(self, entity: str, keys: Sequence[Key], fields: Sequence[str]) -> Mapping[Key, Record]:
        """Read records by a query over their ids, about one request per 200, on a connection of its own.

        Writes go by CreateMultiple, UpdateMultiple and $batch. The connections that are at rest are closed first: the
        next one may meet another web server of the organisation.
        """
        self.api.close()
        return reading.get(self.organisation, entity, keys, fields, who=False)

    def find(
        self, entity: str, field: str, values: Sequence[Value], fields: Sequence[str]
    ) -> Sequence[Record]:
        """Read the records whose field has one of the values; the database compares without case."""
        return reading.find(self.organisation, entity, field, values, fields)

    def write(self, entity: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        """Do the writes; one outcome each, in order."""
        return writing.write(self.organisation, entity, writes)

    def estimate(self, entity: str, *, reads: int, creates: int, updates: int, aside: int = 0) -> Estimate:
        """Say what so many records will cost: writes, read-backs, and the questions asked once."""
        org, sizes = self.organisation, self.organisation.sizes
        table = org.table(entity)
        read = ceil(reads / sizes.keys_per_read) + ceil(aside / sizes.keys_per_read)
        made = _requests(creates, sizes.create_rows, alone=1, chunk=2)
        changed = (
            _requests(updates, sizes.update_rows, alone=2, chunk=3)
            if own(table)
            else ceil(updates / sizes.batch_parts)
        )
        asked = org.questions_left(table, creates=creates > 1, updates=updates > 1 and own(table))
        seconds = read * _READ_S + (made + changed) * _WRITE_S + (creates + updates) * _ROW_S
        return Estimate(read + made + changed + asked, seconds / max(1, org.lanes() // 2), asked)

    def epoch(self) -> str:
        """Give organisation id and the database's version as the newest delta link of this process names it.

        The highest version among rows would fall when the newest row is deleted; that of a delta link falls only after
        a restore. Its form (`919042!08/22/2017 …`, use-change-tracking page) is not promised: assumed, "" where it differs.
        The version is 0 where it rose again after a restore, and the newest rows of a feed told of that.
        """
        with self._lock:
            highest = 0 if self.organisation.fell else self._highest
        if highest < 0:
            return ""
        return f"{str(self.organisation.me()['OrganizationId']).lower()}:{highest}"

    def tally(self) -> Tally:
        """Give the counts since the connector was made; rows are counted at the replies."""
        return self.organisation.tally()

    def close(self) -> None:
        """Close every connection."""
        self.api.close()

    def _note(self, cursor: str | None) -> None:
        versions = versions_in(cursor or "")
        with self._lock:
            # The newest link counts, not the highest: it is what falls after a restore.
            self._highest = max(versions) if versions else self._highest


def _requests(rows: int, size: int, *, alone: int, chunk: int) -> int:
    """Count the requests of rows in chunks, where a chunk of one row goes another way."""
    whole, rest = divmod(rows, size)
    return whole * chunk + (0 if rest == 0 else alone if rest == 1 else chunk)
