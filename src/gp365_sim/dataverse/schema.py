"""The metadata of an organisation: tables, columns, options, keys and relationships, as values that provisioning changes."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

LOOKUP_TYPES = frozenset({"Lookup", "Customer", "Owner"})
OPTION_TYPES = frozenset({"Picklist", "State", "Status"})
NUMBER_TYPES = frozenset({"Decimal", "Money", "Double"})

# Every row points at its users, unit and currency; nobody asks who points at those, so these links are not kept.
UNLINKED = frozenset({"systemuser", "team", "businessunit", "transactioncurrency", "organization"})

# Names of relationships that callers spell out; the others follow `<referenced>_<referencing>_<column>` (assumed).
KNOWN_RELATIONSHIPS = {
    ("contact", "parentcustomerid", "account"): "contact_customer_accounts",
    ("contact", "parentcustomerid", "contact"): "contact_customer_contacts",
    ("account", "primarycontactid", "contact"): "account_primary_contact",
    ("account", "parentaccountid", "account"): "account_parent_account",
    ("opportunity", "customerid", "account"): "opportunity_customer_accounts",
    ("opportunity", "customerid", "contact"): "opportunity_customer_contacts",
    ("solution", "publisherid", "publisher"): "publisher_solution",
    ("sdkmessagefilter", "sdkmessageid", "sdkmessage"): "sdkmessageid_sdkmessagefilter",
    ("invoicedetail", "invoiceid", "invoice"): "invoice_details",
    (
        "sdkmessageprocessingstep",
        "eventhandler",
        "serviceendpoint",
    ): "serviceendpoint_sdkmessageprocessingstep",
    (
        "sdkmessageprocessingstepimage",
        "sdkmessageprocessingstepid",
        "sdkmessageprocessingstep",
    ): "sdkmessageprocessingstepid_sdkmessageprocessingstepimage",
}
KNOWN_DELETES = {
    "invoice_details": "Cascade",
    "contact_customer_accounts": "Cascade",
    "contact_customer_contacts": "Cascade",
    "publisher_solution": "Restrict",
    # What hangs on a webhook goes with it (assumed).
    "serviceendpoint_sdkmessageprocessingstep": "Cascade",
    "sdkmessageprocessingstepid_sdkmessageprocessingstepimage": "Cascade",
}
# Relationships whose children get the new owner of their parent (that these are parental is assumed).
KNOWN_ASSIGNS = frozenset(
    {
        "account_parent_account",
        "contact_customer_accounts",
        "contact_customer_contacts",
        "opportunity_customer_accounts",
        "opportunity_customer_contacts",
    }
)
# Tables whose rows can be merged (merge-entity-using-web-api.md); an incident is not among our tables.
MERGEABLE = frozenset({"account", "contact", "lead"})


@cache
def metadata_id(*names: str) -> str:
    """Give the MetadataId of a definition: the same in every start of the simulator."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "gp365-sim/" + "/".join(names)))


@dataclass(frozen=True)
class Option:
    """One value of a choice; `state` is set on the values of a status column."""

    value: int
    label: str
    state: int | None = None


@dataclass(frozen=True)
class Column:
    """One attribute. `extra` holds what a definition carried that the simulator only has to give back."""

    name: str
    type: str
    schema_name: str
    label: str
    id: str
    max_length: int | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    precision: int | None = None
    precision_source: int = 2
    required: str = "None"
    format: str = ""
    behavior: str = ""
    options: tuple[Option, ...] = ()
    targets: tuple[str, ...] = ()
    navigation: Mapping[str, str] = field(default_factory=dict[str, str])
    for_create: bool = True
    for_update: bool = True
    for_read: bool = True
    secured: bool = False
    custom: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def wire(self) -> str:
        """Give the name under which a row carries the value."""
        return f"_{self.name}_value" if self.type in LOOKUP_TYPES else self.name

    @property
    def date_only(self) -> bool:
        """Tell whether values are days (Edm.Date); a column of another behavior may still be shown as a day."""
        return self.behavior == "DateOnly"

    def option(self, value: object) -> Option | None:
        return next((o for o in self.options if o.value == value), None)


@dataclass(frozen=True)
class Key:
    """An alternate key; the index is built by a job that ends at `active_at` and may fail on doubled values."""

    name: str
    schema_name: str
    label: str
    columns: tuple[str, ...]
    id: str
    active_at: datetime
    failed: bool = False


