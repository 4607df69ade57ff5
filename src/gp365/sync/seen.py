"""The records that a feed or scan brought in this run: kept on disk, counted as read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from gp365.model.contract import Scratch, ScratchTable
from gp365.model.record import Record
from gp365.model.values import Key, from_plain, key_of, key_text, pack

PAGE = 1000


_WRITTEN = b""


class Seen:
    """The records of one side that this run has in hand; written once by observe, read by every page.

    A record that we have written since is in hand no more: what was read before must not be taken for an edit.
    """

    def __init__(self, scratch: Scratch, name: str) -> None:
        self._table: ScratchTable = scratch.table(name)
        self._table.clear()
        self._written = False

    def put(self, records: Sequence[Record]) -> None:
        """Keep records."""
        self._table.put([(key_text(record.key), record.birth, _pack(record)) for record in records])

    def get(self, keys: Sequence[Key]) -> Mapping[Key, Record]:
        """Give the records that are in hand."""
        found = self._table.get([key_text(key) for key in keys])
        return {key_of(text): _unpack(key_of(text), payload) for text, payload in found.items() if payload}

    def by_births(self, births: Sequence[str]) -> list[Record]:
        """Give the records in hand that have one of these birth marks, under whatever key."""
        wanted = [birth for birth in births if birth]
        found = self._table.find(wanted) if wanted else ()
        return [_unpack(key_of(text), payload) for text, _, payload in found if payload]

    def mark_written(self, keys: Sequence[Key]) -> None:
        """Note that we have written records in this run."""
        self._written = True
        self._table.put([(key_text(key), "", _WRITTEN) for key in keys])

    def written(self, keys: Sequence[Key]) -> list[Key]:
        """Name those of these records that we have written in this run."""
        if not self._written:
            return []
        found = self._table.get([key_text(key) for key in keys])
        return [key_of(text) for text, payload in found.items() if not payload]

    def pages(self) -> Iterator[list[Key]]:
        """Give every key in hand, in pages, in the order of the keys."""
        for page in self._table.scan(PAGE):
            yield [key_of(key) for key, _, _ in page]

    def count(self) -> int:
        """Count the records in hand."""
        return self._table.count()


def _pack(record: Record) -> bytes:
    held: dict[str, Any] = {
        "v": dict(record.values),
        "e": record.version,
        "b": record.birth,
        "r": record.reference,
    }
    if record.stamp is not None or record.changed_by:
        held["c"] = [record.stamp, record.changed_by]
    return pack(held)


def _unpack(key: Key, payload: bytes) -> Record:
    held = orjson.loads(payload)
    values = {name: from_plain(value) if type(value) is dict else value for name, value in held["v"].items()}
    stamp, who = held.get("c", (None, ""))
    at = from_plain(stamp)
    return Record(
        key,
        values,
        version=held["e"],
        birth=held["b"],
        reference=held["r"],
        stamp=at if isinstance(at, datetime) else None,
        changed_by=who,
    )
