"""Reading over SOAP: from the run's lists where they were read, by key where that is cheaper, and what has a newer stamp."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from gp365.connectors.gp.soap.faults import Faulted
from gp365.connectors.gp.soap.feed import Feed
from gp365.connectors.gp.soap.held import Held, key_in, record_of
from gp365.connectors.gp.soap.lists import Lists
from gp365.connectors.gp.soap.service import Service
from gp365.connectors.gp.soap.shapes import Shape, shape_of
from gp365.connectors.gp.soap.values import cells_from
from gp365.connectors.gp.values import comparable, folded, unfit_character
from gp365.model.errors import Retry, Unauthorised
from gp365.model.record import ChangePage, Record
from gp365.model.values import Key, Value, key_of, key_text, show
from gp365.wire.calls import Requests
from gp365.wire.clock import Clock
from gp365.wire.windows import Lanes

_SINGLE = 50
"""Up to so many records are read one by one where their list was not read."""
_FEW = 10
"""Up to so many values are looked up by a restriction each."""
_LONGEST = 255


class Reading:
    """Read the entities of one company during a run."""

    def __init__(self, service: Service, lanes: Lanes, lists: Lists, clock: Clock) -> None:
        self._service = service
        self._settings = service.settings
        self._lanes = lanes
        self._lists = lists
        self._feed = Feed(service, lanes, lists, clock, self.scan)
        self._stale: set[Key] = set()
        self._gone: set[Key] = set()
        self._indexed: set[str] = set()

    def begin_run(self) -> None:
        """Forget the lists of the last run."""
        self._lists.forget()
        self._stale.clear()
        self._gone.clear()
        self._indexed.clear()

    @property
    def sees_deletions(self) -> bool:
        """Say whether the feed of customers has told deletions here."""
        return self._feed.sees_deletions

    def changes(self, entity: str, fields: Sequence[str], cursor: str | None) -> Iterator[ChangePage]:
        """Give what changed; see `feed`."""
        return self._feed.changes(entity, fields, cursor)

    # one record

    def held(self, via: Requests, entity: str, key: Key) -> list[Held]:
        """Read an object by its key over the wire: itself, or the records in it; nothing if there is none.

        What the service says of a missing key is unconfirmed: after a fault the list decides. Errors as Service.ask,
        without Faulted.
        """
        shape = shape_of(entity)
        if not all(map(_sayable, key)) or not all(key[:1]):
            return []
        if not shape.detail or not shape.key:
            return self._listed(via, shape, key)
        values = dict(zip(shape.keyed, key, strict=False))
        try:
            return self._lists.object(via, entity, values)
        except Faulted as fault:
            if isinstance(fault.explained, Unauthorised | Retry) or self._listed(via, shape, key):
                raise fault.explained from None
            return []

    def standing(self, via: Requests, entity: str, key: Key) -> list[Held]:
        """Read an object that is hardly there: the list is asked first, which says so without a fault and its log."""
        if not all(map(_sayable, key)) or not all(key[:1]):
            return []
        return self.held(via, entity, key) if self._listed(via, shape_of(entity), key) else []

    def _listed(self, via: Requests, shape: Shape, key: Key) -> list[Held]:
        """Look for a record in the list, restricted by the parts of its key."""
        given = {
            shape.found_by[name]: {"EqualValue": part}
            for name, part in zip(shape.keyed, key, strict=True)
            if name in shape.found_by
        }
        wanted = folded(key)
        return [held for held in self._matching(via, shape, given) if key_in(shape, held.cells) == wanted]

    def _matching(self, via: Requests, shape: Shape, given: Mapping[str, Any]) -> list[Held]:
        entity = shape.entity.name
        currencies = {} if entity in ("currency", "company") else dict(self._service.currencies(via))
        try:
            with self._service.items(via, entity, given) as items:
                return [Held(cells_from(shape, shape.items, each, lambda: currencies)) for each in items]
        except Faulted as fault:
            raise fault.explained from None

    def keep(self, entity: str, held: Held) -> None:
        """Lay what was read or written over the run's lists."""
        key = key_in(shape_of(entity), held.cells)
        self._lists.keep(entity, held)
        self._gone.discard(key)
        for name in tuple(self._indexed):
            of, _, field = name.partition(":by:")
            if of == entity:
                self._lists.table(name).put([_index_row(record_of(entity, held, (field,)), field)])

    def doubt(self, key: Key) -> None:
        """Remember that the run's lists may be wrong about a record, because a write of it ended unknown."""
        self._stale.add(folded(key))

    # many records

    def get(
        self, entity: str, keys: Sequence[Key], fields: Sequence[str], *, fresh: bool
    ) -> dict[Key, Record]:
        """Read records by key; see Connector.get."""
        shape = shape_of(entity)
        keys = [key for key in keys if len(key) == len(shape.keyed)]
        listed = not fresh and shape.listed(fields)
        if listed and len(keys) > _SINGLE:
            self._load(entity, whole=False)
        ready = self._lists.whole(entity) or (listed and self._lists.length(entity) is not None)
        if fresh:
            return self._singly(entity, keys, fields)
        wanted = {folded(key): key for key in keys}
        certain = [key for key in wanted if key not in self._stale and key not in self._gone]
        if ready:
            found = self._lists.get(entity, certain, whole=self._lists.whole(entity))
            asked = [key for at, key in wanted.items() if at in self._stale]
        else:
            found = self._lists.singles(entity, certain)
            asked = [key for at, key in wanted.items() if at not in found]
        answer = {wanted[key]: record_of(entity, held, fields) for key, held in found.items()}
        return {**answer, **self._singly(entity, asked, fields)}

    def scan(self, entity: str, fields: Sequence[str]) -> Iterator[list[Record]]:
        """Give every record in pages, ordered by key."""
        shape = shape_of(entity)
        whole = not shape.listed(fields)
        self._load(entity, whole=whole)
        for page in self._lists.pages(entity, self._settings.page, whole=whole):
            rows = [held for held in page if key_in(shape, held.cells) not in self._gone]
            if rows:
                yield [record_of(entity, held, fields) for held in rows]

    def each(self, entity: str) -> Iterator[Held]:
        """Give every object whole, ordered by key."""
        self._load(entity, whole=True)
        for page in self._lists.pages(entity, self._settings.page, whole=True):
            yield from (held for held in page if key_in(shape_of(entity), held.cells) not in self._gone)

    def find(self, entity: str, name: str, values: Sequence[Value], fields: Sequence[str]) -> list[Record]:
        """Read the records whose field has one of the values, without case and trailing blanks."""
        wanted = {text: value for value in values if (text := comparable(value))}
        shape = shape_of(entity)
        if not wanted:
            return []
        if name in shape.found_by and len(wanted) <= _FEW and not self._lists.whole(entity):
            return self._found(shape, name, wanted, fields)
        index = f"{entity}:by:{name}"
        table = self._lists.table(index)
        if index not in self._indexed:
            table.clear()
            for page in self.scan(entity, (name,)):
                table.put([_index_row(each, name) for each in page if each.values.get(name) is not None])
            self._indexed.add(index)
        keys = [key_of(packed.decode()) for _, _, packed in table.find(list(wanted))]
        return list(self.get(entity, keys, fields, fresh=False).values())

    def _found(
        self, shape: Shape, name: str, wanted: Mapping[str, Value], fields: Sequence[str]
    ) -> list[Record]:
        entity = shape.entity.name
        found: dict[Key, Record] = {}
        for text, value in wanted.items():
            sought = show(value).rstrip(" ")
            if not _sayable(sought):
                continue
            with self._lanes.lane() as lane:
                matching = self._matching(lane, shape, {shape.found_by[name]: {"EqualValue": sought}})
            for held in matching:
                record = record_of(entity, held, (*fields, name))
                if comparable(record.values.get(name)) == text:
                    found[record.key] = record
        if shape.listed(fields):
            return [_narrowed(record, fields) for record in found.values()]
        return list(self._singly(entity, list(found), fields).values())

    def _load(self, entity: str, *, whole: bool) -> None:
        try:
            if whole:
                self._lists.load_whole(entity)
            else:
                self._lists.load(entity)
        except Faulted as fault:
            raise fault.explained from None
        for key in [key for key in list(self._stale) if len(key) == len(shape_of(entity).keyed)]:
            self._refresh(entity, key)

    def _refresh(self, entity: str, key: Key) -> None:
        with self._lanes.lane() as lane:
            found = self.held(lane, entity, key)
        if not found:
            self._gone.add(key)
        for held in found:
            self.keep(entity, held)
        self._stale.discard(key)

    def _singly(self, entity: str, keys: Sequence[Key], fields: Sequence[str]) -> dict[Key, Record]:
        def one(key: Key) -> Record | None:
            return self._one(entity, key, fields)

        if len(keys) < 2:
            found = [one(key) for key in keys]
        else:
            with ThreadPoolExecutor(self._settings.lanes, "gp-soap-get") as lanes:
                found = list(lanes.map(one, keys))
        return {key: record for key, record in zip(keys, found, strict=True) if record is not None}

    def _one(self, entity: str, key: Key, fields: Sequence[str]) -> Record | None:
        shape, wanted = shape_of(entity), folded(key)
        with self._lanes.lane() as lane:
            found = self.held(lane, entity, key)
        for held in found:
            if not shape.rows:
                self.keep(entity, held)
            if key_in(shape, held.cells) == wanted:
                return record_of(entity, held, fields)
        return None


def _sayable(text: str) -> bool:
    """Say whether a record can have this text at all; some signs no message can hold."""
    return len(text) <= _LONGEST and not unfit_character(text) and all(sign >= " " for sign in text)


def _narrowed(record: Record, fields: Sequence[str]) -> Record:
    values = {name: value for name, value in record.values.items() if name in fields}
    return Record(record.key, values, birth=record.birth)


def _index_row(record: Record, name: str) -> tuple[str, str, bytes]:
    return key_text(record.key), comparable(record.values.get(name)), key_text(record.key).encode()
