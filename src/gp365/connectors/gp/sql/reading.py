"""Reading over SQL: pages by key, records by key or value, and what has a newer stamp since the last time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from typing import cast
from zoneinfo import ZoneInfo

from gp365.connectors.gp.sql.cursor import Cursor
from gp365.connectors.gp.sql.customers import Cards
from gp365.connectors.gp.sql.desk import Desk
from gp365.connectors.gp.sql.document_rows import with_lists
from gp365.connectors.gp.sql.ends import of_nothing, with_ends
from gp365.connectors.gp.sql.figures import open_ones, wants_figures, with_figures
from gp365.connectors.gp.sql.horizon import begin_of_horizon, counted_by_horizon
from gp365.connectors.gp.sql.port import Row, SqlValue
from gp365.connectors.gp.sql.queries import Plain, View, after, among, changed, chunk_of
from gp365.connectors.gp.sql.rows import folded, key_value
from gp365.connectors.gp.sql.rows import sent as parameter_of
from gp365.connectors.gp.sql.running import wants_others, with_bases, with_others
from gp365.connectors.gp.sql.sources import Source, source_of
from gp365.connectors.gp.sql.text import Statement
from gp365.connectors.gp.sql.zeros import zero_rows
from gp365.connectors.gp.tables import entity_named
from gp365.connectors.gp.values import unfit_character
from gp365.connectors.gp.worked import with_worked
from gp365.model.contract import Within
from gp365.model.errors import Rejected
from gp365.model.record import Change, ChangePage, Record
from gp365.model.values import Key, Value, show

_YOUNG = timedelta(seconds=2)
"""A row with so young a stamp may be changed again under the same one: a datetime has ticks of 1/300 second."""
_AHEAD = timedelta(hours=1)
"""A stamp further ahead of our clock is no time to go on from: it would hide every edit until then."""
_LONGEST_TEXT = 255


class Reading:
    """Read the entities of one company."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._settings = desk.settings

    def scan(self, entity: str, fields: Sequence[str]) -> Iterator[list[Record]]:
        """Give every record within the horizon in pages, in the order of the key as the server sorts it."""
        source, view = source_of(entity), self._view(entity, fields, since=self._horizon(entity))
        columns = [view.column(name) for name in source.entity.key]
        types = [source.sql_type(name) for name in source.entity.key]
        last: tuple[SqlValue, ...] | None = None
        while True:
            where = after(columns, types, last) if last is not None else None
            rows = self._desk.rows(view.select(self._settings.page, where, ordered=True))
            if rows:
                yield self._whole(entity, view.records(rows), fields)
            if len(rows) < self._settings.page:
                return
            last = view.key_of(rows[-1])

    def get(
        self, entity: str, keys: Sequence[Key], fields: Sequence[str], *, new: bool = False
    ) -> dict[Key, Record]:
        """Read records by key, many at a time; `new` on a connection that was not used before.

        No horizon counts here. What stands nowhere any more is given with the flag that says so, where the entity has one.
        """
        source, wanted = source_of(entity), dict[Key, list[Key]]()
        rows: dict[Key, tuple[SqlValue, ...]] = {}
        for key in keys:
            if len(key) != len(source.entity.key):
                continue
            try:
                values = tuple(
                    key_value(source, name, part) for name, part in zip(source.entity.key, key, strict=True)
                )
            except Rejected:
                continue
            rows.setdefault(folded(source, key), values)
            wanted.setdefault(folded(source, key), []).append(key)
        read = list(self._by(entity, source.entity.key, list(rows.values()), fields, new=new))
        read += self._of_nothing(entity, read, wanted, fields)
        if source.zero and len(read) < len(rows):
            there = {folded(source, record.key) for record in read}
            read += self._zeros(entity, [row for key, row in rows.items() if key not in there], fields)
        found = {key: record for record in read for key in wanted.get(folded(source, record.key), ())}
        if source.remains in fields:
            asked = (key for several in wanted.values() for key in several)
            found |= {key: Record(key, {source.remains: True}) for key in asked if key not in found}
        return found

    def _zeros(
        self, entity: str, keys: Sequence[tuple[SqlValue, ...]], fields: Sequence[str]
    ) -> list[Record]:
        """Return records of zeros for those of the keys, which have no row, that count as zero."""
        source = source_of(entity)
        view = Plain(self._desk.names, source, with_bases(source, fields), self._desk.missing(entity))
        rows = zero_rows(self._desk.rows, self._desk.names, source, view.fields, keys)
        return self._whole(entity, [view.record(row) for row in rows], fields)

    def find(self, entity: str, name: str, values: Sequence[Value], fields: Sequence[str]) -> list[Record]:
        """Read the records whose field has one of the values, as the database's collation compares them."""
        wanted = [
            (sent,)
            for value in values
            if value is not None and (sent := self._sent(entity, name, value)) is not None
        ]
        return list(self._by(entity, (name,), wanted, fields)) if wanted else []

    def changes(self, entity: str, fields: Sequence[str], cursor: str | None) -> Iterator[ChangePage]:
        """Give what has a newer stamp; everything where there is no cursor, no stamp, or a comparison is due."""
        source, now = source_of(entity), self._desk.clock.utc_now()
        held = Cursor.read(cursor)
        due = (
            held is None
            or not source.fed
            or (source.compare and now - held.compared >= timedelta(hours=self._settings.compare_h))
        )
        if due or held is None:
            yield from self._everything(entity, fields, now)
        else:
            yield from self._new_day(entity, fields, held)
            yield from self._since(entity, fields, held)

    def _everything(self, entity: str, fields: Sequence[str], now: datetime) -> Iterator[ChangePage]:
        """Give every record; the stamps are followed from the moment before, on the server's own clock."""
        source = source_of(entity)
        at = (
            cast("datetime", self._desk.rows(Statement("SELECT GETUTCDATE() AS [now]"))[0][0])
            if source.fed
            else now
        )
        page: list[Record] | None = None
        for records in self.scan(entity, fields):
            if page is not None:
                yield ChangePage(_changes(page), full=True)
            page = records
        yield ChangePage(
            _changes(page or []),
            cursor=Cursor(_naive(at), now, day=self._day(source, fields)).text(),
            full=True,
        )

    def _since(self, entity: str, fields: Sequence[str], held: Cursor) -> Iterator[ChangePage]:
        """Give the records that the watched tables name, a page at a time; what was given before is not given again."""
        source, known, newest = source_of(entity), frozenset(held.seen), held.at
        since, seen = held.at - timedelta(seconds=self._settings.overlap_s), list[tuple[datetime, str]]()
        latest = _naive(self._desk.clock.utc_now()) + _AHEAD
        last: Sequence[SqlValue] | None = None
        ready: ChangePage | None = None
        while True:
            rows = self._desk.rows(changed(self._desk.names, source, since, last, self._settings.page))
            marks = [(cast("datetime", row[0]), _mark(row)) for row in rows]
            fresh = [row for row, (_, mark) in zip(rows, marks, strict=True) if mark not in known]
            seen += marks
            newest = max([newest, *(at for at, _ in marks if at <= latest)])
            seen = [each for each in seen if each[0] >= newest - timedelta(seconds=self._settings.overlap_s)]
            if ready is not None:
                yield ready
            ready = ChangePage(
                tuple(self._named(entity, source, fresh, fields)), beginnings=_beginnings(source, fresh)
            )
            if len(rows) < self._settings.page:
                break
            last = rows[-1]
        old = {mark for at, mark in seen if at <= _naive(self._desk.clock.utc_now()) - _YOUNG}
        reached = Cursor(newest, held.compared, tuple(sorted(old)), self._day(source, fields))
        yield ChangePage(ready.changes, cursor=reached.text(), beginnings=ready.beginnings)

    def _horizon(self, entity: str) -> datetime | None:
        """Return the first day of the month with which the horizon begins, None where an entity has none."""
        if not any(part.horizon for part in source_of(entity).parts):
            return None
        return begin_of_horizon(self._today(), self._settings.history_months)

    def within(self, entity: str) -> Within | None:
        """Count what lies within the horizon and what beyond; None where an entity has none."""
        source, since = source_of(entity), self._horizon(entity)
        if since is None:
            return None
        counted = [
            self._desk.rows(counted_by_horizon(self._desk.names, source, part, since))[0]
            for part in source.parts
        ]
        rows, within = (sum(int(cast("int", row[at] or 0)) for row in counted) for at in (0, 1))
        return Within(self._settings.history_months, since.date(), within, rows - within)

    def _today(self) -> date:
        """Return the day that it is in the company's time zone."""
        return self._desk.clock.utc_now().astimezone(ZoneInfo(self._settings.time_zone)).date()

    def _day(self, source: Source, fields: Sequence[str]) -> str:
        """Return the day as of which figures are given, "" where none are asked for."""
        return self._today().isoformat() if wants_figures(source, fields) else ""

    def _new_day(self, entity: str, fields: Sequence[str], held: Cursor) -> Iterator[ChangePage]:
        """Give, once a day, the records whose figures as of today may differ from yesterday's: those with open rows."""
        source = source_of(entity)
        if source.figures is None or held.day == self._day(source, fields):
            return
        last: SqlValue | None = None
        while True:
            rows = self._desk.rows(
                open_ones(self._desk.names, source, source.figures, last, self._settings.page)
            )
            keys = [(cast("str", row[0]).rstrip(" "),) for row in rows]
            yield ChangePage(_changes(list(self._by(entity, (source.figures.of,), keys, fields))))
            if len(rows) < self._settings.page:
                return
            last = rows[-1][0]

    def _named(
        self, entity: str, source: Source, rows: Sequence[Row], fields: Sequence[str]
    ) -> Iterator[Change]:
        """Read the records that changed rows name, each once."""
        given: set[Key] = set()
        kinds: dict[tuple[str, ...], dict[tuple[SqlValue, ...], None]] = {}
        for row in rows:
            by = source.watches[cast("int", row[1])].by
            values = tuple(row[2 : 2 + len(by)])
            kinds.setdefault(by, {})[tuple(v.rstrip(" ") if isinstance(v, str) else v for v in values)] = None
        for by, values in kinds.items():
            for record in self._by(entity, by, list(values), fields, since=self._horizon(entity)):
                if record.key not in given:
                    given.add(record.key)
                    yield Change(record.key, record)

    def _by(
        self,
        entity: str,
        by: Sequence[str],
        rows: Sequence[tuple[SqlValue, ...]],
        fields: Sequence[str],
        *,
        new: bool = False,
        since: datetime | None = None,
    ) -> Iterator[Record]:
        source = source_of(entity)
        view = self._view(entity, fields, by, since)
        columns = [view.column(name) for name in by]
        types = [_type(source, name) for name in by]
        size = chunk_of(len(by))
        for at in range(0, len(rows), size):
            where = among(columns, types, rows[at : at + size])
            found = view.records(self._desk.rows(view.select(None, where), new=new))
            yield from self._whole(entity, found, fields)

    def _whole(self, entity: str, records: list[Record], fields: Sequence[str]) -> list[Record]:
        """Put the lists that are asked for into documents, and what is worked out of other rows into what has it."""
        source = source_of(entity)
        if wants_others(source, fields):
            return self._with_others(source, records, fields)
        if source.figures is not None:
            return with_figures(self._desk.rows, self._desk.names, source, records, fields, self._today())
        wide = source.wide(fields)
        if source.entity.children:
            records = with_lists(self._desk.rows, self._desk.names, entity, records, wide)
        if source.ends is not None:
            records = with_ends(self.get, source.entity, source.ends, records, wide)
        return self._worked(source, records, fields)

    def _with_others(self, source: Source, records: list[Record], fields: Sequence[str]) -> list[Record]:
        first = source.entity.key[0]

        def under(heads: Sequence[str], of: Sequence[str]) -> Iterator[Record]:
            rows = [(key_value(source, first, head),) for head in heads]
            return self._by(source.entity.name, (first,), rows, of)

        return with_others(self._desk.rows, self._desk.names, source, records, fields, under)

    def _of_nothing(
        self, entity: str, found: Sequence[Record], wanted: Mapping[Key, Sequence[Key]], fields: Sequence[str]
    ) -> list[Record]:
        """Return what can be said of keys whose row is no more; see `ends`."""
        source = source_of(entity)
        if source.ends is None:
            return []
        there = {folded(source, record.key) for record in found}
        keys = [given[0] for key, given in wanted.items() if key not in there]
        wide = source.wide(fields)
        said = of_nothing(self.get, source.entity, source.ends, keys, wide) if keys else []
        return self._worked(source, with_ends(self.get, source.entity, source.ends, said, wide), fields)

    def _worked(self, source: Source, records: list[Record], fields: Sequence[str]) -> list[Record]:
        if not source.worked:
            return records
        settings = {
            "database": self._settings.database.upper(),
            "functional_currency": self._settings.functional_currency,
        }
        lists = {name: entity_named(child).shown for name, (child, _) in source.entity.children.items()}
        return with_worked(source.worked, source.entity.shown, lists, settings, records, fields)

    def _view(
        self,
        entity: str,
        fields: Sequence[str],
        also: Sequence[str] = (),
        since: datetime | None = None,
    ) -> View:
        if entity == "customer":
            return Cards(self._desk.names, fields, also)
        source = source_of(entity)
        wide = source.wide(with_bases(source, fields))
        return Plain(self._desk.names, source, wide, self._desk.missing(entity), also, since)

    def _sent(self, entity: str, name: str, value: Value) -> SqlValue:
        """Return a value as it is looked for, None where no record can hold it."""
        if isinstance(value, str):
            text = value.rstrip(" ")
            return (
                None if len(text) > _LONGEST_TEXT or unfit_character(text) or "\x00" in text else text or None
            )
        return parameter_of(entity_named(entity).fields[name].description, value)


def _type(source: Source, name: str) -> str:
    return source.sql_type(name) if name in source.entity.fields else f"varchar({_LONGEST_TEXT})"


def _beginnings(source: Source, rows: Sequence[Row]) -> tuple[Key, ...]:
    """Return how the keys of records begin of which changed rows say that they may be no more."""
    found: dict[Key, None] = {}
    for row in rows:
        watch = source.watches[cast("int", row[1])]
        if watch.gone:
            parts = row[2 : 2 + len(watch.by)]
            found[tuple(show(cast("Value", part)).rstrip(" ") for part in parts)] = None
    return tuple(found)


def _changes(records: Sequence[Record]) -> tuple[Change, ...]:
    return tuple(Change(record.key, record) for record in records)


def _naive(moment: datetime) -> datetime:
    """Return a moment as DEX_ROW_TS holds it: UTC without saying so."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo is not None else moment


def _mark(row: Row) -> str:
    """Return what stands for a changed row and its stamp in a cursor."""
    parts = [show(cast("Value", each)) if not isinstance(each, str) else each.rstrip(" ") for each in row]
    return blake2b("\x1f".join(parts).encode(), digest_size=6).hexdigest()
