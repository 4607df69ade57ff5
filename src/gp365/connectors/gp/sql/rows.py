"""Rows of SQL Server as records: per query a plan is made once, and each row goes through it.

GP columns are never NULL, so that NULL says that a part of the source has no such column: the field is absent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import cast

from gp365.connectors.gp.card import birth_of
from gp365.connectors.gp.sql.port import Row, SqlValue
from gp365.connectors.gp.sql.sources import Source, Told
from gp365.connectors.gp.sums import added
from gp365.connectors.gp.values import EMPTY_DATE, Unreadable, capitals, unfit_character
from gp365.model.entity import FieldDescription, FieldType
from gp365.model.errors import Rejected
from gp365.model.record import Record
from gp365.model.values import Key, Value, decimal_text, show

Convert = Callable[[SqlValue], Value]


def text_of(raw: SqlValue) -> Value:
    """Return text without padding, None for blank."""
    return cast("str", raw).rstrip(" \x00") or None


def _capitals(raw: SqlValue) -> Value:
    text = cast("str", raw).rstrip(" \x00")
    return capitals(text) or None


def _decimal(raw: SqlValue) -> Value:
    return raw if isinstance(raw, Decimal) else Decimal(cast("int", raw))


def _whole(raw: SqlValue) -> Value:
    return int(cast("int", raw))


def _flag(raw: SqlValue) -> Value:
    return bool(raw)


def day_of(raw: SqlValue) -> Value:
    """Return the day of a datetime column; 1900-01-01 is GP's empty date."""
    if isinstance(raw, datetime):
        raw_day = raw.date()
    elif isinstance(raw, date):
        raw_day = raw
    else:
        raise Unreadable(str(raw))
    return None if raw_day == EMPTY_DATE else raw_day


_KINDS: dict[FieldType, Convert] = {
    FieldType.MONEY: _decimal,
    FieldType.DECIMAL: _decimal,
    FieldType.BOOLEAN: _flag,
    FieldType.DATE: day_of,
    FieldType.INTEGER: _whole,
    FieldType.OPTION: _whole,
}


def converter(described: FieldDescription) -> Convert:
    """Return what makes a value of what stands in a field's column."""
    if described.type in (FieldType.TEXT, FieldType.REFERENCE):
        return _capitals if described.upper else text_of
    return _KINDS[described.type]


def sent(described: FieldDescription, value: Value) -> SqlValue:
    """Return a value as a parameter takes it; nothing becomes GP's own emptiness: '', 0, 1900-01-01."""
    if described.type in (FieldType.TEXT, FieldType.REFERENCE):
        text = show(value).rstrip(" ")
        return capitals(text) if described.upper else text
    if described.type is FieldType.DATE:
        day = value if isinstance(value, date) else EMPTY_DATE
        return datetime(day.year, day.month, day.day)  # noqa: DTZ001 (GP dates know no zone)
    if value is None:
        return Decimal(0) if described.type in (FieldType.MONEY, FieldType.DECIMAL) else 0
    return int(value) if isinstance(value, bool) else cast("SqlValue", value)


def _emptiness(described: FieldDescription) -> Value:
    """Return what a field holds where GP keeps no row: zero, no, or nothing."""
    if described.type in (FieldType.MONEY, FieldType.DECIMAL):
        return Decimal(0)
    if described.type is FieldType.BOOLEAN:
        return False
    return 0 if described.type in (FieldType.INTEGER, FieldType.OPTION) else None


def key_value(source: Source, name: str, part: str) -> SqlValue:
    """Return a part of a key as its column holds it; Rejected if no record can have it.

    A text longer than the column, or with a character outside the code page, would be cut or changed on its way and
    then meet another record: it is never sent.
    """
    described = source.field(name).description
    if described.type in (FieldType.TEXT, FieldType.REFERENCE):
        return _key_text(described, part)
    try:
        number = Decimal(part)
    except ArithmeticError:
        raise _never(name, part) from None
    if not number.is_finite() or abs(number) >= _NUMBERS:
        raise _never(name, part)
    if described.type in (FieldType.MONEY, FieldType.DECIMAL):
        return number
    if number != int(number) or abs(number) >= _INTEGERS:
        raise _never(name, part)
    return int(number)


_NUMBERS, _INTEGERS = Decimal(10) ** 14, 2**31


def _key_text(described: FieldDescription, part: str) -> str:
    text = part.rstrip(" ")
    if described.upper:
        text = capitals(text)
    if len(text) > (described.length or 255) or "\x00" in text or unfit_character(text):
        raise _never(described.name, part)
    return text


