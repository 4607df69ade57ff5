"""Reading rows that are spelt out: typed cells, and what a business rule refuses."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from gp365_sim.gp.sqltypes import EMPTY_DATE, Value

Cells = Mapping[str, Value]

ZERO = Decimal("0.00000")
CENT = Decimal("0.01")


def amount(row: Cells, name: str) -> Decimal:
    """Read an amount."""
    value = row[name]
    assert isinstance(value, Decimal)
    return value


def whole(row: Cells, name: str) -> int:
    """Read a whole number."""
    value = row[name]
    assert isinstance(value, int)
    return value


def text(row: Cells, name: str) -> str:
    """Read a text, without its padding."""
    return str(row[name])


def day(row: Cells, name: str) -> date:
    """Read a date; 1900-01-01 stands for none."""
    value = row[name]
    assert isinstance(value, date)
    return value


def has_day(row: Cells, name: str) -> bool:
    """Tell whether a date was entered."""
    return row[name] != EMPTY_DATE
