"""Reads the tables that every organisation has from the data files beside this module."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any

import orjson

from .schema import LOOKUP_TYPES, Column, Option, Schema, Table, metadata_id

# Type codes of the tables as Microsoft's reference pages give them; the others are counted from 9000 (assumed).
TYPE_CODES = {
    "account": 1,
    "contact": 2,
    "opportunity": 3,
    "lead": 4,
    "annotation": 5,
    "systemuser": 8,
    "team": 9,
    "businessunit": 10,
    "organization": 1019,
    "pricelevel": 1022,
    "product": 1024,
    "productpricelevel": 1026,
    "uom": 1055,
    "uomschedule": 1056,
    "customeraddress": 1071,
    "opportunityproduct": 1083,
    "quote": 1084,
    "quotedetail": 1085,
    "salesorder": 1088,
    "salesorderdetail": 1089,
    "invoice": 1090,
    "invoicedetail": 1091,
    "territory": 2013,
    "asyncoperation": 4700,
    "role": 1036,
    "savedquery": 1039,
    "systemform": 1030,
    "publisher": 7101,
    "solution": 7100,
    "solutioncomponent": 7103,
    "sdkmessage": 4606,
    "sdkmessagefilter": 4607,
    "sdkmessageprocessingstep": 4608,
    "sdkmessageprocessingstepimage": 4615,
    "serviceendpoint": 4618,
    "transactioncurrency": 9105,
}
# The id column of an activity is `activityid`, so its schema name cannot be taken from there.
ACTIVITIES = {"opportunityclose": "OpportunityClose", "orderclose": "OrderClose"}
# Tables whose changes cannot be tracked; the rest may be switched on (assumed for each of them).
UNTRACKABLE = frozenset(
    {
        "sdkmessage",
        "sdkmessagefilter",
        "sdkmessageprocessingstep",
        "sdkmessageprocessingstepimage",
        "serviceendpoint",
        "solution",
        "solutioncomponent",
        "publisher",
        "organization",
        "savedquery",
        "systemform",
        "role",
    }
)


@cache
def _raw() -> dict[str, Any]:
    tables: dict[str, Any] = {}
    for name in ("tables.json", "system-tables.json"):
        text = resources.files("gp365_sim.dataverse").joinpath("data", name).read_bytes()
        tables.update(orjson.loads(text)["tables"])
    return tables


@cache
def _known_columns(table: str) -> dict[str, Column]:
    return {name: _column(table, name, values) for name, values in _raw()[table]["columns"].items()}


def _columns(table: str) -> dict[str, Column]:
    """Give a table's first columns in a dict of their own; the columns themselves are values and shared."""
    return dict(_known_columns(table))


def fresh_schema(tracked: frozenset[str] = frozenset()) -> Schema:
    """Build the schema of a new organisation.

    `tracked` names the tables whose change tracking is on from the start. Which ones that are in a real organisation is
    not documented (use-change-tracking-synchronize-data-external-systems.md), so the default is none.
    """
    schema = Schema()
    for position, (name, raw) in enumerate(_raw().items()):
        schema.add(_table(name, raw, TYPE_CODES.get(name, 9000 + position), name in tracked))
    return schema


def _table(name: str, raw: dict[str, Any], type_code: int, tracked: bool) -> Table:
    columns = _columns(name)
    label = columns[raw["id"]].label or name.title()
    return Table(
        name=name,
        schema_name=ACTIVITIES.get(name) or columns[raw["id"]].schema_name.removesuffix("Id"),
        set_name=raw["set"],
        id_column=raw["id"],
        name_column=raw["name"],
        id=metadata_id("table", name),
        type_code=type_code,
        label=label,
        collection_label=f"{label}s",
        ownership="UserOwned" if "ownerid" in columns else "OrganizationOwned",
        tracked=tracked,
        can_be_tracked=name not in UNTRACKABLE,
        columns=columns,
    )


def _column(table: str, name: str, raw: list[Any]) -> Column:
    kind, schema_name, label = raw[0], raw[1], raw[2]
    more: dict[str, Any] = raw[3] if len(raw) > 3 else {}
    write = more.get("write", "cu")
    targets = tuple(more.get("targets", ()))
    return Column(
        name=name,
        type=kind,
        schema_name=schema_name or name,
        label=label,
        id=metadata_id("column", table, name),
        max_length=more.get("max", 100 if kind == "String" else None),
        minimum=_number(more.get("min")),
        maximum=_number(more.get("most")),
        precision=more.get("precision"),
        required=more.get("required", "None"),
        format=more.get("format", ""),
        behavior=""
        if kind != "DateTime"
        else "DateOnly"
        if more.get("format") == "DateOnly"
        else "UserLocal",
        options=tuple(Option(*o) for o in more.get("options", ())),
        targets=targets,
        navigation=_navigation(name, targets, more.get("nav")) if kind in LOOKUP_TYPES else {},
        for_create="c" in write,
        for_update="u" in write,
        for_read=more.get("read", True),
    )


def _navigation(column: str, targets: tuple[str, ...], named: dict[str, str] | None) -> dict[str, str]:
    # The owner is one navigation property, `ownerid`, whoever owns the row: user or team.
    if named and "principal" in named:
        return dict.fromkeys(targets, named["principal"])
    if named:
        return {target: named.get(target, f"{column}_{target}") for target in targets}
    return dict.fromkeys(targets, column)


def _number(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))
