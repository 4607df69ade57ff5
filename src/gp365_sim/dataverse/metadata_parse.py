"""Reads definitions that a client sends, for new tables, columns and changed columns."""

from __future__ import annotations

import uuid
from dataclasses import replace
from decimal import Decimal
from typing import Any, cast

from . import refusal
from .metadata_json import METADATA_TYPES
from .schema import Column, Option, Table

CRM = "Microsoft.Dynamics.CRM."
Json = dict[str, Any]
# AttributeMetadata types that a client may create a column of, by the name of the metadata type.
CREATABLE = {
    name: kind
    for kind, (name, _) in METADATA_TYPES.items()
    if kind
    in {
        "String",
        "Memo",
        "Integer",
        "BigInt",
        "Decimal",
        "Double",
        "Money",
        "Boolean",
        "DateTime",
        "Picklist",
    }
}
_DEFAULT_LENGTH = {"String": 100, "Memo": 2000}
_MONEY_LIMIT = Decimal("922337203685477")


def text_of(label: Any, otherwise: str = "") -> str:
    """Give the text of a Label."""
    if not isinstance(label, dict):
        return otherwise
    found = cast(Json, label)
    localized = cast(list[Json], found.get("LocalizedLabels") or [])
    chosen: Json = cast(Json, found.get("UserLocalizedLabel") or (localized[0] if localized else {}))
    return str(chosen.get("Label") or otherwise)


def kind_of(body: Json) -> str:
    """Give the name of the metadata type of a body: `StringAttributeMetadata`; the Complex forms mean the same."""
    return str(body.get("@odata.type", "")).lstrip("#").removeprefix(CRM).removeprefix("Complex")


def named(body: Json) -> str:
    """Give the SchemaName, which has to carry the prefix of a publisher."""
    name = str(body.get("SchemaName") or "")
    if not name:
        raise refusal.invalid("The required field 'SchemaName' is missing.")
    if "_" not in name:
        raise refusal.Refusal(
            400,
            "0x8004801d",
            f"The schema name '{name}' has to begin with the customization prefix of a publisher.",
        )
    return name


def new_column(body: Json) -> Column:
    """Read the definition of a new column; raises 400 for what is missing, 501 for types not modelled."""
    kind = CREATABLE.get(kind_of(body))
    if kind is None:
        raise refusal.not_modelled(f"creating a column as '{body.get('@odata.type')}'")
    name = named(body)
    blank = Column(
        name=name.lower(),
        type=kind,
        schema_name=name,
        label=name,
        id=str(uuid.uuid4()),
        max_length=_DEFAULT_LENGTH.get(kind),
        precision=2 if kind in {"Decimal", "Money", "Double"} else None,
        minimum=-_MONEY_LIMIT if kind == "Money" else None,
        maximum=_MONEY_LIMIT if kind == "Money" else None,
        behavior="UserLocal" if kind == "DateTime" else "",
        custom=True,
    )
    return changed_column(blank, body)


def changed_column(column: Column, body: Json) -> Column:
    """Give a column with what a definition says about it."""
    behavior: Json = body.get("DateTimeBehavior") or {}
    required: Json = body.get("RequiredLevel") or {}
    format_name: Json = body.get("FormatName") or {}
    return replace(
        column,
        label=text_of(body.get("DisplayName"), column.label),
        required=required.get("Value") or column.required,
        max_length=body.get("MaxLength") or column.max_length,
        minimum=_number(body.get("MinValue"), column.minimum),
        maximum=_number(body.get("MaxValue"), column.maximum),
        precision=column.precision if body.get("Precision") is None else body["Precision"],
        precision_source=column.precision_source
        if body.get("PrecisionSource") is None
        else body["PrecisionSource"],
        format=format_name.get("Value") or body.get("Format") or column.format,
        behavior=behavior.get("Value") or column.behavior,
        options=_options(column, body.get("OptionSet")),
        secured=bool(body.get("IsSecured", column.secured)),
        extra=_extra(column, body),
    )


def _extra(column: Column, body: Json) -> Json:
    kept = dict(column.extra)
    if body.get("Description"):
        kept["Description"] = body["Description"]
    return kept


def _number(value: Any, otherwise: Decimal | None) -> Decimal | None:
    return otherwise if value is None else Decimal(str(value))


