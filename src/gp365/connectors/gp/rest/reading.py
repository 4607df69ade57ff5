"""Reading over SBA: from the run's lists where they were read, one object at a time where that is cheaper or must be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from gp365.connectors.gp.card import Card, birth_of, card_record, codes_of
from gp365.connectors.gp.rest.lists import Lists, row_key
from gp365.connectors.gp.rest.service import NotShown, Service
from gp365.connectors.gp.rows import Cells, cells_of, values_of
from gp365.connectors.gp.tables import entity_named
from gp365.connectors.gp.values import capitals, comparable, folded
from gp365.model.record import Change, ChangePage, Record
from gp365.model.values import Key, Value, key_of, key_text, show
from gp365.wire.calls import Requests

OVERLAP_DAYS = 2
"""ModifiedDate is a day on GP's own calendar: the same day may still move, and the day may be another zone's."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A card read just now: the served objects as they came, and the card made of them."""

    card: Card
    customer: Mapping[str, Any]
    addresses: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])


class Reading:
    """Read the entities of one company during a run."""

    def __init__(self, service: Service, via: Requests, lists: Lists) -> None:
        self._service = service
        self._settings = service.settings
        self._via = via
        self._lists = lists
        self._stale: set[tuple[str, ...]] = set()
        self._gone: set[tuple[str, ...]] = set()
        self._indexed: set[str] = set()

    def begin_run(self) -> None:
        """Forget the lists of the last run."""
        self._lists.forget()
        self._stale.clear()
        self._gone.clear()
        self._indexed.clear()

    def fetch(
        self,
        via: Requests,
        number: str,
        *,
        main: bool = False,
        addresses: bool = True,
        known: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Fetched | None:
        """Read a customer and the addresses that its card needs, over the wire; None if there is no such customer.

        With `main` its main address too; without `addresses` the customer alone. Addresses that the caller has read just
        now, by code, are taken as `known`.
        """
        raw = self._service.read(via, "customer", (number,))
        if raw is None:
            return None
        customer = values_of(entity_named("customer"), cells_of(entity_named("customer"), raw))
        held: dict[str, Mapping[str, Any]] = {}
        for code in codes_of(customer, main=main) if addresses else ():
            found = (known or {}).get(code) or self._address(via, show(customer["CustomerNumber"]), code)
            if found is not None:
                held[code] = found
        return fetched(raw, held)

    def _address(self, via: Requests, number: str, code: str) -> Mapping[str, Any] | None:
        try:
            return self._service.read(via, "customer_address", (number, code))
        except NotShown:
            return None  # as one that did not come: its values are absent from the card

    def keep(self, found: Fetched) -> None:
        """Lay what was read or written over the run's lists."""
        self._lists.keep("customer", found.customer)
        for raw in found.addresses.values():
            self._lists.keep("customer_address", raw)
        self._gone.discard(folded((found.card.number,)))
        for name in tuple(self._indexed):
            entity, _, field_name = name.partition(":by:")
            if entity == "customer":
                record = card_record(found.card, (field_name,))
                self._lists.index(name).put([_index_row(record, field_name)])

    def doubt(self, key: Key) -> None:
        """Remember that the run's lists may be wrong about a record, because a write of it ended unknown."""
        self._stale.add(folded(key))

    def get(
        self, entity: str, keys: Sequence[Key], fields: Sequence[str], *, fresh: bool
    ) -> dict[Key, Record]:
        """Read records by key; see Connector.get."""
        if not fresh and not self._lists.ready(entity) and len(keys) > self._settings.single_limit:
            self._load(entity)
        if fresh or not self._lists.ready(entity):
            return self._singly(entity, keys, fields)
        wanted = {folded(key): key for key in keys}
        certain = [key for key in wanted if key not in self._stale and key not in self._gone]
        found = self._lists.cells(entity, certain)
        records = self._records(entity, list(found.values()), fields)
        answer = {wanted[folded(record.key)]: record for record in records}
        doubted = [key for folded_key, key in wanted.items() if folded_key in self._stale]
        return {**answer, **self._singly(entity, doubted, fields)}

    def scan(self, entity: str, fields: Sequence[str]) -> Iterator[list[Record]]:
        """Give every record in pages, ordered by key."""
        self._load(entity)
        for page in self._lists.pages(entity, self._settings.page):
            rows = [cells for cells in page if row_key(entity_named(entity), cells) not in self._gone]
            if rows:
                yield self._records(entity, rows, fields)

    def find(self, entity: str, name: str, values: Sequence[Value], fields: Sequence[str]) -> list[Record]:
        """Read the records whose field has one of the values, without case and trailing blanks."""
        wanted = [text for value in values if (text := comparable(value))]
        if not wanted:
            return []
        self._load(entity)
        index = f"{entity}:by:{name}"
        table = self._lists.index(index)
        if index not in self._indexed:
            table.clear()
            for page in self.scan(entity, (name,)):
                table.put(
                    [_index_row(record, name) for record in page if record.values.get(name) is not None]
                )
            self._indexed.add(index)
        keys = [key_of(packed.decode()) for _, _, packed in table.find(wanted)]
        return list(self.get(entity, keys, fields, fresh=False).values())

    def changes(self, entity: str, fields: Sequence[str], cursor: str | None) -> Iterator[ChangePage]:
        """Give what was modified since the cursor's day where a site has proved a filter, else everything."""
        today = datetime.now(UTC).astimezone(ZoneInfo(self._settings.time_zone)).date()
        if cursor and self._filters(entity):
            yield self._modified_since(entity, date.fromisoformat(cursor), today)
            return
        held: list[Record] | None = None
        for page in self.scan(entity, fields):
            if held is not None:
                yield ChangePage(_changes(held), full=True)
            held = page
        yield ChangePage(_changes(held or []), cursor=today.isoformat(), full=True)

    def notes(self) -> tuple[int, int]:
        """Return the lowest and highest note index among the customers of the run's list, zeros if none was read."""
        return self._lists.notes

    def filtered(self, entity: str) -> bool:
        """Say whether changes of an entity are found by a proved filter."""
        return bool(self._filters(entity))

    def _filters(self, entity: str) -> tuple[tuple[str, str], ...]:
        """Return (entity, filter) of every list that must be asked; an edited address does not move its customer."""
        names = ("customer", "customer_address") if entity == "customer" else (entity,)
        found = [(name, self._service.resource(name).modified_filter) for name in names]
        return tuple(found) if all(text for _, text in found) else ()

    def _modified_since(self, entity: str, day: date, today: date) -> ChangePage:
        since = (day - timedelta(days=OVERLAP_DAYS)).isoformat()
        length = len(entity_named(entity).key)
        keys: dict[Key, None] = {}
        for name, text in self._filters(entity):
            with self._service.rows(
                self._via, name, text.replace("{day}", since).replace(" ", "%20")
            ) as rows:
                for raw in rows:
                    keys[row_key(entity_named(name), cells_of(entity_named(name), raw))[:length]] = None
        return ChangePage(tuple(Change(key) for key in keys), cursor=today.isoformat())

    def _load(self, entity: str) -> None:
        self._lists.load(entity)
        if entity == "customer" and self._stale:
            for key in [key for key in self._stale if len(key) == 1]:
                self._refresh(key)

    def _refresh(self, key: tuple[str, ...]) -> None:
        found = self.fetch(self._via, key[0])
        if found is None:
            self._gone.add(key)
        else:
            self.keep(found)
        self._stale.discard(key)

    def _singly(self, entity: str, keys: Sequence[Key], fields: Sequence[str]) -> dict[Key, Record]:
        read: Callable[[Key], Record | None] = (
            (lambda key: self._card(key, fields))
            if entity == "customer"
            else (lambda key: self._row(entity, key, fields))
        )
        if len(keys) < 2:
            found = [read(key) for key in keys]
        else:
            with ThreadPoolExecutor(self._settings.lanes) as lanes:
                found = list(lanes.map(read, keys))
        return {key: record for key, record in zip(keys, found, strict=True) if record is not None}

    def _card(self, key: Key, fields: Sequence[str]) -> Record | None:
        try:
            found = self.fetch(self._via, capitals(key[0]), addresses=any("." in name for name in fields))
        except NotShown:
            return Record(key, {})
        if found is None:
            return None
        if found.addresses:
            self.keep(found)
        return card_record(found.card, fields)

    def _row(self, entity: str, key: Key, fields: Sequence[str]) -> Record | None:
        try:
            raw = self._service.read(self._via, entity, key)
        except NotShown:
            return Record(key, {})
        return None if raw is None else record_of(entity, cells_of(entity_named(entity), raw), fields)

    def _records(self, entity: str, rows: Sequence[Cells], fields: Sequence[str]) -> list[Record]:
        if entity != "customer":
            return [record_of(entity, cells, fields) for cells in rows]
        return [card_record(card, fields) for card in self._lists.cards(rows, list(fields))]


def fetched(customer: Mapping[str, Any], addresses: Mapping[str, Mapping[str, Any]]) -> Fetched:
    """Make a card of served objects."""
    address = entity_named("customer_address")
    entity = entity_named("customer")
    card = Card(
        values_of(entity, cells_of(entity, customer)),
        {code: values_of(address, cells_of(address, raw)) for code, raw in addresses.items()},
    )
    return Fetched(card, customer, addresses)


def record_of(entity: str, cells: Cells, fields: Sequence[str]) -> Record:
    """Make a record of a row of a plain entity."""
    described = entity_named(entity)
    values = values_of(described, cells, {*fields, *described.key, *described.birth, described.reference})
    return Record(
        tuple(show(values.get(name)) for name in described.key),
        {name: values[name] for name in fields if name in values},
        birth=birth_of(entity, values),
        reference=show(values.get(described.reference)) if described.reference else "",
    )


def _index_row(record: Record, name: str) -> tuple[str, str, bytes]:
    """An empty value is kept under "", for which nobody looks: it replaces what was there."""
    return key_text(record.key), comparable(record.values.get(name)), key_text(record.key).encode()


def _changes(records: Sequence[Record]) -> tuple[Change, ...]:
    return tuple(Change(record.key, record) for record in records)
