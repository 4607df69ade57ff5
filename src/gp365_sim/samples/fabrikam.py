"""The sample company Fabrikam, Inc. and its accounts in Sales, read from the data files."""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from gp365_sim.samples.rows import Row, Samples, Source, nothing

_AMOUNTS = frozenset({"CRLMTAMT", "CRLMTPAM", "DSCDLRAM", "creditlimit", "exchangerate"})
_DATES = frozenset({"CREATDDT", "MODIFDT"})


def fabrikam() -> Samples:
    """Return the sample company: 34 customers with addresses, 8 classes, 11 terms; 25 accounts, 22 contacts."""
    return Samples(
        terms=lambda: _rows("gp-setup.json", "terms"),
        classes=lambda: _rows("gp-setup.json", "classes"),
        customers=lambda: _rows("gp-customers.json", "customers"),
        currencies=lambda: _rows("sales.json", "currencies"),
        accounts=lambda: _rows("sales.json", "accounts"),
        contacts=lambda: _rows("sales.json", "contacts"),
        **owners(),
    )


def owners() -> dict[str, Source]:
    """Return the regions of Sales: 3 units, 4 users, 5 teams, 6 territories."""
    return {
        "units": lambda: _rows("owners.json", "units"),
        "users": lambda: _rows("owners.json", "users"),
        "teams": lambda: _rows("owners.json", "teams"),
        "territories": lambda: _rows("owners.json", "territories"),
    }


def fabrikam_canada() -> Samples:
    """Return a second company: 15 customers, 8 of them also customers of Fabrikam, Inc.; nothing in Sales."""
    return Samples(
        terms=lambda: _rows("gp-setup.json", "terms"),
        classes=lambda: _rows("gp-canada.json", "classes"),
        customers=lambda: _rows("gp-canada.json", "customers"),
        currencies=nothing,
        accounts=nothing,
        contacts=nothing,
    )


def same_customers() -> dict[str, str]:
    """Return which customers of the second company are customers of the first: number there → number here."""
    return dict(
        _file("gp-canada.json")["_meta"]["deliberate"]["customers of both companies, under other numbers"]
    )


def same_firms() -> dict[str, str]:
    """Return which customers are also accounts: customer number → the account's name, spelt as it is there."""
    return dict(_file("sales.json")["_meta"]["the same firms as in GP"])


@cache
def _file(name: str) -> Mapping[str, Any]:
    return json.loads(files("gp365_sim.samples").joinpath("data", name).read_text("utf-8"))


def _rows(name: str, kind: str) -> list[Row]:
    return [_row(row) for row in _file(name)[kind]]


def _row(row: Mapping[str, Any]) -> Row:
    return {name: _value(name, value) for name, value in row.items()}


def _value(name: str, value: Any) -> object:
    if name in _AMOUNTS:
        return Decimal(value)
    if name in _DATES:
        return date.fromisoformat(value)
    if isinstance(value, list):
        return [_row(each) for each in value]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return value
