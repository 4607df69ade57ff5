"""The lists of one run: what SBA serves whole is streamed into scratch tables once and answers from there.

Customers and their addresses are two lists; the card is joined from them by customer number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from threading import RLock
from typing import Any

from gp365.connectors.gp.card import BILL, MAIN, SHIP, Card
from gp365.connectors.gp.rest.service import Service
from gp365.connectors.gp.rows import Cells, cells_of, pack_cells, unpack_cells, values_of
from gp365.connectors.gp.tables import GpEntity, entity_named
from gp365.connectors.gp.values import capitals
from gp365.model.contract import Scratch, ScratchTable
from gp365.model.values import key_of, key_text
from gp365.wire.calls import CallFailed, Requests
from gp365.wire.windows import Lanes

NO_NOTES = (0, 0)
_BATCH = 500
_ATTEMPTS = 3
_ALWAYS = (MAIN, BILL, SHIP, "CustomerNumber", "NoteIndex", "CreatedDate", "IntegrationID")


def row_key(entity: GpEntity, cells: Cells) -> tuple[str, ...]:
    """Return a row's key as GP compares it: capitals, without padding."""
    return tuple(capitals(str(cells.get(name) or "").rstrip(" ")) for name in entity.key)


class Lists:
    """Hold the lists that were read in this run, each at most once; `forget` begins a new run."""

    def __init__(self, service: Service, lanes: Lanes, scratch: Scratch) -> None:
        self._service = service
        self._lanes = lanes
        self._scratch = scratch
        self._lock = RLock()
        self._ready: set[str] = set()
        self.notes: tuple[int, int] = NO_NOTES
        """The lowest and the highest note index among the customers in the list."""

    def forget(self) -> None:
        """Drop every list."""
        with self._lock:
            for name in self._ready:
                self._table(name).clear()
            self._ready.clear()
            self.notes = NO_NOTES

    def ready(self, name: str) -> bool:
        """Say whether the list was read in this run."""
        return name in self._ready

    def length(self, name: str) -> int | None:
        """Count the rows of a list, None if this run has not read it."""
        return self._table(name).count() if name in self._ready else None

    def load(self, name: str) -> None:
        """Read the list if this run has not read it yet: one request, a few rows in memory.

        The lane is taken before the lock, as writers do, who lay their objects over the lists with a lane in hand.
        """
        if name in self._ready:
            return
        with self._lanes.lane() as lane, self._lock:
            if name not in self._ready:
                self._load(lane, name)
                self._ready.add(name)

    def _load(self, lane: Requests, name: str) -> None:
        """Stream the list; one that breaks off begins anew, because half a list looks like deletions."""
        for attempt in range(1, _ATTEMPTS + 1):
            self._table(name).clear()
            try:
                return self._stream(lane, name)
            except CallFailed as failure:
                if failure.code != "answer-cut" or attempt == _ATTEMPTS:
                    raise
        return None

    def _stream(self, lane: Requests, name: str) -> None:
        table, entity = self._table(name), entity_named(name)
        with self._service.rows(lane, name) as rows:
            while batch := list(islice(rows, _BATCH)):
                self._put(table, entity, [cells_of(entity, row) for row in batch])

    def keep(self, name: str, raw: Mapping[str, Any]) -> None:
        """Lay an object that was just read or written over the run's list, if there is one."""
        with self._lock:
            if name in self._ready:
                entity = entity_named(name)
                self._put(self._table(name), entity, [cells_of(entity, raw)])

    def cells(self, name: str, keys: Sequence[tuple[str, ...]]) -> dict[tuple[str, ...], Cells]:
        """Return rows of a loaded list by key."""
        entity, wanted = entity_named(name), {key_text(key): key for key in keys}
        found = self._table(name).get(list(wanted))
        return {wanted[key]: unpack_cells(entity, packed) for key, packed in found.items()}

    def pages(self, name: str, size: int) -> Iterator[list[Cells]]:
        """Give a loaded list in pages, ordered by key."""
        entity = entity_named(name)
        for page in self._table(name).scan(size):
            yield [unpack_cells(entity, packed) for _, _, packed in page]

    def cards(self, customers: Sequence[Cells], names: Sequence[str]) -> list[Card]:
        """Join customers with their addresses, as far as the named fields of the card need it."""
        entity, address = entity_named("customer"), entity_named("customer_address")
        inner = {name.partition(".")[2] for name in names if "." in name}
        own = {*names, *_ALWAYS, *inner}
        held = self._addresses_of(customers) if inner else {}
        cards: list[Card] = []
        for cells in customers:
            found = held.get(row_key(entity, cells)[0], {})
            addresses = {
                code: values_of(address, unpack_cells(address, each), inner) for code, each in found.items()
            }
            cards.append(Card(values_of(entity, cells, own), addresses))
        return cards

    def _addresses_of(self, customers: Sequence[Cells]) -> dict[str, dict[str, bytes]]:
        self.load("customer_address")
        entity = entity_named("customer")
        held: dict[str, dict[str, bytes]] = {}
        numbers = [row_key(entity, cells)[0] for cells in customers]
        for key, number, packed in self._table("customer_address").find(numbers):
            held.setdefault(number, {})[key_of(key)[1]] = packed
        return held

    def index(self, name: str) -> ScratchTable:
        """Return a table for an index of the run."""
        return self._table(name)

    def _table(self, name: str) -> ScratchTable:
        return self._scratch.table(f"gp:{self._service.settings.name}:{name}")

    def _put(self, table: ScratchTable, entity: GpEntity, rows: Sequence[Cells]) -> None:
        packed: list[tuple[str, str, bytes]] = []
        for cells in rows:
            key = row_key(entity, cells)
            if all(key):
                packed.append((key_text(key), key[0], pack_cells(entity, cells)))
                self._notice(entity, cells)
        table.put(packed)

    def _notice(self, entity: GpEntity, cells: Cells) -> None:
        if entity.name != "customer" or "NoteIndex" not in cells:
            return
        note = values_of(entity, cells, ("NoteIndex",)).get("NoteIndex")
        if isinstance(note, Decimal) and note > 0:
            low, high = self.notes
            self.notes = (min(low, int(note)) if low else int(note), max(high, int(note)))
