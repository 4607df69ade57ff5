"""Figures as of today that are worked out of a customer's documents: what is overdue, since when, the oldest invoice.

SQL Server works them out, a row for each record of a page. What each figure is stands in the entity's data file. The day
is the company's own, because a document falls due at midnight there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import cast

from gp365.connectors.gp.sql.port import Row, SqlValue
from gp365.connectors.gp.sql.queries import after, among, chunk_of, constants
from gp365.connectors.gp.sql.rows import day_of, folded, key_value
from gp365.connectors.gp.sql.sources import Figure, Figures, Source
from gp365.connectors.gp.sql.text import Names, Statement, bracketed, mark, select
from gp365.connectors.gp.values import EMPTY_DATE
from gp365.model.record import Record
from gp365.model.values import Key, Value

Ask = Callable[[Statement], list[Row]]


def wants_figures(source: Source, fields: Sequence[str]) -> bool:
    """Say whether any of the fields is a figure as of today."""
    return source.figures is not None and any(name in source.figures.fields for name in fields)


def with_figures(
    ask: Ask, names: Names, source: Source, records: Sequence[Record], fields: Sequence[str], today: date
) -> list[Record]:
    """Return records with the figures that `fields` name; one without rows has zeros and no days."""
    figures = source.figures
    if figures is None or not records or not wants_figures(source, fields):
        return list(records)
    asked = [name for name, each in figures.fields.items() if each.sum or each.least]
    found: dict[Key, Row] = {}
    keys = [(key_value(source, figures.of, record.key[0]),) for record in records]
    for at in range(0, len(keys), chunk_of(1)):
        statement = _sums(names, source, figures, asked, keys[at : at + chunk_of(1)], today)
        for row in ask(statement):
            found[folded(source, (cast("str", row[0]).rstrip(" "),))] = row
    return [
        _with(record, figures, asked, found.get(folded(source, record.key)), fields, today)
        for record in records
    ]


def open_ones(names: Names, source: Source, figures: Figures, last: SqlValue | None, top: int) -> Statement:
    """Return the question for the records that have rows at all, in their order, after the last one of a page."""
    column = f"[t].{bracketed(figures.by)}"
    statement = select([column], names.object(figures.table), top=top).add(" WHERE ")
    conditions = _rows_that_count(figures)
    if last is not None:
        conditions.append(after([column], [source.sql_type(figures.of)], [last]))
    return statement.join(conditions, " AND ").add(f" GROUP BY {column} ORDER BY {column}")


def _sums(
    names: Names,
    source: Source,
    figures: Figures,
    asked: Sequence[str],
    keys: Sequence[tuple[SqlValue, ...]],
    today: date,
) -> Statement:
    by = f"[t].{bracketed(figures.by)}"
    columns = [Statement(by), *(_column(figures.fields[name], today) for name in asked)]
    statement = Statement("SELECT ").join(columns, ", ")
    statement.add(f" FROM {names.object(figures.table)} AS [t] WHERE ")
    conditions = [among([by], [source.sql_type(figures.of)], keys), *_rows_that_count(figures)]
    return statement.join(conditions, " AND ").add(f" GROUP BY {by}")


def _rows_that_count(figures: Figures) -> list[Statement]:
    return [*constants(figures.where, "t"), Statement(f"[t].{bracketed(figures.filled)} <> 0")]


def _column(figure: Figure, today: date) -> Statement:
    word, value = (
        ("SUM", Statement(f"[t].{bracketed(figure.sum)}")) if figure.sum else ("MIN", _day(figure.least))
    )
    otherwise = " ELSE 0" if figure.sum else ""
    conditions = [
        Statement(f"[t].{bracketed(column)} IN ({', '.join(f'{each:d}' for each in values)})")
        for column, values in figure.among.items()
    ]
    if figure.past:
        day = today - timedelta(days=figure.days)
        midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 (GP dates know no zone)
        conditions.append(_day(figure.past).add(f" < {mark('datetime')}", midnight))
    if not conditions:
        return Statement(f"{word}(").join([value], "").add(")")
    statement = Statement(f"{word}(CASE WHEN ").join(conditions, " AND ")
    return statement.add(" THEN ").join([value], "").add(f"{otherwise} END)")


def _day(columns: Sequence[str]) -> Statement:
    """Return the first of these columns that holds a day; the last one where none does."""
    first = f"[t].{bracketed(columns[0])}"
    if len(columns) == 1:
        return Statement(first)
    none = datetime(EMPTY_DATE.year, EMPTY_DATE.month, EMPTY_DATE.day)  # noqa: DTZ001 (GP dates know no zone)
    statement = Statement(f"CASE WHEN {first} > ").add(mark("datetime"), none).add(f" THEN {first} ELSE ")
    return statement.join([_day(columns[1:])], "").add(" END")


def _with(
    record: Record,
    figures: Figures,
    asked: Sequence[str],
    row: Row | None,
    fields: Sequence[str],
    today: date,
) -> Record:
    held: dict[str, Value] = {}
    for at, name in enumerate(asked, 1):
        raw = None if row is None else row[at]
        held[name] = _amount(raw) if figures.fields[name].sum else None if raw is None else day_of(raw)
    for name, figure in figures.fields.items():
        if figure.today:
            held[name] = None if row is None else today
        elif figure.days_since:
            since = held.get(figure.days_since)
            held[name] = (today - since).days if isinstance(since, date) else 0
    wanted: Mapping[str, Value] = {name: value for name, value in held.items() if name in fields}
    return record._replace(values={**record.values, **wanted})


def _amount(raw: SqlValue) -> Decimal:
    return raw if isinstance(raw, Decimal) else Decimal(cast("int", raw or 0))
