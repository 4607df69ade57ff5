"""A Dataverse table in the words of the model: fields, write strength, feed, and what is joined onto accounts."""

from __future__ import annotations

from gp365.connectors.dataverse.metadata import LOOKUPS, Column, Table
from gp365.connectors.dataverse.own_files import everything
from gp365.connectors.dataverse.settings import CARD, OWN_PREFIX, Sizes
from gp365.connectors.dataverse.values import NUMBERS
from gp365.model.entity import EntityDescription, Feed, FieldDescription, FieldType, Strength

CONTACT_PREFIX = "primarycontact."
HAS_OPPORTUNITY = "has_opportunity"
REFERENCE_COLUMN = "gp365_reference"
STATE, INACTIVE = "statecode", 1
MASTER, MERGED = "masterid", "merged"

_TYPES = {
    "String": FieldType.TEXT,
    "Memo": FieldType.TEXT,
    "Uniqueidentifier": FieldType.TEXT,
    "Money": FieldType.MONEY,
    "Decimal": FieldType.DECIMAL,
    "Double": FieldType.DECIMAL,
    "Integer": FieldType.INTEGER,
    "BigInt": FieldType.INTEGER,
    "Boolean": FieldType.BOOLEAN,
    "DateTime": FieldType.DATETIME,
    "Picklist": FieldType.OPTION,
    "State": FieldType.OPTION,
    "Status": FieldType.OPTION,
}
_FILLED_BY_PLATFORM = frozenset({"Uniqueidentifier", "Owner", "State", "Status", "Boolean", "BigInt"})
ASIDE = "a query over ids, on a connection of its own"
_NOT_TRACKED = (
    "change tracking is off for this table, or refused to us: changes are polled by modifiedon, deletions are not seen; "
    "`gp365 provision apply` switches tracking on"
)


def own(table: Table) -> bool:
    """Say whether we alone write the table: bulk messages without a version are used only there."""
    if not table.name.startswith(OWN_PREFIX):
        return False
    made = everything().table(table.name)
    return made is None or not made.people


def serves(table: Table, name: str) -> bool:
    """Say whether a field can be asked for: a column of the table, or one joined onto accounts."""
    joined = name.startswith(CONTACT_PREFIX) or name == HAS_OPPORTUNITY
    return name in table.columns or (table.name == "account" and joined)


def description(table: Table, contact: Table | None, sizes: Sizes, lanes: int) -> EntityDescription:
    """Describe a table; `contact` adds the joined fields of an account's primary contact.

    Tables that people edit are versioned (If-Match in every part of a `$batch`). UpdateMultiple ignores
    versions (Microsoft's bulk operations page), so that our own table is read again directly before.
    """
    fields = {column.name: field_of(column) for column in table.columns.values()}
    if contact is not None:
        fields |= {field.name: field for field in _joined(contact)}
    return EntityDescription(
        name=table.name,
        key=(table.id_column,),
        fields=fields,
        strength=Strength.REREAD if own(table) else Strength.VERSIONED,
        feed=Feed.DELTA if table.tracked else Feed.MODIFIED,
        feed_sees_deletions=table.tracked,
        feed_granularity_s=0.0 if table.tracked else 1.0,
        chosen_keys=True,
        reference_field=REFERENCE_COLUMN if REFERENCE_COLUMN in table.columns else "",
        renamable=False,
        longest_reply_s=sizes.longest_reply_s,
        lanes=lanes,
        channel="web-api",
        assumed=() if table.tracked else (_NOT_TRACKED,),
        merged_into=MASTER if merges(table) else "",
        retired=_retired(table),
        aside=ASIDE,
    )


def _retired(table: Table) -> dict[str, int | bool]:
    """Give the state of a deactivated record, where our tables and those of partners have it as 1 (entity references)."""
    state = table.columns.get(STATE)
    known = table.name.startswith(OWN_PREFIX) or table.name in ("account", "contact")
    return {STATE: INACTIVE} if known and state is not None and state.readable and state.updatable else {}


def merges(table: Table) -> bool:
    """Say whether records of the table can be merged: accounts and contacts can (merge-table-rows page).

    `masterid` then holds the surviving record as long as `merged` is true; both are read-only for everybody.
    """
    return all(name in table.columns and table.columns[name].readable for name in (MASTER, MERGED))


def field_of(column: Column) -> FieldDescription:
    """Describe a column; one under column security is unreadable, hence absent from every record."""
    return FieldDescription(
        name=column.name,
        type=_type(column),
        length=column.length,
        required=required(column),
        writable=_writable(column),
        readable=column.readable,
        options=column.options,
        decimals=column.precision if column.type in NUMBERS else None,
        minimum=column.minimum,
        maximum=column.maximum,
        target=_target(column),
        zoned=column.zoned,
        secured=column.secured,
    )


def _type(column: Column) -> FieldType:
    if column.type in LOOKUPS:
        return FieldType.REFERENCE
    if column.type == "DateTime" and column.day:
        return FieldType.DATE
    return _TYPES.get(column.type, FieldType.TEXT)


def required(column: Column) -> bool:
    """Say whether a new record must bring a value for the column."""
    # SystemRequired columns are mostly filled by the platform itself: owner, state, ids, flags with a default.
    if not column.creatable or column.type in _FILLED_BY_PLATFORM:
        return False
    return column.required in ("ApplicationRequired", "SystemRequired")


def _writable(column: Column) -> str:
    if not column.readable:
        return "never"  # what may be written and not read cannot be kept in step
    if column.creatable and column.updatable:
        return "both"
    return "create" if column.creatable else "update" if column.updatable else "never"


def _target(column: Column) -> str:
    return "account" if "account" in column.navigation else next(iter(column.navigation), "")


def _joined(contact: Table) -> list[FieldDescription]:
    joined = [
        FieldDescription(
            name=CONTACT_PREFIX + column.name,
            type=_type(column),
            length=column.length,
            writable="never",
            readable=column.readable,
            options=column.options,
            decimals=column.precision if column.type in NUMBERS else None,
            target=_target(column),
            zoned=column.zoned,
            secured=column.secured,
        )
        for column in contact.columns.values()
    ]
    return [*joined, FieldDescription(HAS_OPPORTUNITY, FieldType.BOOLEAN, writable="never")]


def entity_names() -> tuple[str, ...]:
    """Name the tables that the shipped flows use; any other table is described by its logical name too."""
    return ("account", "contact", CARD)
