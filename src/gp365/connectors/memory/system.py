"""The system itself: tables behind one lock, numbered commits, a person's edits, snapshots, and its file if it has one."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import Any

from gp365.connectors.memory import descriptions, rules
from gp365.connectors.memory.journal import Journal
from gp365.connectors.memory.table import Row, Table
from gp365.model.entity import EntityDescription
from gp365.model.errors import Misconfigured, Rejected
from gp365.model.values import Key, Value, from_plain, key_of, key_text, show_key

Clock = Callable[[], datetime]
Birth = Callable[[int], str]
Normaliser = Callable[[str, str, Value], Value]


def now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


def counted_birth(number: int) -> str:
    """Give the birth mark of the commit that made a record."""
    return f"b{number}"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything a system held at one moment, to be put back by `restore`: its backup."""

    seq: int
    rows: tuple[tuple[str, Row], ...]


class MemorySystem:
    """Tables of rows. Every change is a commit with the next number; with a path, several processes share them."""

    def __init__(
        self,
        name: str,
        entities: Mapping[str, EntityDescription] | None,
        *,
        clock: Clock,
        birth: Birth,
        path: Path | None = None,
    ) -> None:
        self.identity = name
        self.clock = clock
        self.birth = birth
        self.seq = 0
        self.normaliser: Normaliser | None = None
        self.hidden: set[tuple[str, Key]] = set()
        self.entities: dict[str, EntityDescription] = dict(entities or {})
        self.tables: dict[str, Table] = {}
        self._lock = RLock()
        self._journal = Journal(path) if path is not None else None
        if self._journal is not None:
            self._open(self._journal)
        for entity in self.entities:
            self.tables.setdefault(entity, Table())

    def _open(self, journal: Journal) -> None:
        with journal.turn():
            lines = journal.news()
            if not lines:
                journal.add(
                    {"memory": 1, "id": self.identity, "entities": descriptions.to_json(self.entities)}
                )
                return
            self.identity = lines[0]["id"]
            self.entities = self.entities or descriptions.from_json(lines[0]["entities"])
            for line in lines[1:]:
                self._apply(line)

    @contextmanager
    def turn(self) -> Generator[None]:
        """Have the system to oneself, with everything that other processes have committed."""
        with self._lock:
            if self._journal is None:
                yield
                return
            with self._journal.turn():
                for line in self._journal.news():
                    self._apply(line)
                yield

    def describe(self, entity: str) -> EntityDescription:
        """Return the description; Misconfigured("entity-unknown") if there is none."""
        if entity not in self.entities:
            raise Misconfigured("entity-unknown", f"There is no entity {entity}.", value=entity)
        return self.entities[entity]

    def shown(self, entity: str, rows: Iterable[Row]) -> list[Row]:
        """Return the rows that no role filter hides."""
        if not self.hidden:
            return list(rows)
        return [row for row in rows if not self.hides(entity, row.key)]

    def hides(self, entity: str, key: Key) -> bool:
        """Tell whether a role filter hides the record from our account."""
        return (entity, rules.fold_key(key)) in self.hidden

    def stored_values(self, entity: str, values: Mapping[str, Value]) -> dict[str, Value]:
        """Return the values as they will be stored; Rejected for the first that cannot be."""
        held = self.describe(entity).fields
        kept: dict[str, Value] = {}
        for name, value in values.items():
            if name not in held:
                raise Rejected("rejected", f"{entity} has no field {name}.", field=name)
            if self.normaliser is not None:
                value = self.normaliser(entity, name, value)
            kept[name] = rules.stored(held[name], value)
        return kept

    # commits: to be called in a turn

    def create(
        self, entity: str, key: Key, values: Mapping[str, Value], reference: str, *, by: str = ""
    ) -> Row:
        """Commit a new row under a key that is free."""
        described = self.describe(entity)
        held = dict.fromkeys(described.fields) | dict(values) | rules.key_values(described, key)
        held |= _mark(described, reference)
        rules.check_required(described, held)
        self.seq += 1
        return self._commit(entity, Row(key, held, self.seq, self.birth(self.seq), self.clock(), by))

    def change(
        self, entity: str, row: Row, values: Mapping[str, Value], reference: str, *, by: str = ""
    ) -> Row:
        """Commit values over a row's own; a reference that is given replaces the row's."""
        held = {**row.values, **values, **_mark(self.describe(entity), reference)}
        self.seq += 1
        return self._commit(entity, Row(row.key, held, self.seq, row.birth, self.clock(), by))

    def lose(self, entity: str, before: Row) -> None:
        """Let a row's values be those of before its last commit, under the number of that commit."""
        with self.turn():
            now = self.tables[entity].find(before.key)
            if now is not None:
                self._commit(entity, Row(now.key, before.values, now.seq, now.birth, now.stamp, now.by))

    def remove(self, entity: str, key: Key) -> None:
        """Commit a deletion."""
        self.seq += 1
        self.tables[entity].delete(key, self.seq)
        self._write({"do": "delete", "entity": entity, "key": key_text(key), "seq": self.seq})

    def rename(self, entity: str, row: Row, key: Key, *, by: str = "") -> Row:
        """Commit another key for a row; its birth mark stays, as GP keeps NOTEINDX when a customer is renumbered."""
        self.remove(entity, row.key)
        self.seq += 1
        values = {**row.values, **rules.key_values(self.describe(entity), key)}
        return self._commit(entity, Row(key, values, self.seq, row.birth, self.clock(), by))

    def snapshot(self) -> Snapshot:
        """Return everything as it stands."""
        with self.turn():
            held = tuple((name, row) for name, table in self.tables.items() for row in table.ordered())
            return Snapshot(self.seq, held)

    def restore(self, snapshot: Snapshot) -> None:
        """Put a backup back: rows and the count of commits are as they were then."""
        with self.turn():
            rows = [{"entity": name, **_plain_row(row)} for name, row in snapshot.rows]
            self._replace(snapshot.seq, snapshot.rows)
            self._write({"do": "restore", "seq": snapshot.seq, "rows": rows})

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._journal is not None:
            self._journal.close()

    def _replace(self, seq: int, rows: tuple[tuple[str, Row], ...]) -> None:
        self.seq = seq
        self.tables = {name: Table() for name in self.entities}
        for name, row in rows:
            self.tables.setdefault(name, Table()).put(row)

    def _commit(self, entity: str, row: Row) -> Row:
        self.tables[entity].put(row)
        self._write({"do": "put", "entity": entity, **_plain_row(row)})
        return row

    def _write(self, line: dict[str, Any]) -> None:
        if self._journal is not None:
            self._journal.add(line)

    def _apply(self, line: dict[str, Any]) -> None:
        if line["do"] == "restore":
            rows = tuple((str(row["entity"]), _row(row)) for row in line["rows"])
            self._replace(int(line["seq"]), rows)
            return
        self.seq = max(self.seq, int(line["seq"]))
        table = self.tables.setdefault(line["entity"], Table())
        if line["do"] == "put":
            table.put(_row(line))
        else:
            table.delete(key_of(line["key"]), self.seq)


def _mark(entity: EntityDescription, reference: str) -> dict[str, Value]:
    """Return our reference as a value of the field that keeps it; nothing where there is none."""
    name = entity.reference_field
    if not name or not reference:
        return {}
    return {name: rules.stored(entity.fields[name], reference) if name in entity.fields else reference}


def _plain_row(row: Row) -> dict[str, Any]:
    return {
        "key": key_text(row.key),
        "values": dict(row.values),
        "seq": row.seq,
        "birth": row.birth,
        "stamp": row.stamp,
        "by": row.by,
    }


def _row(line: Mapping[str, Any]) -> Row:
    values: dict[str, Value] = {name: from_plain(value) for name, value in line["values"].items()}
    stamp = from_plain(line["stamp"])
    if not isinstance(stamp, datetime):
        raise Misconfigured("settings-invalid", "The memory system's file is damaged.")
    return Row(key_of(line["key"]), values, line["seq"], line["birth"], stamp, line.get("by", ""))


def missing(entity: str, key: Key) -> Misconfigured:
    """Return the error for a record that a person's door was asked for and that is not there."""
    return Misconfigured("record-unknown", f"There is no {entity} {show_key(key)}.", record=show_key(key))
