"""The records that a feed or scan brought in this run: kept on disk, counted as read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

import orjson

from gp365.model.contract import Scratch, ScratchTable
from gp365.model.record import Record
from gp365.model.values import Key, from_plain, key_of, key_text, pack

PAGE = 1000


_WRITTEN = b""
_TAGGED = b'{"$'  # how a packed value begins that JSON does not know
# What so many records are found by is at hand at least: those of the pages that are under way.
_RECENT = 3_000

Norms = list[tuple[int, str]]


class Told(NamedTuple):
    """What a record is found by: its norms by rule (none: not known), and its card (None: not known)."""

    norms: Norms
    card: str | None = None


_UNTOLD = Told([])


class Seen:
    """The records of one side that this run has in hand, and what they match by; written by observe, read by every page.

    A record that we have written since is in hand no more: what was read before must not be taken for an edit.
    """

    def __init__(self, scratch: Scratch, name: str) -> None:
        self._table: ScratchTable = scratch.table(name)
        self._table.clear()
        self._written = False
        self._recent: dict[Key, tuple[Record, Told]] = {}

    def put(self, records: Sequence[Record], told: Sequence[Told] = ()) -> None:
        """Keep records; with each, what it is found by, so that it need not be worked out again."""
        self._table.put(
            [
                (key_text(record.key), record.birth, _pack(record, held))
                for record, held in zip(records, told or [_UNTOLD] * len(records), strict=True)
            ]
        )

    def get(self, keys: Sequence[Key]) -> Mapping[Key, Record]:
        """Give the records that are in hand."""
        recent = self._recent
        for old in list(islice(recent, max(0, len(recent) - _RECENT))):
            del recent[old]
        found: dict[Key, Record] = {}
        for text, payload in self._table.get([key_text(key) for key in keys]).items():
            if payload:
                key = key_of(text)
                held = orjson.loads(payload)
                record = found[key] = _record(key, held, tagged=_TAGGED in payload)
                recent[key] = (
                    record,
                    Told([(rule, norm) for rule, norm in held.get("n", ())], held.get("s")),
                )
        return found

    def told(self, record: Record) -> Told:
        """Give what a record is found by, if it is the very one that was taken from here of late."""
        recent = self._recent.get(record.key)
        return recent[1] if recent is not None and recent[0] is record else _UNTOLD

    def by_births(self, births: Sequence[str]) -> list[Record]:
        """Give the records in hand that have one of these birth marks, under whatever key."""
        wanted = [birth for birth in births if birth]
        found = self._table.find(wanted) if wanted else ()
        return [
            _record(key_of(text), orjson.loads(payload), tagged=_TAGGED in payload)
            for text, _, payload in found
            if payload
        ]

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
        for page in self._table.keys(PAGE):
            yield [key_of(key) for key in page]

    def count(self) -> int:
        """Count the records in hand."""
        return self._table.count()


def _pack(record: Record, told: Told) -> bytes:
    held: dict[str, Any] = {
        "v": record.values if isinstance(record.values, dict) else dict(record.values),
        "e": record.version,
        "b": record.birth,
        "r": record.reference,
    }
    if record.stamp is not None or record.changed_by:
        held["c"] = [record.stamp, record.changed_by]
    if told.norms:
        held["n"] = told.norms
    if told.card is not None:
        held["s"] = told.card
    return pack(held)


def _record(key: Key, held: dict[str, Any], *, tagged: bool) -> Record:
    """Undo `_pack`; `tagged`: values may be there that JSON does not know."""
    values = held["v"]
    if tagged:
        values = {name: from_plain(value) if type(value) is dict else value for name, value in values.items()}
    changed = held.get("c")
    if changed is None:
        return Record(key, values, held["e"], held["b"], held["r"])
    at = from_plain(changed[0])
    stamp = at if isinstance(at, datetime) else None
    return Record(key, values, held["e"], held["b"], held["r"], stamp, changed[1])
