"""The SELECT statements of the channel: the rows of an entity, by page, by key, by value, and what has a newer stamp."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from gp365.connectors.gp.sql.port import Row, SqlValue
from gp365.connectors.gp.sql.rows import Reader, folded
from gp365.connectors.gp.sql.sources import STAMP, Constant, Join, Part, Source, needed
from gp365.connectors.gp.sql.text import Names, Statement, bracketed, mark, select, select_of
from gp365.model.record import Record
from gp365.model.values import Key

MOST_VALUES = 500
"""Values of one statement; SQL Server takes 2,100 (maximum capacity specifications)."""
_STEPS = (1, 5, 25, 100, MOST_VALUES)


class View(Protocol):
    """What one query over an entity selects, and how its rows become records."""

    def column(self, name: str) -> str:
        """Return the column of a field as conditions name it."""
        ...

    def select(self, top: int | None, where: Statement | None, *, ordered: bool = False) -> Statement:
        """Return the statement; ordered by key."""
        ...

    def record(self, row: Row) -> Record:
        """Make a record of a row."""
        ...

    def records(self, rows: Sequence[Row]) -> list[Record]:
        """Make records of rows; of one that stands in several parts the part that counts."""
        ...

    def key_of(self, row: Row) -> tuple[SqlValue, ...]:
        """Return the key of a row as SQL Server gave it, for the page after it."""
        ...


class Plain:
    """An entity that is one table or several under each other, with joins."""

    def __init__(
        self,
        names: Names,
        source: Source,
        fields: Sequence[str],
        missing: frozenset[str] = frozenset(),
        also: Sequence[str] = (),
        since: datetime | None = None,
    ) -> None:
        """Select `fields`, and `also` for conditions only; `missing` are columns that the site lacks.

        Rows of parts with a horizon are left out unless one of their days lies on or after `since`.
        """
        self._names = names
        self._since = since
        self._source = source
        self._fields = [name for name in needed(source, [*fields, *also]) if name not in missing]
        self._at = {name: at for at, name in enumerate(self._fields)}
        self._several = len(source.parts) > 1
        self._keys = [self._at[name] for name in source.entity.key]
        part = len(self._fields) if self._several else None
        self._reader = Reader(source, fields, self._at, part)

    @property
    def fields(self) -> Sequence[str]:
        """The fields whose columns a row has, in their order."""
        return self._fields

    def record(self, row: Row) -> Record:
        """Make a record of a row."""
        return self._reader.record(row)

    def records(self, rows: Sequence[Row]) -> list[Record]:
        """Make records of rows; of one that GP is just moving, so that it stands in two parts, the part named first."""
        if not self._source.once:
            return [self._reader.record(row) for row in rows]
        found: dict[Key, tuple[int, Record]] = {}
        for row in rows:
            part, record = self._reader.part_of(row), self._reader.record(row)
            name = folded(self._source, record.key)
            if name not in found or part < found[name][0]:
                found[name] = part, record
        return [record for _, record in found.values()]

    def key_of(self, row: Row) -> tuple[SqlValue, ...]:
        """Return the key of a row as it came."""
        return tuple(row[at] for at in self._keys)

    def column(self, name: str) -> str:
        """Return the column of a field as conditions name it; where parts are united it must be selected."""
        if self._several:
            return f"[u].[c{self._at[name]}]"
        return column_of(self._source, self._source.parts[0], name)

    def select(self, top: int | None, where: Statement | None, *, ordered: bool = False) -> Statement:
        """Return the statement; see View."""
        columns = [self.column(name) for name in self._fields]
        statement = self._asked([*columns, *(["[u].[p]"] if self._several else [])], top, where)
        if ordered:
            by = [self.column(name) for name in self._source.entity.key]
            by += ["[u].[p]"] if self._several and self._source.once else []
            statement.add(" ORDER BY " + ", ".join(by))
        return statement

    def unequal(self, by: Sequence[str], of: str, where: Statement | None) -> Statement:
        """Return the question for the sums of a field that are not zero, a row for each combination of other fields."""
        columns, total = [self.column(name) for name in by], f"SUM({self.column(of)})"
        statement = self._asked([*columns, f"{total} AS [total]"], None, where)
        return statement.add(f" GROUP BY {', '.join(columns)} HAVING {total} <> 0")

    def _asked(self, columns: Sequence[str], top: int | None, where: Statement | None) -> Statement:
        conditions = [where] if where is not None else []
        if self._several:
            united = Statement("(").join(
                [self._part(at) for at in range(len(self._source.parts))], " UNION ALL "
            )
            statement = select_of(columns, united.add(")"), alias="u", top=top)
        else:
            part = self._source.parts[0]
            statement = self._from(columns, part, top)
            conditions = [*constants(part.where, "t"), *conditions]
        if conditions:
            statement.add(" WHERE ").join(conditions, " AND ")
        return statement

    def _part(self, at: int) -> Statement:
        part = self._source.parts[at]
        columns = [
            f"{column_of(self._source, part, name)} AS [c{place}]" for place, name in enumerate(self._fields)
        ]
        statement = self._from([*columns, f"{at:d} AS [p]"], part, None)
        conditions = constants(part.where, "t")
        if part.horizon and self._since is not None:
            conditions.append(within(part.horizon, self._since))
        if conditions:
            statement.add(" WHERE ").join(conditions, " AND ")
        return statement

    def _from(self, columns: Sequence[str], part: Part, top: int | None) -> Statement:
        system = self._source.system
        statement = select(columns, self._names.object(part.table, system=system), top=top)
        for alias, join in self._source.joins.items():
            wanted = any(self._source.field(name).sql.startswith(f"{alias}.") for name in self._fields)
            if wanted or join.only:
                statement.join([joined(self._names, alias, join, system=system)], "")
        return statement


def within(columns: Sequence[str], since: datetime) -> Statement:
    """Return the condition that one of a row's days lies on or after a day."""
    days = [Statement(f"[t].{bracketed(column)} >= ").add(mark("datetime"), since) for column in columns]
    return Statement("(").join(days, " OR ").add(")")


