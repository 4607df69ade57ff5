"""What Dataverse tells about a table: columns with limits, options and lookups, keys, and change tracking.

The questions are GETs that fit into one `$batch`; the answers become a `Table`. Only public properties of EntityMetadata
and AttributeMetadata are asked for (Web API reference, EntityMetadata and AttributeMetadata EntityType pages).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

LOOKUPS = frozenset({"Lookup", "Customer", "Owner"})
OPTIONS = frozenset({"Picklist", "State", "Status"})
ALLOWED = 4
UNSERVED = frozenset({"Virtual", "EntityName", "ManagedProperty", "PartyList", "CalendarRules"})


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `navigation` maps a lookup's target table to its navigation property in the right case.

    A DateTime is a day (`day`), a moment, or, with `zoned` false, what a clock shows. `precision` is what is kept of a
    number for certain: see `_precision`. A column under column security is unreadable until `granted` says otherwise;
    `statuses` gives the default status of each state, on the column of states.
    """

    name: str
    type: str
    schema_name: str = ""
    length: int | None = None
    precision: int | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    required: str = "None"
    options: Mapping[int, str] = field(default_factory=dict[int, str])
    navigation: Mapping[str, str] = field(default_factory=dict[str, str])
    creatable: bool = True
    updatable: bool = True
    readable: bool = True
    secured: bool = False
    day: bool = False
    zoned: bool = True
    id: str = ""
    statuses: Mapping[int, int] = field(default_factory=dict[int, int])

    @property
    def wire(self) -> str:
        """The name under which a row carries the value."""
        return f"_{self.name}_value" if self.type in LOOKUPS else self.name


