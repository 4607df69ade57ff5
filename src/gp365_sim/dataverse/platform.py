"""What every organisation has before anybody works in it: its own row, unit, currency, users and messages."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from gp365_sim.identity.tokens import Caller
from gp365_sim.samples import Samples

from .bulk_messages import MESSAGES
from .first_forms import first_forms
from .organisation import Organisation
from .payload import point
from .records import create
from .schema import MERGEABLE, Column, Table
from .schema_load import fresh_schema
from .store import Row, Store
from .values import stored

ROW_MESSAGES = ("Create", "Update", "Delete")
PERSON_ID = "5ad1c0de-0000-4000-8000-00000000cafe"
PERSON = Caller(client_id="", user_id=PERSON_ID, name="Sam Seller", roles=frozenset({"runtime", "secured"}))
US_DOLLAR = {
    "currencyname": "US Dollar",
    "isocurrencycode": "USD",
    "currencysymbol": "$",
    "currencyprecision": 2,
    "exchangerate": Decimal("1.0000000000"),
}


def fresh(org: Organisation, tracked: frozenset[str], samples: Samples | None) -> None:
    """Put an organisation into its first state. Version numbers go on, so that no etag ever comes twice."""
    version = org.store.version
    org.schema = fresh_schema(tracked)
    org.store = Store(org.schema, org.now, org.store.committed)
    org.store.version = version
    _found(org)
    first_forms(org)
    for name in org.schema.tables:
        allow_bulk(org, name)
    _fill(org, "transactioncurrency", samples.currencies() if samples else ())
    _name_base_currency(org)
    org.without_role.clear()
    if samples is not None:
        _settle_regions(org, samples)
    _fill(org, "account", samples.accounts() if samples else ())
    _fill(org, "contact", samples.contacts() if samples else ())


def _fill(org: Organisation, table_name: str, rows: Iterable[Mapping[str, Any]]) -> None:
    table = org.schema.tables[table_name]
    for row in rows:
        put_sample(org, table, row)


def _found(org: Organisation) -> None:
    now = org.stamp()
    _insert(org, "businessunit", org.business_unit, now, name=org.name)
    _insert(org, "organization", org.id, now, name=org.name, languagecode=1033)
    ensure_user(org, PERSON)
    for message in (*ROW_MESSAGES, "Merge", *MESSAGES):
        _insert(org, "sdkmessage", message_id(message), None, name=message)


def _name_base_currency(org: Organisation) -> None:
    """Take the base currency from the samples: the one with rate 1, US dollars where none came."""
    base = [i for i, row in org.store.rows["transactioncurrency"].items() if row.get("exchangerate") == 1]
    if base:
        org.base_currency = base[0]
    else:
        _insert(org, "transactioncurrency", org.base_currency, org.stamp(), **US_DOLLAR)
    own = {**org.store.get("organization", org.id), "_basecurrencyid_value": org.base_currency}
    org.store.replace(org.schema.tables["organization"], own)


def _settle_regions(org: Organisation, samples: Samples) -> None:
    """Put in units, users, teams and territories; a unit has a default team of its name (that it has no role is assumed).

    Source: the reference of the team table: a default team is made with its unit and cannot be deleted.
    """
    _default_team(org, org.business_unit, org.name)
    for unit in samples.units():
        _principal(org, "businessunit", {"_parentbusinessunitid_value": org.business_unit, **unit})
        _default_team(org, str(unit["businessunitid"]), str(unit["name"]))
    for user in samples.users():
        name = f"{user['firstname']} {user['lastname']}"
        _principal(org, "systemuser", {"fullname": name, "isdisabled": False, **user})
    for team in samples.teams():
        _principal(org, "team", {"isdefault": False, **team})
    for territory in samples.territories():
        _principal(org, "territory", territory)


def _default_team(org: Organisation, unit: str, name: str) -> None:
    row_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"gp365-sim/team/{unit}"))
    values = {"teamid": row_id, "name": name, "teamtype": 0, "isdefault": True, "_businessunitid_value": unit}
    _principal(org, "team", {**values, "roles": 0})


def _principal(org: Organisation, table_name: str, given: Mapping[str, Any]) -> None:
    table = org.schema.tables[table_name]
    values = {name: value for name, value in given.items() if name not in ("roles", table.id_column)}
    if "businessunitid" in table.columns and table_name != "businessunit":
        values.setdefault("_businessunitid_value", org.business_unit)
    row_id = str(given[table.id_column])
    _insert(org, table_name, row_id, org.stamp(), **values)
    if given.get("roles") == 0:
        org.without_role.add(row_id)


def message_id(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"gp365-sim/message/{name}"))


def allow_bulk(org: Organisation, table_name: str) -> None:
    """List the messages of a table; tables of the platform itself have no bulk messages (assumed)."""
    platform = {
        "publisher",
        "solution",
        "solutioncomponent",
        "sdkmessage",
        "sdkmessagefilter",
        "sdkmessageprocessingstep",
        "sdkmessageprocessingstepimage",
        "serviceendpoint",
        "asyncoperation",
        "savedquery",
        "systemform",
        "role",
    }
    bulk = () if table_name in platform | {"organization"} else MESSAGES
    names = (*ROW_MESSAGES, *(("Merge",) if table_name in MERGEABLE else ()), *bulk)
    table = org.schema.tables["sdkmessagefilter"]
    for message in names:
        row: Row = {
            "sdkmessagefilterid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"gp365-sim/{message}/{table_name}")),
            "name": f"{message}:{table_name}",
            "primaryobjecttypecode": table_name,
            "_sdkmessageid_value": message_id(message),
        }
        if org.store.find("sdkmessagefilter", row["sdkmessagefilterid"]) is None:
            org.store.insert(table, row)


def ensure_user(org: Organisation, caller: Caller) -> None:
    """Make the systemuser row of a caller, so that stamps and lookups name somebody."""
    if org.store.find("systemuser", caller.user_id) is not None:
        return
    first, _, last = caller.name.rpartition(" ")
    values: dict[str, Any] = {
        "firstname": first or "#",
        "lastname": last,
        "fullname": caller.name,
        "isdisabled": False,
    }
    if caller.client_id:
        values["applicationid"] = caller.client_id
    values["_businessunitid_value"] = org.business_unit
    _insert(org, "systemuser", caller.user_id, org.stamp(), **values)


def _insert(org: Organisation, table_name: str, row_id: str, now: str | None, **values: Any) -> None:
    table = org.schema.tables[table_name]
    row: Row = {table.id_column: row_id, **values}
    if now is not None:
        row.update({name: now for name in ("createdon", "modifiedon") if name in table.columns})
    org.store.insert(table, row)


# --- sample rows -----------------------------------------------------------------------------------------------------


def put_sample(org: Organisation, table: Table, values: Mapping[str, Any]) -> str:
    """Create a row from plain values: columns by logical name, lookups as `_x_value` ids (with `_x_type` for the table)."""
    row: Row = {}
    for name, value in values.items():
        column = table.wire.get(name) or table.columns.get(name)
        if column is None or value is None or name.endswith("_type"):
            continue
        _set(row, table, column, value, values)
    return create(org, PERSON, table, row)[table.id_column]


def _set(row: Row, table: Table, column: Column, value: Any, values: Mapping[str, Any]) -> None:
    if column.wire != column.name:
        target = values.get(f"_{column.name}_type") or column.targets[0]
        point(row, column, str(target), str(value).lower())
    elif column.type in {"Decimal", "Money", "Double"}:
        row[column.name] = stored(table.name, column, Decimal(str(value)))
    else:
        row[column.name] = stored(table.name, column, value)
