"""The contract that every connector keeps, and the ports it is given. Verbs are for batches; a key is a tuple of texts.

A connector is used by several threads at once (`write` and `get`), the other verbs by one. It is unaware of the engine
and of other connectors. What it cannot do it declares in its entity descriptions; the engine never finds out by failing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Protocol, runtime_checkable

from gp365.model.entity import EntityDescription
from gp365.model.record import ChangePage, Outcome, Record, Write
from gp365.model.values import Key, Value


class Level(StrEnum):
    """How serious a finding is."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `doctor`: subject (TLS, authentication, rights, an entity's name), what was found, and the fix.

    `code` is an error code of the catalogue for warnings and errors. `facts` are figures and names for --json.
    """

    subject: str
    level: Level
    text: str
    fix: str = ""
    code: str = ""
    facts: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True)
class Tally:
    """What a connector has counted since it was made: requests sent, and rows that the system's replies acknowledged.

    `acknowledged` counts at the replies, per entity and operation, so that it is independent of what the engine thinks.
    """

    requests: int
    write_requests: int
    acknowledged: Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Estimate:
    """What one call of `write` (and reads before it) will cost, as far as the connector can tell.

    `once` of the requests are questions that only the first of several calls asks.
    """

    requests: int
    seconds: float
    once: int = 0


@dataclass(frozen=True, slots=True)
class Within:
    """How much of an entity is read: what is open, and history of so many months, which begins with the day `since`.

    `rows` lie within, `beyond` are records that exist and are left out.
    """

    months: int
    since: date
    rows: int
    beyond: int


@runtime_checkable
class HasHorizon(Protocol):
    """A connector that leaves out of its full readings what is old and settled."""

    def within(self, entity: str) -> Within | None:
        """Count what lies within the horizon and beyond; None for an entity that is read whole."""
        ...


class Connector(Protocol):
    """One system, or one company of it.

    Every verb raises a leaf of `errors`: Unauthorised and Retry for the whole call; a single record's fate is in its
    Outcome. `name` is the system's name in the settings.
    """

    name: str
    kind: str

    def check(self) -> Sequence[Finding]:
        """Find out how the system answers: reachable, certificate, scheme, rights, version, per entity what works."""
        ...

    def entities(self) -> Sequence[str]:
        """Name the entities that are served."""
        ...

    def entity(self, name: str) -> EntityDescription:
        """Describe an entity; Misconfigured("entity-unknown") if there is none."""
        ...

    def begin_run(self) -> None:
        """Forget what was cached for the last run: lists in scratch tables, descriptions older than the run."""
        ...

    def changes(self, entity: str, fields: Sequence[str], cursor: str | None) -> Iterator[ChangePage]:
        """Give pages of what changed since the cursor, or of everything without one; the last page has the next cursor.

        A feed of kind NONE gives every record, each time. A record that the feed carries counts as read. Records that
        our account may not see are left out, as in `scan`, `census` and `find`: only `get` tells hidden from gone.
        """
        ...

    def scan(self, entity: str, fields: Sequence[str]) -> Iterator[Sequence[Record]]:
        """Give every record, in pages, ordered by key where the system lists all or nothing."""
        ...

    def census(self, entity: str) -> Iterator[Sequence[tuple[Key, str]]]:
        """Give every key with its birth mark, in pages."""
        ...

    def get(
        self, entity: str, keys: Sequence[Key], fields: Sequence[str], *, fresh: bool = False
    ) -> Mapping[Key, Record]:
        """Read records by key; only one that is gone is left out. `fresh` never answers from a run's list.

        A record that exists but that our account may not read (role filters, read depth) comes as `Record(key, {})`:
        hidden, everything absent. Without `fresh`, a run's list knows neither gone nor hidden ones: both are left out.
        A system that does not tell the two apart leaves hidden ones out always, and `check` says so.
        """
        ...

    def read_aside(self, entity: str, keys: Sequence[Key], fields: Sequence[str]) -> Mapping[Key, Record]:
        """Read records by key as `get` with `fresh` does, by another way than `write` takes, and past every cache.

        Written values are compared with what comes. The entity's `aside` says which way it is. Another channel than
        the one that writes where the system has several, else another kind of request, on a fresh connection.
        """
        ...

    def find(
        self, entity: str, field: str, values: Sequence[Value], fields: Sequence[str]
    ) -> Sequence[Record]:
        """Read the records whose field has one of the values (compared as the system compares)."""
        ...

    def write(self, entity: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        """Do the writes; exactly one outcome each, in order. Never raises for a single record.

        A write to a hidden record, and a create that meets one, is REJECTED with "right-missing": another key would
        double it. DONE with `error` says that the write was done and what stands is not right.
        """
        ...

    def estimate(self, entity: str, *, reads: int, creates: int, updates: int, aside: int = 0) -> Estimate:
        """Say what so many records will cost; `reads` are records fetched by key, `aside` read back."""
        ...

    def epoch(self) -> str:
        """Give a text that falls (compared as "id:number") when the system was restored from a backup; "" if unknown.

        Another id is another system behind the same settings. To be asked after the run's feeds or lists were read,
        which tell it without further requests. A ~ before a part says that a plain deletion can change it too: a hint.
        """
        ...

    def tally(self) -> Tally:
        """Give the counts since the connector was made."""
        ...

    def close(self) -> None:
        """Close every connection."""
        ...


class ScratchTable(Protocol):
    """A table on disk that lives for one run: rows of key, index text and payload bytes, unique by key."""

    def put(self, rows: Sequence[tuple[str, str, bytes]]) -> None:
        """Add or replace rows (key, index, payload)."""
        ...

    def get(self, keys: Sequence[str]) -> Mapping[str, bytes]:
        """Read payloads by key."""
        ...

    def find(self, indexes: Sequence[str]) -> Sequence[tuple[str, str, bytes]]:
        """Read rows by index text."""
        ...

    def scan(self, page: int) -> Iterator[Sequence[tuple[str, str, bytes]]]:
        """Give all rows in pages, ordered by key."""
        ...

    def keys(self, page: int) -> Iterator[Sequence[str]]:
        """Give all keys in pages, in their order."""
        ...

    def count(self) -> int:
        """Count the rows."""
        ...

    def clear(self) -> None:
        """Drop all rows."""
        ...


class Scratch(Protocol):
    """Where a connector or the engine keeps what is too big for memory during a run."""

    def table(self, name: str, *, unique_keys: bool = True) -> ScratchTable:
        """Open (or make) the table of this name, empty at the start of a process.

        Without unique keys a row is added however often its key is there: for what is found by its index only.
        """
        ...

    def file(self) -> Path:
        """Make an empty file that lives no longer than the scratch."""
        ...


class Secret(Protocol):
    """A secret that is read when it is needed, and never shown."""

    def reveal(self) -> str:
        """Return the secret text; Misconfigured("secret-missing") if it is not there."""
        ...