@dataclass(frozen=True, slots=True)
class AlternateKey:
    """An alternate key; calls by it fail until `status` is Active (define-alternate-keys-entity page)."""

    name: str
    columns: tuple[str, ...]
    status: str


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the organisation."""

    name: str
    set_name: str
    id_column: str
    name_column: str
    schema_name: str
    tracked: bool
    columns: Mapping[str, Column]
    keys: tuple[AlternateKey, ...] = ()
    ownership: str = ""
    type_code: int = 0

    @property
    def odata_type(self) -> str:
        """The type name that every target of a bulk message must carry."""
        return f"Microsoft.Dynamics.CRM.{self.name}"


_BASE = (
    "LogicalName,SchemaName,AttributeType,AttributeOf,IsValidForCreate,IsValidForUpdate,IsValidForRead,"
    "RequiredLevel,IsSecured"
)
_CASTS = {
    "String": "LogicalName,MaxLength",
    "Memo": "LogicalName,MaxLength",
    "Money": "LogicalName,Precision,PrecisionSource,MinValue,MaxValue",
    "Decimal": "LogicalName,Precision,MinValue,MaxValue",
    "Double": "LogicalName,Precision,MinValue,MaxValue",
    "Integer": "LogicalName,MinValue,MaxValue",
    "DateTime": "LogicalName,Format,DateTimeBehavior",
}
_OF_CURRENCY = 2
_DECIMALS_OF_CURRENCIES = 2
_GLOBAL = ",GlobalOptionSet($select=Options)"
_OPTION_CASTS = ("Picklist", "State", "Status")


def questions(logical_name: str) -> tuple[str, ...]:
    """Return the relative addresses whose answers describe a table, the table itself first."""
    entity = f"EntityDefinitions(LogicalName='{logical_name}')"
    casts = [
        f"{entity}/Attributes/Microsoft.Dynamics.CRM.{kind}AttributeMetadata?$select={select}"
        for kind, select in _CASTS.items()
    ]
    choices = [
        f"{entity}/Attributes/Microsoft.Dynamics.CRM.{kind}AttributeMetadata?$select=LogicalName"
        f"&$expand=OptionSet($select=Options){_GLOBAL if kind == 'Picklist' else ''}"
        for kind in _OPTION_CASTS
    ]
    return (
        f"{entity}?$select=LogicalName,SchemaName,EntitySetName,PrimaryIdAttribute,PrimaryNameAttribute,"
        "ChangeTrackingEnabled,OwnershipType,ObjectTypeCode",
        f"{entity}/Keys?$select=LogicalName,SchemaName,KeyAttributes,EntityKeyIndexStatus",
        f"{entity}/ManyToOneRelationships?$select=ReferencingAttribute,ReferencedEntity,"
        "ReferencingEntityNavigationPropertyName",
        f"{entity}/Attributes?$select={_BASE}",
        *casts,
        *choices,
    )


def table_of(answers: Sequence[Mapping[str, Any]]) -> Table:
    """Build a table from the answers to `questions`, in their order."""
    entity, keys, relations, base, *details = answers
    extra: dict[str, Mapping[str, Any]] = {
        row["LogicalName"]: row for answer in details for row in answer["value"]
    }
    navigation = _navigation(relations["value"])
    columns = [_column(row, extra.get(row["LogicalName"], {}), navigation) for row in _served(base["value"])]
    return Table(
        name=entity["LogicalName"],
        set_name=entity["EntitySetName"],
        id_column=entity["PrimaryIdAttribute"],
        name_column=entity.get("PrimaryNameAttribute") or "",
        schema_name=entity["SchemaName"],
        tracked=bool(entity.get("ChangeTrackingEnabled")),
        columns={column.name: column for column in columns},
        keys=tuple(
            AlternateKey(row["LogicalName"], tuple(row["KeyAttributes"]), row["EntityKeyIndexStatus"])
            for row in keys["value"]
        ),
        ownership=str(entity.get("OwnershipType") or ""),
        type_code=int(entity.get("ObjectTypeCode") or 0),
    )


def _served(rows: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for row in rows:
        if (
            row["AttributeType"] not in UNSERVED
            and not row.get("AttributeOf")
            and row.get("IsValidForRead", True)
        ):
            yield row


def _navigation(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Mapping[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        targets = found.setdefault(row["ReferencingAttribute"], {})
        targets[row["ReferencedEntity"]] = row["ReferencingEntityNavigationPropertyName"]
    return found


def _column(
    row: Mapping[str, Any], extra: Mapping[str, Any], navigation: Mapping[str, Mapping[str, str]]
) -> Column:
    name = row["LogicalName"]
    secured = bool(row.get("IsSecured"))
    return Column(
        name=name,
        type=row["AttributeType"],
        schema_name=row.get("SchemaName") or name,
        length=extra.get("MaxLength"),
        precision=_precision(extra),
        minimum=_decimal(extra.get("MinValue")),
        maximum=_decimal(extra.get("MaxValue")),
        required=_managed(row.get("RequiredLevel")),
        options=_options(extra.get("OptionSet") or extra.get("GlobalOptionSet")),
        navigation=navigation.get(name, {}),
        creatable=bool(row.get("IsValidForCreate", True)),
        updatable=bool(row.get("IsValidForUpdate", True)),
        readable=not secured,
        secured=secured,
        day=_behavior(extra) == "DateOnly",
        zoned=_behavior(extra) != "TimeZoneIndependent",
        id=str(row.get("MetadataId") or "").lower(),
        statuses=_default_statuses(extra.get("OptionSet")) if row["AttributeType"] == "State" else {},
    )


def granted(table: Table, privileges: Sequence[Mapping[str, Any]]) -> Table:
    """Return the table with its secured columns as the caller's field permissions open them.

    `privileges` are AttributePrivileges of RetrievePrincipalAttributePrivileges (Web API reference, AttributePrivilege
    ComplexType); 4 is "allowed", as in the field permission table.
    """
    by_id = {str(one.get("AttributeId") or "").lower(): one for one in privileges}
    columns = dict(table.columns)
    for name, column in table.columns.items():
        may = by_id.get(column.id, {})
        if column.secured and may.get("CanRead") == ALLOWED:
            columns[name] = replace(
                column,
                readable=True,
                creatable=column.creatable and may.get("CanCreate") == ALLOWED,
                updatable=column.updatable and may.get("CanUpdate") == ALLOWED,
            )
    return replace(table, columns=columns)


def _decimal(number: object) -> Decimal | None:
    return None if number is None else Decimal(str(number))


def _precision(extra: Mapping[str, Any]) -> int | None:
    """Return the decimals that a number column surely keeps.

    Money may take its decimals from the record's currency (PrecisionSource 2, MoneyAttributeMetadata), and Dataverse
    rounds what has more. Which currency a record will have is not known here; two decimals are assumed to be kept by all.
    """
    precision = extra.get("Precision")
    if precision is None or extra.get("PrecisionSource") != _OF_CURRENCY:
        return precision
    return min(int(precision), _DECIMALS_OF_CURRENCIES)


def _behavior(extra: Mapping[str, Any]) -> str:
    # The format says only what people are shown: a UserLocal column of DateOnly format still carries a moment; only
    # DateOnly behaviour carries a day, and TimeZoneIndependent carries a Z that means nothing (Configure the behavior
    # and format of the date and time column page).
    return _managed(extra.get("DateTimeBehavior"))


def _managed(value: Mapping[str, Any] | None) -> str:
    return str(value.get("Value") or "None") if value else "None"


def label_of(label: Mapping[str, Any] | None) -> str:
    """Return the caller's own label of a Label value with blanks evened out, or "" if there is none."""
    if not label:
        return ""
    localized: Sequence[Mapping[str, Any]] = label.get("LocalizedLabels") or ()
    own: Mapping[str, Any] | None = label.get("UserLocalizedLabel") or next(iter(localized), None)
    return " ".join(str(own.get("Label") or "").split()) if own else ""


def _default_statuses(option_set: Mapping[str, Any] | None) -> Mapping[int, int]:
    """Return the status that each state brings along (StateOptionMetadata.DefaultStatus)."""
    rows: Sequence[Mapping[str, Any]] = option_set.get("Options") or () if option_set else ()
    return {
        int(row["Value"]): int(row["DefaultStatus"]) for row in rows if row.get("DefaultStatus") is not None
    }


def _options(option_set: Mapping[str, Any] | None) -> Mapping[int, str]:
    rows: Sequence[Mapping[str, Any]] = option_set.get("Options") or () if option_set else ()
    return {int(row["Value"]): label_of(row.get("Label")) for row in rows}