@dataclass(frozen=True)
class Relationship:
    """One side N, one side 1: `referencing.column` points at `referenced`."""

    id: str
    schema_name: str
    referenced: str
    referencing: str
    column: str
    navigation: str
    collection: str
    on_delete: str = "RemoveLink"
    on_assign: str = "NoCascade"
    on_merge: str = "NoCascade"
    custom: bool = False


@dataclass
class Table:
    """One entity with its columns by logical name; `reindex` after every change of them."""

    name: str
    schema_name: str
    set_name: str
    id_column: str
    name_column: str | None
    id: str
    type_code: int
    label: str
    collection_label: str
    ownership: str = "UserOwned"
    custom: bool = False
    tracked: bool = False
    can_be_tracked: bool = True
    columns: dict[str, Column] = field(default_factory=dict[str, Column])
    keys: dict[str, Key] = field(default_factory=dict[str, Key])
    extra: dict[str, Any] = field(default_factory=dict[str, Any])
    wire: dict[str, Column] = field(default_factory=dict[str, Column])
    navigation: dict[str, tuple[Column, tuple[str, ...]]] = field(
        default_factory=dict[str, tuple[Column, tuple[str, ...]]]
    )
    by_lower: dict[str, str] = field(default_factory=dict[str, str])
    money: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    linked: tuple[str, ...] = ()
    required: tuple[str, ...] = ()

    def reindex(self) -> None:
        """Rebuild what is derived from the columns."""
        columns = self.columns.values()
        self.wire = {c.wire: c for c in columns}
        self.navigation = {
            nav: (c, tuple(t for t, n in c.navigation.items() if n == nav))
            for c in columns
            for nav in c.navigation.values()
        }
        self.by_lower = {n.lower(): n for n in (*self.navigation, *self.columns)}
        self.money = tuple(c.name for c in columns if c.type == "Money" and not c.name.endswith("_base"))
        self.flags = tuple(c.name for c in columns if c.type == "Boolean")
        self.required = tuple(c.wire for c in columns if c.required == "SystemRequired" and c.for_create)
        self.linked = tuple(
            c.wire for c in columns if c.type in LOOKUP_TYPES and not UNLINKED.issuperset(c.targets)
        )


class Schema:
    """Every table of the organisation, by logical name and by set name, and the relationships between them."""

    def __init__(self) -> None:
        self.tables: dict[str, Table] = {}
        self.sets: dict[str, Table] = {}
        self.relationships: dict[str, Relationship] = {}

    def add(self, table: Table) -> None:
        """Take a table with its lookups into the organisation."""
        table.reindex()
        self.tables[table.name] = table
        self.sets[table.set_name] = table
        for column in table.columns.values():
            self.relate(table, column)

    def relate(self, table: Table, column: Column) -> None:
        """Make the relationships of a lookup that has none yet."""
        if column.type not in LOOKUP_TYPES:
            return
        for target in column.targets:
            known = KNOWN_RELATIONSHIPS.get((table.name, column.name, target))
            name = known or f"{target}_{table.name}_{column.name}"
            self.relationships.setdefault(
                name,
                Relationship(
                    id=metadata_id("relationship", name),
                    schema_name=name,
                    referenced=target,
                    referencing=table.name,
                    column=column.name,
                    navigation=column.navigation.get(target, column.name),
                    collection=name,
                    on_delete=KNOWN_DELETES.get(name, "RemoveLink"),
                    on_assign="Cascade" if name in KNOWN_ASSIGNS else "NoCascade",
                    on_merge="Cascade" if target in MERGEABLE and column.name != "masterid" else "NoCascade",
                ),
            )

    def copied(self) -> Schema:
        """Give a schema of its own with the same definitions."""
        other = Schema()
        other.relationships = dict(self.relationships)
        for table in self.tables.values():
            twin = replace(table, columns=dict(table.columns), keys=dict(table.keys), extra=dict(table.extra))
            twin.reindex()
            other.tables[twin.name] = other.sets[twin.set_name] = twin
        return other

    def remove(self, table: Table) -> None:
        """Drop a table and every relationship that starts from it."""
        del self.tables[table.name], self.sets[table.set_name]
        self.relationships = {n: r for n, r in self.relationships.items() if r.referencing != table.name}

    def pointing_at(self, table: str) -> Iterator[Relationship]:
        return (r for r in self.relationships.values() if r.referenced == table)

    def collections(self, table: str) -> dict[str, Relationship]:
        """Give the collection-valued navigation properties of a table."""
        return {r.collection: r for r in self.pointing_at(table)}
