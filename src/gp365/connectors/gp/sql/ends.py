"""Rows that lie between two documents, such as applications: what they take from their ends, and rows that are no more.

An application that is taken back leaves no row. As long as both documents stand, what can be said of the two is that
nothing is applied between them: such a key is answered with a record that says so, and everything else of it is absent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gp365.connectors.gp.tables import GpEntity
from gp365.model.entity import FieldType
from gp365.model.record import Record
from gp365.model.values import Key, Value

_CODES = (FieldType.INTEGER, FieldType.OPTION)
Get = Callable[[str, Sequence[Key], Sequence[str]], Mapping[Key, Record]]


@dataclass(frozen=True, slots=True)
class End:
    """One end of a row: the fields that are the key of its document, and what is taken of it (ours from theirs)."""

    key: tuple[str, ...]
    take: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Ends:
    """The ends of an entity's rows: documents of `entity`; `absent` is said of a key whose row is no more."""

    entity: str
    of: tuple[End, ...]
    absent: Mapping[str, Value]

    def fields(self) -> frozenset[str]:
        """Name what comes from the ends."""
        return frozenset(name for end in self.of for name in end.take) | self.absent.keys()


def ends_of(given: Mapping[str, Any]) -> Ends:
    """Read the ends of an entity's data file."""
    ends = tuple(End(tuple(each["key"]), each["take"]) for each in given["of"])
    return Ends(given["entity"], ends, given.get("absent", {}))


def with_ends(
    get: Get, entity: GpEntity, ends: Ends, records: Sequence[Record], fields: Sequence[str]
) -> list[Record]:
    """Return records with what `fields` want of their ends, which counts more than what the row itself says."""
    found = list(records)
    for end in ends.of:
        wanted = {ours: theirs for ours, theirs in end.take.items() if ours in fields}
        if not wanted or not found:
            continue
        keys = [_end_key(end, entity, record.key) for record in found]
        documents = get(ends.entity, list(dict.fromkeys(keys)), list(wanted.values()))
        found = [
            record if (document := documents.get(key)) is None else _with(record, document, wanted)
            for key, record in zip(keys, found, strict=True)
        ]
    return found


def of_nothing(
    get: Get, entity: GpEntity, ends: Ends, keys: Sequence[Key], fields: Sequence[str]
) -> list[Record]:
    """Return what can be said of keys without a row, where all of their documents stand."""
    standing: list[Key] = [key for key in keys if len(key) == len(entity.key)]
    for end in ends.of:
        if standing:
            wanted = dict.fromkeys(_end_key(end, entity, key) for key in standing)
            documents = get(ends.entity, list(wanted), ())
            standing = [key for key in standing if _end_key(end, entity, key) in documents]
    said = {name: value for name, value in ends.absent.items() if name in fields}
    return [Record(key, {**_own(entity, key, fields), **said}) for key in standing]


def _own(entity: GpEntity, key: Key, fields: Sequence[str]) -> dict[str, Value]:
    """Return the fields of a key as a row would hold them."""
    return {
        name: int(part) if entity.fields[name].description.type in _CODES else part
        for name, part in zip(entity.key, key, strict=True)
        if name in fields
    }


def _end_key(end: End, entity: GpEntity, key: Key) -> Key:
    whole = dict(zip(entity.key, key, strict=True))
    return tuple(whole[name] for name in end.key)


def _with(record: Record, document: Record, wanted: Mapping[str, str]) -> Record:
    taken = {ours: document.values[theirs] for ours, theirs in wanted.items() if theirs in document.values}
    return record._replace(values={**record.values, **taken})
