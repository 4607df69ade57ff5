"""From the fields asked for to a query and back: what to select, what to expand, and a row as a record of the model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gp365.connectors.dataverse.describe import CONTACT_PREFIX, HAS_OPPORTUNITY, REFERENCE_COLUMN
from gp365.connectors.dataverse.metadata import Table
from gp365.connectors.dataverse.values import moment, reader
from gp365.model.errors import Misconfigured
from gp365.model.record import Record
from gp365.model.values import Value, digest, pack

CONTACT_LOOKUP = "primarycontactid"
CREATED = "createdon"
MODIFIED = "modifiedon"
Read = Callable[[Any], Value]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which columns of one table are read, and how each becomes a value.

    `system` are the columns for key, birth mark, stamp and reference; secured columns are left out: absent.
    """

    table: Table
    readers: Mapping[str, tuple[str, Read]]
    system: tuple[str, ...]

    @property
    def select(self) -> str:
        """The $select list: a lookup under its value's name, every column once."""
        return ",".join(self.columns)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns by their names in a row."""
        return tuple(dict.fromkeys((*self.system, *(wire for wire, _ in self.readers.values()))))

    def values(self, row: Mapping[str, Any]) -> dict[str, Value]:
        """Return the fields' values; a column that the row lacks is absent."""
        return {
            name: None if row[wire] is None else read(row[wire])
            for name, (wire, read) in self.readers.items()
            if wire in row
        }

    def id_of(self, row: Mapping[str, Any]) -> str:
        """Return the row's GUID in lower case."""
        return str(row[self.table.id_column]).lower()

    def birth(self, row: Mapping[str, Any]) -> str:
        """Return the birth mark: GUID and creation stamp."""
        return f"{self.id_of(row)} {row.get(CREATED) or ''}".strip()

    def record(self, row: Mapping[str, Any], more: Mapping[str, Value] | None = None) -> Record:
        """Return the row as a record, with joined values if there are any."""
        values = self.values(row)
        return Record(
            key=(self.id_of(row),),
            values={**values, **(more or {})},
            version=str(row.get("@odata.etag") or ""),
            birth=self.birth(row),
            reference=str(row.get(REFERENCE_COLUMN) or ""),
            stamp=moment(row[MODIFIED]) if row.get(MODIFIED) else None,
        )


def selection(table: Table, fields: Iterable[str]) -> Selection:
    """Return the selection of a table's own fields; Misconfigured("flow-field") for one that it does not have."""
    readers: dict[str, tuple[str, Read]] = {}
    for name in fields:
        column = table.columns.get(name)
        if column is None:
            raise Misconfigured(
                "flow-field", f"Dataverse's table {table.name} has no column {name}", field=name
            )
        if column.readable:
            readers[name] = (column.wire, reader(column))
    system = (CREATED, MODIFIED, REFERENCE_COLUMN)
    held = tuple(name for name in system if name in table.columns and table.columns[name].readable)
    return Selection(table, readers, (table.id_column, *held))


@dataclass(frozen=True, slots=True)
class Asked:
    """The fields asked for, apart: the table's own, its primary contact's, and whether opportunities matter."""

    own: tuple[str, ...]
    contact: tuple[str, ...]
    opportunity: bool

    @property
    def joined(self) -> bool:
        """Say whether anything of another table is asked for."""
        return bool(self.contact) or self.opportunity

    @property
    def digest(self) -> str:
        """A digest of the fields: a delta link knows only those that it was begun with."""
        return digest(
            pack({"own": sorted(self.own), "contact": sorted(self.contact), "opp": self.opportunity})
        )


def asked(entity: str, fields: Sequence[str]) -> Asked:
    """Take the fields asked for apart; only accounts have joined ones."""
    if entity != "account":
        return Asked(tuple(dict.fromkeys(fields)), (), opportunity=False)
    contact = tuple(name.removeprefix(CONTACT_PREFIX) for name in fields if name.startswith(CONTACT_PREFIX))
    own = [name for name in fields if not name.startswith(CONTACT_PREFIX) and name != HAS_OPPORTUNITY]
    return Asked(tuple(dict.fromkeys(own)), tuple(dict.fromkeys(contact)), HAS_OPPORTUNITY in fields)


def joined_contact(contact: Selection, row: Mapping[str, Any] | None) -> dict[str, Value]:
    """Return the contact's values under the account's names; without a contact all are empty."""
    values = contact.values(row) if row is not None else dict.fromkeys(contact.readers)
    return {CONTACT_PREFIX + name: value for name, value in values.items()}