def _never(name: str, part: str) -> Rejected:
    return Rejected("bad-value", "No record can have this key.", field=name, value=part[:80])


def folded(source: Source, key: Key) -> Key:
    """Return a key as GP compares it: without case and trailing blanks, numbers by value."""
    return tuple(
        _folded(source.field(name).description.type, part)
        for name, part in zip(source.entity.key, key, strict=False)
    )


def _folded(kind: FieldType, part: str) -> str:
    if kind in (FieldType.TEXT, FieldType.REFERENCE):
        return capitals(part.rstrip(" "))
    try:
        return decimal_text(Decimal(part))
    except ArithmeticError:
        return part


class Reader:
    """Make records of the rows of one query over a plain entity."""

    def __init__(
        self, source: Source, fields: Sequence[str], columns: Mapping[str, int], part: int | None
    ) -> None:
        entity = source.entity
        take = {name: (at, converter(source.field(name).description)) for name, at in columns.items()}
        self._key = [take[name] for name in entity.key]
        self._birth = [(name, *take[name]) for name in entity.birth]
        self._reference = take.get(entity.reference) if entity.reference else None
        self._plan = [(name, *take[name]) for name in fields if name in take]
        self._part = part
        self._always = {name: value for name, value in source.entity.always.items() if name in fields}
        self._given = [each.sets for each in source.parts]
        self._sets = [{n: v for n, v in each.sets.items() if n in fields} for each in source.parts]
        self._signed = [
            (n, take[a], take[t], minus) for n, (a, t, minus) in source.signed.items() if n in fields
        ]
        self._less = [(n, take[a], take[b]) for n, (a, b) in source.less.items() if n in fields]
        self._empty = {name: _emptiness(source.field(name).description) for name in source.empty}
        self._adds = [
            (name, parts, [(part, *take[part]) for part, _ in parts])
            for name, parts in source.adds.items()
            if name in fields
        ]
        self._tells = [
            (name, [(each, take.get(each), allowed) for each, allowed in asked.items()])
            for name, asked in source.tells.items()
            if name in fields
        ]
        self._only = [
            (name, other, *take[other], values)
            for name, (other, values) in source.only.items()
            if name in fields
        ]
        self._entity = entity.name

    def part_of(self, row: Row) -> int:
        """Return the part of the source in which a row stands."""
        return 0 if self._part is None else cast("int", row[self._part])

    def record(self, row: Row) -> Record:
        """Make a record; a value that is not of its field's kind is absent."""
        values: dict[str, Value] = dict(self._always)
        for name, at, convert in self._plan:
            raw = row[at]
            if raw is not None:
                try:
                    values[name] = convert(raw)
                except (Unreadable, ValueError, TypeError, ArithmeticError):
                    continue
            elif name in self._empty:
                values[name] = self._empty[name]
        if self._part is not None:
            values |= self._sets[cast("int", row[self._part])]
        for name, amount, kind, minus in self._signed:
            if row[amount[0]] is not None:
                money = cast("Decimal", row[amount[0]])
                values[name] = -money if row[kind[0]] in minus else money
        for name, first, second in self._less:
            values[name] = cast("Decimal", row[first[0]]) - cast("Decimal", row[second[0]])
        for name, parts, taken in self._adds:
            held = {
                p: self._empty.get(p) if row[at] is None else convert(row[at]) for p, at, convert in taken
            }
            if (total := added(parts, held)) is not None:
                values[name] = total
        for name, asked in self._tells:
            values[name] = all(self._holds(row, *each) for each in asked)
        for name, other, at, convert, wanted in self._only:
            decides = self._empty.get(other) if row[at] is None else convert(row[at])
            if decides not in wanted:
                values[name] = None
        birth = {name: convert(row[at]) for name, at, convert in self._birth if row[at] is not None}
        mark = self._reference
        return Record(
            tuple(show(convert(row[at])) for at, convert in self._key),
            values,
            birth=birth_of(self._entity, birth) if birth else "",
            reference=show(mark[1](row[mark[0]])) if mark and row[mark[0]] is not None else "",
        )

    def _holds(self, row: Row, name: str, taken: tuple[int, Convert] | None, allowed: Sequence[Told]) -> bool:
        """Say whether a field, given by the row's part or read, has one of the values."""
        given = self._given[self.part_of(row)]
        if name in given:
            return given[name] in allowed
        return taken is not None and row[taken[0]] is not None and taken[1](row[taken[0]]) in allowed
