"""The lists of one run: what was read of them stands in scratch tables, so that memory stays flat and nothing is read twice.

A list gives summaries; where more is wanted the objects are asked for one by one and kept as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from threading import RLock
from typing import Any

from gp365.connectors.gp.rows import Cells
from gp365.connectors.gp.soap.answers import Element
from gp365.connectors.gp.soap.held import Held, held_from, key_in, packed_row
from gp365.connectors.gp.soap.service import Service
from gp365.connectors.gp.soap.shapes import ISO, Place, Shape, shape_of
from gp365.connectors.gp.soap.values import TEXTS, Currencies, cells_from
from gp365.connectors.gp.soap.windows import Bound, Windows
from gp365.model.contract import Scratch, ScratchTable
from gp365.model.entity import FieldType
from gp365.model.values import Key, key_text
from gp365.wire.calls import Requests
from gp365.wire.windows import Lanes

_BATCH = 200


class Lists:
    """Hold what was read in this run; `forget` begins a new one."""

    def __init__(self, service: Service, lanes: Lanes, scratch: Scratch) -> None:
        self.service = service
        self._lanes = lanes
        self._scratch = scratch
        self._windows = Windows(service.settings.window)
        self._loading = RLock()
        self._ready: set[str] = set()
        self.newest: dict[str, datetime] = {}
        """The newest stamp in each list."""

    def forget(self) -> None:
        """Drop everything that was read."""
        with self._loading:
            for name in self._ready:
                self.table(name).clear()
            self._ready.clear()
            self.newest.clear()

    def table(self, name: str) -> ScratchTable:
        """Return a table of the run."""
        return self._scratch.table(f"gp-soap:{self.service.settings.name}:{name}")

    def whole(self, entity: str) -> bool:
        """Say whether all objects of an entity were read in this run."""
        return _whole(entity) in self._ready

    def length(self, entity: str) -> int | None:
        """Count the items of a list, None if this run has not read it."""
        return self.table(_list(entity)).count() if _list(entity) in self._ready else None

    def load(self, entity: str) -> None:
        """Read the list if this run has not."""
        with self._loading:
            if _list(entity) not in self._ready:
                self.table(_list(entity)).clear()
                self._ready.add(_list(entity))
                try:
                    self._walk(entity)
                except BaseException:
                    self._ready.discard(_list(entity))
                    raise

    def load_whole(self, entity: str) -> None:
        """Read every object, where the list does not give them whole."""
        shape = shape_of(entity)
        with self._loading:
            if _whole(entity) in self._ready:
                return
            self.load(entity)
            if shape.detail and (shape.summary or shape.rows):
                self.table(_whole(entity)).clear()
                self._ready.add(_whole(entity))
                try:
                    self._objects(entity)
                except BaseException:
                    self._ready.discard(_whole(entity))
                    raise

    def pages(self, entity: str, size: int, *, whole: bool) -> Iterator[list[Held]]:
        """Give what was read, ordered by key: the objects, or the items of the list."""
        for page in self._table(entity, whole).scan(size):
            yield [Held.unpacked(packed) for _, _, packed in page]

    def get(self, entity: str, keys: Sequence[Key], *, whole: bool) -> dict[Key, Held]:
        """Return what was read, by key."""
        wanted = {key_text(key): key for key in keys}
        found = self._table(entity, whole).get(list(wanted))
        return {wanted[text]: Held.unpacked(packed) for text, packed in found.items()}

    def singles(self, entity: str, keys: Sequence[Key]) -> dict[Key, Held]:
        """Return the objects that were read one by one in this run, by key."""
        if _single(entity) not in self._ready:
            return {}
        wanted = {key_text(key): key for key in keys}
        found = self.table(_single(entity)).get(list(wanted))
        return {wanted[text]: Held.unpacked(packed) for text, packed in found.items()}

    def keep(self, entity: str, held: Held) -> None:
        """Lay an object that was just read or written over what this run has."""
        shape = shape_of(entity)
        if _whole(entity) in self._ready:
            self.table(_whole(entity)).put([packed_row(shape, held)])
        elif shape.detail and not shape.rows:
            with self._loading:
                if _single(entity) not in self._ready:
                    self.table(_single(entity)).clear()
                    self._ready.add(_single(entity))
            self.table(_single(entity)).put([packed_row(shape, held)])
        if _list(entity) in self._ready and not shape.rows:
            self.table(_list(entity)).put([packed_row(shape, Held(held.cells))])

    def _table(self, entity: str, whole: bool) -> ScratchTable:
        shape = shape_of(entity)
        separate = whole and shape.detail and (shape.summary or shape.rows)
        return self.table(_whole(entity) if separate else _list(entity))

    def _walk(self, entity: str) -> None:
        shape, batch = shape_of(entity), list[tuple[str, str, bytes]]()
        table = self.table(_list(entity))
        with self._lanes.lane() as lane:
            currencies = self._currencies(lane, shape)

        def put(item: Element) -> None:
            self._notice(entity, item)
            held = Held(cells_from(shape, shape.items, item, currencies))
            key = key_in(shape, held.cells)
            if key[0]:
                batch.append((key_text(key), key[0], held.packed()))
            if len(batch) >= _BATCH:
                table.put(batch)
                batch.clear()

        def ask(low: Bound, high: Bound) -> int:
            count = 0
            with (
                self._lanes.lane() as lane,
                self.service.items(lane, entity, criteria(shape, low, high)) as items,
            ):
                for item in items:
                    put(item)
                    count += 1
            return count

        if shape.window:
            self._windows.walk(entity, ask)
        else:
            ask(None, None)
        if batch:
            table.put(batch)
        if shape.all_of:
            self._fill(shape, table)

    def _fill(self, shape: Shape, table: ScratchTable) -> None:
        """Add what the list leaves out: an empty record for each record of another list with the same key."""
        self.load(shape.all_of)
        for page in self.table(_list(shape.all_of)).scan(self.service.settings.page):
            there = table.get([key for key, _, _ in page])
            missing = [(key, first) for key, first, _ in page if key not in there]
            rows = [(key, first, Held(_blank(shape, (first,))).packed()) for key, first in missing]
            if rows:
                table.put(rows)

    def _notice(self, entity: str, item: Element) -> None:
        since = shape_of(entity).since
        text = item.text_at((since,)) if since else None
        stamp = stamp_of(text)
        if stamp is not None and stamp > self.newest.get(entity, datetime.min):  # noqa: DTZ901 (naive, as served)
            self.newest[entity] = stamp

    def _objects(self, entity: str) -> None:
        shape, table = shape_of(entity), self.table(_whole(entity))

        def read(cells: Cells) -> list[Held]:
            with self._lanes.lane() as lane:
                found = self.object(lane, entity, cells)
            return found if shape.rows else [replace(each, cells={**cells, **each.cells}) for each in found]

        with ThreadPoolExecutor(self.service.settings.lanes, "gp-soap-read") as lanes:
            for page in self.table(_list(entity)).scan(self.service.settings.page):
                cells = [Held.unpacked(packed).cells for _, _, packed in page]
                found = lanes.map(read, cells)
                rows = [packed_row(shape, held) for each in found for held in each]
                if rows:
                    table.put(rows)

    def object(self, via: Requests, entity: str, values: Cells) -> list[Held]:
        """Ask for an object by its key and return the records in it; errors as Service.ask."""
        shape = shape_of(entity)
        currencies = self._currencies(via, shape)
        key: dict[str, Any] = {}
        for path, name in shape.key.items():
            into = key
            *above, last = path.split(".")
            for each in above:
                into = into.setdefault(each, {})
            into[last] = str(values.get(name) or "").rstrip(" ")
        found = self.service.ask(via, shape.detail, entity, key=key)
        if found is None:
            return []
        if not shape.rows:
            return [held_from(shape, found, currencies)]
        inside = found.at(shape.rows[:-1])
        items = [each for each in inside.children if each.name == shape.rows[-1]] if inside else []
        return [held_from(shape, each, currencies) for each in items]

    def _currencies(self, via: Requests, shape: Shape) -> Currencies:
        """Read the currencies before they are wanted: while a list comes in its lane can ask nothing else."""
        known: Mapping[str, str] = {}
        if shape.entity.name != "currency" and any(each.how == ISO for each in _places(shape)):
            known = self.service.currencies(via)
        return lambda: known


def _blank(shape: Shape, key: Key) -> Cells:
    """Return the cells of a record that has nothing but its key: zeros, and days and texts that are empty."""
    cells: dict[str, Any] = {}
    for name in shape.whole:
        kind = shape.entity.fields[name].description.type
        cells[name] = None if kind is FieldType.DATE else "" if kind in TEXTS else "0"
    return {**cells, **shape.sets, **dict(zip(shape.keyed, key, strict=True))}


def criteria(shape: Shape, low: Bound, high: Bound) -> dict[str, Any]:
    """Return the criteria of a window."""
    span = {name: bound for name, bound in (("From", low), ("To", high)) if bound is not None}
    return {shape.window: span} if span else {}


def stamp_of(text: str | None) -> datetime | None:
    """Read a stamp of the service: UTC without saying so (assumed); None for an empty one."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text.rstrip("Z"))
    except ValueError:
        return None
    return found.replace(tzinfo=None) if found.year > 1900 else None


def _places(shape: Shape) -> list[Place]:
    return [*shape.whole.values(), *shape.summary.values()]


def _list(entity: str) -> str:
    return f"{entity}:list"


def _single(entity: str) -> str:
    return f"{entity}:single"


def _whole(entity: str) -> str:
    return f"{entity}:whole"
