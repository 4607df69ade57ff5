"""The horizon: how far back what is settled is read, such as receivables documents in history.

What is open is always read. The horizon begins with the first day of a month, so that a reading of tomorrow shows what
today's shows, but on the first of a month.
"""

from __future__ import annotations

from datetime import date, datetime

from gp365.connectors.gp.sql.queries import constants, joined, within
from gp365.connectors.gp.sql.sources import Part, Source
from gp365.connectors.gp.sql.text import Names, Statement


def begin_of_horizon(today: date, months: int) -> datetime:
    """Return the first day of the month so many months before today's."""
    year, month = divmod(max(12, today.year * 12 + today.month - 1 - months), 12)
    return datetime(year, month + 1, 1)  # noqa: DTZ001 (GP dates know no zone)


def counted_by_horizon(names: Names, source: Source, part: Part, since: datetime) -> Statement:
    """Return the question how many rows a part has, and how many of them lie within the horizon."""
    counted = Statement("COUNT(*)")
    if part.horizon:
        counted = (
            Statement("SUM(CASE WHEN ").join([within(part.horizon, since)], "").add(" THEN 1 ELSE 0 END)")
        )
    statement = Statement("SELECT COUNT(*) AS [rows], ").join([counted], "")
    statement.add(f" AS [within] FROM {names.object(part.table)} AS [t]")
    statement.join([joined(names, alias, join) for alias, join in source.joins.items() if join.only], "")
    return statement.add(" WHERE ").join(constants(part.where, "t"), " AND ") if part.where else statement