def column_of(source: Source, part: Part, name: str) -> str:
    """Return the column of a field in one part of its source; where a joined row is missing, that of another field."""
    other = source.instead.get(name)
    if other is not None:
        return f"COALESCE({_own_column(source, part, name)}, {_own_column(source, part, other)})"
    return _own_column(source, part, name)


def _own_column(source: Source, part: Part, name: str) -> str:
    if name in part.lacks:
        # Cast, because two bare NULLs in a union are whole numbers before a third part says what they are.
        return f"CAST(NULL AS {source.sql_type(name)})"
    alias, _, column = part.columns.get(name, source.field(name).sql).rpartition(".")
    return f"{bracketed(alias or 't')}.{bracketed(column)}"


def joined(names: Names, alias: str, join: Join, *, system: bool = False) -> Statement:
    """Return a joined table with its condition."""
    on = [
        Statement(f"{bracketed(alias)}.{bracketed(theirs)} = [t].{bracketed(ours)}")
        for theirs, ours in join.on.items()
    ]
    kind, table = "INNER" if join.only else "LEFT", names.object(join.table, system=system)
    joining = Statement(f" {kind} JOIN {table} AS {bracketed(alias)} ON ")
    return joining.join([*on, *constants(join.where, alias)], " AND ")


def constants(where: Mapping[str, Constant], alias: str) -> list[Statement]:
    """Return the conditions that columns of a table have these values."""
    return [
        Statement(f"{bracketed(alias)}.{bracketed(column)} = ").add(mark(_type(value)), value)
        for column, value in where.items()
    ]


def _type(value: Constant) -> str:
    return "int" if isinstance(value, int) else f"varchar({len(value):d})"


def after(columns: Sequence[str], types: Sequence[str], values: Sequence[SqlValue]) -> Statement:
    """Return the condition for what comes after these values in the order of the columns."""
    first, more = columns[0], len(columns) > 1
    statement = Statement("(").add(f"{first} > {mark(types[0])}", values[0])
    if more:
        statement.add(f" OR ({first} = {mark(types[0])} AND ", values[0])
        statement.join([after(columns[1:], types[1:], values[1:])], "").add(")")
    return statement.add(")")


def among(columns: Sequence[str], types: Sequence[str], rows: Sequence[Sequence[SqlValue]]) -> Statement:
    """Return the condition for rows whose columns have one of the sets of values.

    The last set is repeated up to one of a few lengths, so that the server meets few different texts and keeps plans.
    """
    length = next((step for step in _STEPS if step >= len(rows)), len(rows))
    filled = [*rows, *([rows[-1]] * (length - len(rows)))]
    marks = [mark(each) for each in types]
    if len(columns) == 1:
        places = ", ".join([marks[0]] * length)
        return Statement(f"{columns[0]} IN (").add(places, *(row[0] for row in filled)).add(")")
    one = " AND ".join(f"{column} = {place}" for column, place in zip(columns, marks, strict=True))
    each = Statement().add(" OR ".join([f"({one})"] * length), *(value for row in filled for value in row))
    return Statement("(").join([each], "").add(")")


def chunk_of(columns: int) -> int:
    """Return how many sets of so many values one statement takes."""
    return next(step for step in reversed(_STEPS) if step * columns <= MOST_VALUES)


def changed(
    names: Names, source: Source, since: datetime, last: Sequence[SqlValue] | None, top: int
) -> Statement:
    """Return the one statement that finds what has a stamp since a moment, oldest first, after the last row of a page.

    Its rows are stamp, number of the watched table, values. All watched tables are asked at once: a poll that finds
    nothing costs one question.
    """
    width = max(len(watch.columns) for watch in source.watches)
    selects = [_watched(names, source, at, since, width) for at in range(len(source.watches))]
    columns = ["[k].[at]", "[k].[w]", *(f"[k].[v{n}]" for n in range(width))]
    statement = select_of(columns, Statement("(").join(selects, " UNION ALL ").add(")"), alias="k", top=top)
    if last is not None:
        types = ["datetime", "int", *watched_types(source)]
        statement.add(" WHERE ").join([after(columns, types, last)], "")
    return statement.add(f" ORDER BY {', '.join(columns)}")


def watched_types(source: Source) -> list[str]:
    """Return the types of the values of the watched tables, which are alike in all of them."""
    widest = max(source.watches, key=lambda watch: len(watch.by))
    return [source.sql_type(name) for name in widest.by]


def _watched(names: Names, source: Source, at: int, since: datetime, width: int) -> Statement:
    watch = source.watches[at]
    columns = [f"[t].{bracketed(STAMP)} AS [at]", f"{at:d} AS [w]"]
    columns += [f"[t].{bracketed(column)} AS [v{n}]" for n, column in enumerate(watch.columns)]
    types = watched_types(source)
    columns += [f"CAST(NULL AS {types[n]}) AS [v{n}]" for n in range(len(watch.columns), width)]
    table = names.object(watch.table, system=source.system)
    statement = select(columns, table).add(" WHERE ")
    newer = Statement(f"[t].{bracketed(STAMP)} >= ").add(mark("datetime"), since)
    return statement.join([*constants(watch.where, "t"), newer], " AND ")
