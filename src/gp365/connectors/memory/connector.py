"""The memory connector: the contract's verbs over a memory system, a person's door beside them, and faults for tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from threading import Lock

from gp365.connectors.memory import reading, rules, writing
from gp365.connectors.memory.faults import Faults
from gp365.connectors.memory.reading import record_of
from gp365.connectors.memory.system import (
    Birth,
    Clock,
    MemorySystem,
    Snapshot,
    counted_birth,
    missing,
    now,
)
from gp365.connectors.memory.table import Row
from gp365.model.contract import Estimate, Finding, Level, Tally
from gp365.model.entity import EntityDescription, Feed
from gp365.model.errors import Retry
from gp365.model.record import ChangePage, Outcome, Record, Status, Write
from gp365.model.values import Key, Value, show_key

PERSON = "a person"
REQUEST_S = 0.001


@dataclass(slots=True)
class _Counts:
    requests: int = 0
    write_requests: int = 0
    acknowledged: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    lock: Lock = field(default_factory=Lock)


class MemoryConnector:
    """A connector over tables in memory, or in a file that several processes share.

    Everything that a real system differs in is chosen by the entity descriptions: write strength, feed, chosen keys,
    lengths, code page, upper case, required fields, options. Text is kept without trailing blanks, blank text is
    empty, keys and `find` compare without case and trailing blanks (as SQL Server's usual collation does).
    Of an `all_or_nothing` entity, `scan`, `find` and `get` (unless fresh) answer from the list that the run read first.
    """

    kind = "memory"

    def __init__(
        self,
        name: str,
        entities: Mapping[str, EntityDescription] | None,
        *,
        clock: Clock = now,
        birth: Birth = counted_birth,
        page: int = 200,
        token_life_s: float | None = None,
        returns_stored: bool = True,
        path: Path | None = None,
    ) -> None:
        self.name = name
        self.system = MemorySystem(name, entities, clock=clock, birth=birth, path=path)
        self.faults = Faults()
        self._page = page
        self._token_life_s = token_life_s
        self._returns_stored = returns_stored
        self._era = 0
        self._counts = _Counts()
        self._lists: dict[str, dict[Key, Row]] = {}
        self._late: list[tuple[str, Write]] = []

    @classmethod
    def open(
        cls,
        path: Path,
        name: str = "memory",
        entities: Mapping[str, EntityDescription] | None = None,
        *,
        clock: Clock = now,
        page: int = 200,
    ) -> MemoryConnector:
        """Open (or make) the system in this file; without entities, those that the file was made with."""
        return cls(name, entities, clock=clock, page=page, path=path)

    # the contract

    def check(self) -> Sequence[Finding]:
        """Say per entity how it is written."""
        self._ask()
        return [
            Finding(name, Level.OK, f"Writes are {described.strength}.")
            for name, described in self.system.entities.items()
        ]

    def entities(self) -> Sequence[str]:
        """Name the entities."""
        return tuple(self.system.entities)

    def entity(self, name: str) -> EntityDescription:
        """Describe an entity; Misconfigured("entity-unknown") if there is none."""
        return self.system.describe(name)

    def begin_run(self) -> None:
        """Forget the lists of the last run."""
        self._lists.clear()

    def changes(self, entity: str, fields: Sequence[str], cursor: str | None) -> Iterator[ChangePage]:
        """Give what changed since the cursor; everything, marked full, without one or with one that has expired."""
        self._ask()
        described = self.entity(entity)
        if described.feed is Feed.MODIFIED:
            changes, following = reading.modified_changes(self.system, described, fields, cursor)
            full = cursor is None
        elif described.feed is Feed.DELTA:
            since = reading.live_token(self.system, described, cursor, self._era, self._token_life_s)
            changes, following = reading.delta_changes(self.system, described, fields, since, self._era)
            full = since is None
        else:
            changes, following, full = reading.all_changes(self.system, described, fields), None, True
        for number, page in enumerate(reading.change_pages(changes, self._page, following, full=full)):
            self._next_page(entity, "changes", number)
            yield page

    def scan(self, entity: str, fields: Sequence[str]) -> Iterator[Sequence[Record]]:
        """Give every record in order of keys; what moves between two pages is seen twice or never."""
        self._ask()
        described = self.entity(entity)
        for rows in self._row_pages(described, "scan"):
            yield [record_of(described, row, fields) for row in rows]

    def census(self, entity: str) -> Iterator[Sequence[tuple[Key, str]]]:
        """Give every key with its birth mark."""
        self._ask()
        for rows in self._row_pages(self.entity(entity), "census"):
            yield [(row.key, row.birth) for row in rows]

    def get(
        self, entity: str, keys: Sequence[Key], fields: Sequence[str], *, fresh: bool = False
    ) -> Mapping[Key, Record]:
        """Read records by key; each answers under the key as it was asked."""
        self._ask()
        described = self.entity(entity)
        with self.system.turn():
            held = self._lists.get(entity) if not fresh else None
            rows = self.system.tables[entity].rows if held is None else held
            found = {key: rows.get(rules.fold_key(key)) for key in keys}
        return {
            key: reading.met(self.system, described, row, fields)
            for key, row in found.items()
            if row is not None
        }

    def read_aside(self, entity: str, keys: Sequence[Key], fields: Sequence[str]) -> Mapping[Key, Record]:
        """Read the rows themselves, a page of keys in a request; never from the run's list."""
        found: dict[Key, Record] = {}
        for start in range(0, len(keys), self._page):
            found.update(self.get(entity, keys[start : start + self._page], fields, fresh=True))
        return found

    def find(
        self, entity: str, field: str, values: Sequence[Value], fields: Sequence[str]
    ) -> Sequence[Record]:
        """Read the records whose field has one of the values, without regard to case and trailing blanks."""
        self._ask()
        described = self.entity(entity)
        with self.system.turn():
            held = self._lists.get(entity)
            if held is None:
                rows = self.system.shown(entity, self.system.tables[entity].find_by(field, values))
            else:
                wanted = {rules.fold(value) for value in values}
                rows = [row for row in held.values() if rules.fold(row.values.get(field)) in wanted]
        return [record_of(described, row, fields) for row in rows]

    def write(self, entity: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        """Do the writes one after the other; exactly one outcome each, in order."""
        self._ask(write=True)
        described = self.entity(entity)
        return [self._write(described, write) for write in writes]

    def estimate(self, entity: str, *, reads: int, creates: int, updates: int, aside: int = 0) -> Estimate:
        """Say how many calls so many records take."""
        requests = (
            ceil(reads / self._page) + ceil(aside / self._page) + ceil((creates + updates) / self._page)
        )
        return Estimate(requests, requests * REQUEST_S)

    def epoch(self) -> str:
        """Give the system's identity and its count of commits, which falls when a backup is put back."""
        with self.system.turn():
            return f"{self.system.identity}:{self.system.seq}"

    def tally(self) -> Tally:
        """Give the counts since the connector was made."""
        with self._counts.lock:
            return Tally(self._counts.requests, self._counts.write_requests, dict(self._counts.acknowledged))

    def close(self) -> None:
        """Close the file, if there is one."""
        self.system.close()

    # a person's door

    def person_put(self, entity: str, key: Key, values: Mapping[str, Value], by: str = PERSON) -> Record:
        """Create or edit a record as a user of the system does; Rejected if the system refuses it."""
        described = self.entity(entity)
        with self.system.turn():
            stored = self.system.stored_values(entity, values)
            row = self.system.tables[entity].find(key)
            if row is None:
                at = rules.stored_key(described, key)
                return record_of(described, self.system.create(entity, at, stored, "", by=by))
            return record_of(described, self.system.change(entity, row, stored, "", by=by))

    def person_delete(self, entity: str, key: Key) -> None:
        """Delete a record as a user does; Misconfigured("record-unknown") if it is not there."""
        with self.system.turn():
            row = self.system.tables[entity].find(key)
            if row is None:
                raise missing(entity, key)
            self.system.remove(entity, row.key)

    def person_rename(self, entity: str, key: Key, other: Key) -> Record:
        """Give a record another key; its birth mark stays."""
        described = self.entity(entity)
        with self.system.turn():
            row = self.system.tables[entity].find(key)
            if row is None:
                raise missing(entity, key)
            at = rules.stored_key(described, other)
            return record_of(described, self.system.rename(entity, row, at, by=PERSON))

    def person_hide(self, entity: str, key: Key, *, hidden: bool = True) -> None:
        """Let a role filter hide a record from our account, in this process, or show it again."""
        held = (entity, rules.fold_key(key))
        with self.system.turn():
            if hidden:
                self.system.hidden.add(held)
            else:
                self.system.hidden.discard(held)

    def person_merge(self, entity: str, key: Key, into: Key) -> Record:
        """Merge a record into another of its entity, as `merged_into` of the entity shows it; both stay."""
        described = self.entity(entity)
        with self.system.turn():
            row = self.system.tables[entity].find(key)
            if row is None or self.system.tables[entity].find(into) is None:
                raise missing(entity, key if row is None else into)
            values = {described.merged_into: ";".join(into)}
            return record_of(described, self.system.change(entity, row, values, "", by=PERSON))

    def rows(self, entity: str) -> dict[Key, dict[str, Value]]:
        """Return everything the system holds, unreadable fields too, behind the contract's back."""
        with self.system.turn():
            return {row.key: dict(row.values) for row in self.system.tables[entity].ordered()}

    def snapshot(self) -> Snapshot:
        """Take a backup of the system."""
        return self.system.snapshot()

    def restore(self, snapshot: Snapshot) -> None:
        """Put a backup back: the epoch falls."""
        self.system.restore(snapshot)
        self._lists.clear()

    def expire_tokens(self) -> None:
        """Let every delta token given so far expire."""
        self._era += 1

    def land(self) -> Sequence[Outcome]:
        """Let the writes that `faults.delay` kept on the way arrive; nobody hears their replies."""
        late, self._late = self._late, []
        return [
            writing.perform(self.system, self.faults, self.entity(entity), write) for entity, write in late
        ]

    # inside

    def _ask(self, *, write: bool = False) -> None:
        with self._counts.lock:
            self._counts.requests += 1
            self._counts.write_requests += write
        self.faults.check_up(self.name)

    def _next_page(self, entity: str, verb: str, number: int) -> None:
        if number == 0:
            return
        self._ask()
        if self.faults.between_pages is not None:
            self.faults.between_pages(entity, verb)

    def _row_pages(self, entity: EntityDescription, verb: str) -> Iterator[Sequence[Row]]:
        if entity.all_or_nothing:
            with self.system.turn():
                held = self.system.shown(entity.name, self.system.tables[entity.name].ordered())
                rows = self._lists.setdefault(entity.name, {rules.fold_key(row.key): row for row in held})
            ordered = [rows[at] for at in sorted(rows)]
            yield from (ordered[start : start + self._page] for start in range(0, len(ordered), self._page))
            return
        last: Key | None = None
        number = 0
        while True:
            self._next_page(entity.name, verb, number)
            with self.system.turn():
                page = self.system.tables[entity.name].page_after(last, self._page)
                shown = self.system.shown(entity.name, page)
            if shown:
                yield shown
            if len(page) < self._page:
                return
            last, number = page[-1].key, number + 1

    def _write(self, entity: EntityDescription, write: Write) -> Outcome:
        if self.faults.before_write is not None:
            self.faults.before_write(entity.name, write)
        late = writing.too_late(self.system, write)
        if late is not None:
            return late
        if self.faults.take_delayed():
            self._late.append((entity.name, write))
            return self._unheard(write)
        before = self.system.tables[entity.name].find(write.key)
        outcome = writing.perform(self.system, self.faults, entity, write)
        if outcome.status is not Status.DONE:
            return outcome
        if before is not None and self.faults.take_unkept():
            self.system.lose(entity.name, before)
        self._freshen(entity, outcome.key)
        if self.faults.after_commit is not None:
            self.faults.after_commit(entity.name, write, outcome)
        if self.faults.take_lost():
            return self._unheard(write)
        with self._counts.lock:
            self._counts.acknowledged[entity.name, write.op.value] += 1
        return outcome if self._returns_stored else _without_stored(outcome)

    def _freshen(self, entity: EntityDescription, key: Key) -> None:
        """Put our own write into the run's list."""
        held = self._lists.get(entity.name)
        if held is None:
            return
        with self.system.turn():
            row = self.system.tables[entity.name].find(key)
            if row is not None:
                held[rules.fold_key(key)] = row

    def _unheard(self, write: Write) -> Outcome:
        error = Retry("answer-cut", "The reply was lost.", system=self.name, record=show_key(write.key))
        return Outcome(Status.UNKNOWN, write.key, error=error)


def _without_stored(outcome: Outcome) -> Outcome:
    return Outcome(outcome.status, outcome.key, outcome.version, outcome.birth, window_ms=outcome.window_ms)
