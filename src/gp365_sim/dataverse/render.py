"""Writes rows as the Web API shows them: selected columns, etag, annotations, expanded rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fnmatch import fnmatch
from typing import Any

from gp365_sim.identity.tokens import Caller

from . import refusal
from .access import may_read, sight_of
from .expression import parse_filter
from .fold import fold
from .organisation import TARGET_SUFFIX, Organisation
from .predicate import column_of, row_test
from .query import Expansion, parse_orderby
from .schema import LOOKUP_TYPES, OPTION_TYPES, Column, Table
from .store import Row

FORMATTED = "OData.Community.Display.V1.FormattedValue"
LOGICAL_NAME = "Microsoft.Dynamics.CRM.lookuplogicalname"
ASSOCIATED = "Microsoft.Dynamics.CRM.associatednavigationproperty"


@dataclass(frozen=True)
class View:
    """Who looks, and with which annotations (the pattern of odata.include-annotations, empty for none)."""

    caller: Caller
    annotations: str = ""

    def shows(self, annotation: str) -> bool:
        return any(fnmatch(annotation, p.strip()) for p in self.annotations.split(",") if p.strip())

    def may_read(self, column: Column) -> bool:
        """Tell whether a column's values are shown to this caller."""
        return may_read(self.caller, column)


def etag(row: Row) -> str:
    return f'W/"{row["versionnumber"]}"'


def selected(table: Table, select: tuple[str, ...] | None) -> list[Column]:
    """Give the columns of a $select (all when None); the id always comes, money brings its currency."""
    if select is None:
        return list(table.wire.values())
    columns = {name: column_of(table, name) for name in select}
    columns.setdefault(table.id_column, table.columns[table.id_column])
    if any(c.type == "Money" for c in columns.values()) and "transactioncurrencyid" in table.columns:
        currency = table.columns["transactioncurrencyid"]
        columns.setdefault(currency.wire, currency)
    return list(columns.values())


def renderer(
    org: Organisation,
    table: Table,
    view: View,
    select: tuple[str, ...] | None,
    expand: tuple[Expansion, ...] = (),
) -> Callable[[Row], dict[str, Any]]:
    """Give a function that writes a row of this table; names are checked once, here."""
    columns = selected(table, select)
    wires = [c.wire if view.may_read(c) else "" for c in columns]
    names = [c.wire for c in columns]
    pairs = list(zip(names, wires, strict=True))
    expansions = [(e.name, _expander(org, table, view, e)) for e in expand]
    plain = not view.annotations

    def write(row: Row) -> dict[str, Any]:
        out: dict[str, Any] = {"@odata.etag": f'W/"{row["versionnumber"]}"'}
        out.update({name: row.get(wire) for name, wire in pairs})
        if not plain:
            for column in columns:
                if view.may_read(column):
                    _annotate(org, view, column, row, out)
        for name, expander in expansions:
            out[name] = expander(row)
        return out

    return write


def _expander(org: Organisation, table: Table, view: View, wish: Expansion) -> Callable[[Row], Any]:
    if wish.name in table.navigation:
        return _single(org, table, view, wish)
    if wish.name in org.schema.collections(table.name):
        return _many(org, table, view, wish)
    raise refusal.bad_request(
        f"Could not find a property named '{wish.name}' on type 'Microsoft.Dynamics.CRM.{table.name}'."
    )


def _single(org: Organisation, table: Table, view: View, wish: Expansion) -> Callable[[Row], Any]:
    column, targets = table.navigation[wish.name]
    wire = column.wire
    write = {t: renderer(org, org.schema.tables[t], view, wish.select, wish.expand) for t in targets[:1]}
    sight = sight_of(org, view.caller)

    def expand(row: Row) -> Any:
        target = row.get(wire + TARGET_SUFFIX, targets[0])
        found = org.store.find(target, row[wire]) if target in write and row.get(wire) else None
        if found is None or not sight.reaches(org.schema.tables[target], found):
            return None
        return write[target](found)

    return expand


def _many(org: Organisation, table: Table, view: View, wish: Expansion) -> Callable[[Row], Any]:
    relationship = org.schema.collections(table.name)[wish.name]
    other = org.schema.tables[relationship.referencing]
    wire = other.columns[relationship.column].wire
    write = renderer(org, other, view, wish.select, wish.expand)
    test = row_test(org, other, parse_filter(wish.filter, {})) if wish.filter else None
    sight = sight_of(org, view.caller)
    if wish.orderby:
        parse_orderby(wish.orderby)
        raise refusal.not_modelled("$orderby inside $expand")

    def expand(row: Row) -> Any:
        links = org.store.pointing_at(row[table.id_column])
        ids = sorted(i for name, i, w in links if name == other.name and w == wire)
        found = [
            r for i in ids if (r := org.store.find(other.name, i)) is not None and sight.reaches(other, r)
        ]
        rows = [r for r in found if test is None or test(r)]
        return [write(r) for r in rows[: wish.top]]

    return expand


# --- annotations -----------------------------------------------------------------------------------------------------


def _annotate(org: Organisation, view: View, column: Column, row: Row, out: dict[str, Any]) -> None:
    value = row.get(column.wire)
    if value is None:
        return
    if column.type in LOOKUP_TYPES:
        _annotate_lookup(org, view, column, row, out)
    elif view.shows(FORMATTED):
        text = formatted(org, column, value, row)
        if text is not None:
            out[f"{column.wire}@{FORMATTED}"] = text


def _annotate_lookup(org: Organisation, view: View, column: Column, row: Row, out: dict[str, Any]) -> None:
    wire = column.wire
    target = row.get(wire + TARGET_SUFFIX) or (column.targets[0] if column.targets else "")
    table = org.schema.tables.get(target)
    if view.shows(FORMATTED) and table is not None:
        found = org.store.find(target, row[wire])
        out[f"{wire}@{FORMATTED}"] = (found or {}).get(table.name_column or "")
    if view.shows(ASSOCIATED):
        out[f"{wire}@{ASSOCIATED}"] = column.navigation.get(target, column.name)
    if view.shows(LOGICAL_NAME):
        out[f"{wire}@{LOGICAL_NAME}"] = target


def formatted(org: Organisation, column: Column, value: Any, row: Row) -> str | None:
    """Give the text that a user of an English (United States) organisation sees; None for plain text."""
    if column.type in OPTION_TYPES:
        option = column.option(value)
        return option.label if option else None
    if column.type == "Boolean":
        return next((o.label for o in column.options if o.value == int(value)), "Yes" if value else "No")
    if column.type == "Money" and isinstance(value, Decimal):
        currency = org.store.find("transactioncurrency", row.get("_transactioncurrencyid_value", "")) or {}
        return f"{currency.get('currencysymbol', '')}{value:,.2f}"
    if column.type in {"Integer", "BigInt", "Decimal"}:
        return f"{value:,}"
    if column.type == "DateTime":
        return _moment(value, column.date_only)
    return None


def _moment(value: str, day_only: bool) -> str:
    moment = datetime.fromisoformat(value)
    day = f"{moment.month}/{moment.day}/{moment.year}"
    hour = moment.hour % 12 or 12
    return day if day_only else f"{day} {hour}:{moment.minute:02} {'AM' if moment.hour < 12 else 'PM'}"


def sort_value(value: Any) -> tuple[int, Any]:
    """Give the form under which a value is sorted: empty ones first, text as the database compares it."""
    if value is None:
        return (0, 0)
    return (1, fold(value) if isinstance(value, str) else value)
