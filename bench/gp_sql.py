"""Customers read over SQL, in pages, with the driver replaced at its port: what our own side costs per row."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from bench.measure import one_core, peak_mb, timed
from gp365.connectors.gp.sql import SqlChannel, SqlSettings
from gp365.connectors.gp.sql.customers import card_fields
from gp365.connectors.gp.sql.port import Row, SqlValue

LIMIT_PER_S = 10_000
LIMIT_GROWTH_MB = 8
"""So much may the process grow while fifty thousand customers pass: a page and its records, no list of all."""
OWN = (
    *(
        "CustomerNumber",
        "CustomerName",
        "CustomerClass",
        "StatementName",
        "ShortName",
        "PaymentTermsID",
        "CurrencyID",
    ),
    *(
        "CreditLimitType",
        "CreditLimitAmount",
        "Hold",
        "Inactive",
        "SalespersonID",
        "SalesTerritory",
        "PriceLevel",
    ),
    *("TaxScheduleID", "ShippingMethod", "Comment1", "Comment2", "UserDefined1", "NoteIndex", "CreatedDate"),
)
FIELDS = (*OWN, *(name for name in card_fields() if "." in name))
_DAY = datetime(2026, 11, 20)  # noqa: DTZ001 (as drivers give GP's dates)
_NUMBERS = {
    "CRLMTTYP": 2,
    "HOLD": 0,
    "INACTIVE": 0,
    "NOTEINDX": Decimal("1204.00000"),
    "CRLMTAMT": Decimal("25000.00000"),
}


class Stub:
    """A connection that answers the pages of a scan out of nothing: so many customers, in the order of their numbers."""

    broken = False

    def __init__(self, customers: int) -> None:
        self._customers = customers
        self.asked = 0

    def query(
        self, text: str, values: Sequence[SqlValue] = (), *, page: int = 1000, last: bool = False
    ) -> Iterator[Sequence[Row]]:
        """Give the page after the last value, which is the number of the page before."""
        self.asked += 1
        if not text.startswith("SELECT TOP"):
            yield [(_DAY,)]
            return
        top = int(text.partition("(")[2].partition(")")[0])
        first = int(str(values[-1]).strip()[1:]) + 1 if text.count("?") > 2 else 0
        template = _template(text.partition(") ")[2].partition(" FROM ")[0])
        yield [(f"C{at:014d}", *template) for at in range(first, min(first + top, self._customers))]

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Hold nothing."""
        yield

    def close(self) -> None:
        """Hang up nothing."""


@cache
def _template(columns: str) -> tuple[SqlValue, ...]:
    """Return a row as drivers give it, padded, without its number."""
    return tuple(_value(column.rpartition("[")[2].rstrip("]")) for column in columns.split(", ")[1:])


def _value(column: str) -> SqlValue:
    if column in _NUMBERS:
        return _NUMBERS[column]
    if column == "CREATDDT":
        return _DAY
    if column in ("ADRSCODE", "PRBTADCD"):
        return "PRIMARY        "
    return "SHIPTO         " if column == "PRSTADCD" else "Fabrikam of the North, Inc.      "


def gp_sql(customers: int = 50_000) -> dict[str, Any]:
    """Read customers with bill-to, ship-to and e-mail addresses and tell rows a second and the growth of memory."""
    stub = Stub(customers)
    settings = SqlSettings(name="gp", server="stub", database="TWO")
    channel = SqlChannel(settings, open_=lambda _settings, _database: stub)

    def read() -> int:
        return sum(len(page) for page in channel.scan("customer", FIELDS))

    with one_core():
        next(iter(channel.scan("customer", FIELDS)))
        before = peak_mb()
        rows, took = timed(read)
        grown = peak_mb() - before
    per_s = rows / took.wall_s
    return {
        "rows": rows,
        "fields": len(FIELDS),
        "statements": stub.asked,
        "rows_per_s": round(per_s),
        "rows_per_cpu_s": round(rows / took.cpu_s),
        "limit_per_s": LIMIT_PER_S,
        "grown_mb": round(grown, 1),
        "holds": per_s >= LIMIT_PER_S and grown <= LIMIT_GROWTH_MB and rows == customers,
    }