def _options(column: Column, raw: Json | None) -> tuple[Option, ...]:
    if not raw:
        return column.options
    if raw.get("IsGlobal"):
        raise refusal.not_modelled("global option sets")
    if column.type == "Boolean":
        sides = (raw.get("FalseOption"), raw.get("TrueOption"))
        return tuple(Option(int(s["Value"]), text_of(s.get("Label"))) for s in sides if s)
    known = {o.value: o for o in column.options}
    options = cast(list[Json], raw.get("Options") or [])
    return tuple(
        Option(
            int(o["Value"]), text_of(o.get("Label")), known[o["Value"]].state if o["Value"] in known else None
        )
        for o in options
    )


def companions(table: Table, column: Column) -> list[Column]:
    """Give the columns that the platform adds beside a money column: its base amount, currency and rate."""
    if column.type != "Money":
        return []
    base = replace(
        column,
        name=f"{column.name}_base",
        schema_name=f"{column.schema_name}_Base",
        label=f"{column.label} (Base)",
        id=str(uuid.uuid4()),
        for_create=False,
        for_update=False,
    )
    made = [base]
    if "transactioncurrencyid" not in table.columns:
        made.append(
            lookup("transactioncurrencyid", "TransactionCurrencyId", "Currency", "transactioncurrency")
        )
        made.append(plain("exchangerate", "ExchangeRate", "Decimal", "Exchange Rate", precision=10))
    return made


def lookup(name: str, schema_name: str, label: str, *targets: str, writable: bool = True) -> Column:
    """Give a system lookup column of a new table."""
    return Column(
        name=name,
        type="Owner" if name == "ownerid" else "Lookup",
        schema_name=schema_name,
        label=label,
        id=str(uuid.uuid4()),
        targets=targets,
        navigation=dict.fromkeys(targets, name),
        for_create=writable,
        for_update=writable,
    )


def plain(
    name: str,
    schema_name: str,
    kind: str,
    label: str,
    *,
    write: str = "",
    precision: int | None = None,
    options: tuple[Option, ...] = (),
) -> Column:
    """Give a system column of a new table; `write` holds c and u where a client may write it."""
    return Column(
        name=name,
        type=kind,
        schema_name=schema_name,
        label=label,
        id=str(uuid.uuid4()),
        precision=precision,
        options=options,
        for_create="c" in write,
        for_update="u" in write,
        behavior="UserLocal" if kind == "DateTime" else "",
    )


def system_columns(table: str, schema_name: str, *, user_owned: bool) -> list[Column]:
    """Give the columns that every new table has (entity-metadata pages of the developer guide)."""
    made = [
        plain(f"{table}id", f"{schema_name}Id", "Uniqueidentifier", "Id", write="c"),
        plain("createdon", "CreatedOn", "DateTime", "Created On"),
        lookup("createdby", "CreatedBy", "Created By", "systemuser", writable=False),
        plain("modifiedon", "ModifiedOn", "DateTime", "Modified On"),
        lookup("modifiedby", "ModifiedBy", "Modified By", "systemuser", writable=False),
        plain("overriddencreatedon", "OverriddenCreatedOn", "DateTime", "Record Created On", write="c"),
        plain("importsequencenumber", "ImportSequenceNumber", "Integer", "Import Sequence Number", write="c"),
        plain(
            "timezoneruleversionnumber", "TimeZoneRuleVersionNumber", "Integer", "Time Zone Rule", write="cu"
        ),
        plain(
            "utcconversiontimezonecode", "UTCConversionTimeZoneCode", "Integer", "UTC Conversion", write="cu"
        ),
        plain("versionnumber", "VersionNumber", "BigInt", "Version Number"),
        plain(
            "statecode",
            f"{schema_name}_statecode",
            "State",
            "Status",
            write="u",
            options=(Option(0, "Active"), Option(1, "Inactive")),
        ),
        plain(
            "statuscode",
            f"{schema_name}_statuscode",
            "Status",
            "Status Reason",
            write="cu",
            options=(Option(1, "Active", 0), Option(2, "Inactive", 1)),
        ),
    ]
    if user_owned:
        made.append(lookup("ownerid", "OwnerId", "Owner", "systemuser", "team"))
        made.append(
            lookup("owningbusinessunit", "OwningBusinessUnit", "Owning Unit", "businessunit", writable=False)
        )
        made.append(lookup("owninguser", "OwningUser", "Owning User", "systemuser", writable=False))
        made.append(lookup("owningteam", "OwningTeam", "Owning Team", "team", writable=False))
    else:
        made.append(
            lookup("organizationid", "OrganizationId", "Organization", "organization", writable=False)
        )
    return made
