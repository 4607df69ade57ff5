"""Fiscal periods as the entity fiscal_period has them (SY40100): under which names, and what a row says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from gp365.model.values import Values

ENTITY = "fiscal_period"
CLOSINGS = 6
"""The columns PSERIES_1 to 6, one for each series; their order is assumed."""
SERIES, WHOLE = "Series", 0
"""The row that stands for the period itself; rows of other series tell of one origin of postings (assumed)."""
FIELDS = (
    "Year",
    "PeriodID",
    "Series",
    "FirstDay",
    "LastDay",
    *(f"ClosedSeries{number}" for number in range(1, CLOSINGS + 1)),
)
"""What is read of a period."""


@dataclass(frozen=True, slots=True)
class PeriodRow:
    """A period: its year and number, its days, and for each series in GP's order whether it is closed."""

    year: int
    number: int
    first: date
    last: date
    closed: tuple[bool, ...]


def period_of(row: Values) -> PeriodRow | None:
    """Read a row; None where it stands for no period, or for period 0, which holds opening balances."""
    year, number, first, last = (row.get(name) for name in ("Year", "PeriodID", "FirstDay", "LastDay"))
    if row.get(SERIES) != WHOLE or not isinstance(year, int):
        return None
    if not isinstance(number, int) or number <= 0:
        return None
    if not isinstance(first, date) or not isinstance(last, date) or first > last:
        return None
    closed = tuple(bool(row.get(f"ClosedSeries{at}")) for at in range(1, CLOSINGS + 1))
    return PeriodRow(year, number, first, last, closed)
