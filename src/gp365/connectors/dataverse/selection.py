"""From the fields asked for to a query and back: what to select, what to expand, and a row as a record of the model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gp365.connectors.dataverse.describe import (
    CONTACT_PREFIX,
    HAS_OPPORTUNITY,
    MASTER,
    MERGED,
    REFERENCE_COLUMN,
    merges,
)
from gp365.connectors.dataverse.metadata import Table
from gp365.connectors.dataverse.principals import CHANGED_BY
from gp365.connectors.dataverse.values import moment, reader
from gp365.model.errors import Misconfigured
from gp365.model.record import Record
from gp365.model.values import Value, digest, pack

CONTACT_LOOKUP = "primarycontactid"
CONTACT_VALUE = f"_{CONTACT_LOOKUP}_value"
CREATED = "createdon"
MODIFIED = "modifiedon"
MODIFIED_BY = "modifiedby"
Read = Callable[[Any], Value]

NOBODY = "00000000-0000-0000-0000-000000000000"
"""The survivor of a merge when it is no more (that its deletion clears the lookup is assumed)."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which columns of one table are read, and how each becomes a value.

    `system` are the columns for key, birth mark, stamp and reference; unreadable columns are left out: absent.
    `people` are the names of users by id, as far as they are known when a row is read.
    """

    table: Table
    readers: Mapping[str, tuple[str, Read]]
    system: tuple[str, ...]
    people: Mapping[str, str] = field(default_factory=dict[str, str])

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
        values = {
            name: None if row[wire] is None else read(row[wire])
            for name, (wire, read) in self.readers.items()
            if wire in row
        }
        if MASTER in values and row.get(MERGED) is False:
            values[MASTER] = None  # whoever made the record active again has undone the merge
        elif MASTER in values and row.get(MERGED) is True and not values[MASTER]:
            values[MASTER] = NOBODY  # the survivor was deleted, and the lookup with it; merged away it stays
        return values

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
            changed_by=self._changed_by(row),
        )

    def _changed_by(self, row: Mapping[str, Any]) -> str:
        id_ = str(row.get(CHANGED_BY) or "").lower()
        return self.people.get(id_, id_)


def selection(
    table: Table, fields: Iterable[str], people: Mapping[str, str] | None = None, also: Iterable[str] = ()
) -> Selection:
    """Return the selection of a table's own fields; Misconfigured("flow-field") for one that it does not have.

    `also` are columns that are read and not shown.
    """
    readers: dict[str, tuple[str, Read]] = {}
    for name in fields:
        column = table.columns.get(name)
        if column is None:
            raise Misconfigured(
                "flow-field", f"Dataverse's table {table.name} has no column {name}", field=name
            )
        if column.readable:
            readers[name] = (column.wire, reader(column))
    system = [CREATED, MODIFIED, MODIFIED_BY, REFERENCE_COLUMN, *also]
    if MASTER in readers and merges(table):
        system.append(MERGED)
    held = [table.columns[name] for name in system if name in table.columns]
    wires = (column.wire for column in held if column.readable)
    return Selection(table, readers, (table.id_column, *wires), {} if people is None else people)


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


def joined_contact(
    contact: Selection, account: Mapping[str, Any], row: Mapping[str, Any] | None
) -> dict[str, Value]:
    """Return the contact's values under the account's names; without a contact all are empty.

    A contact that the account names and that does not come is one that we may not read: its values are absent.
    """
    if row is None:
        return (
            {} if account.get(CONTACT_VALUE) else dict.fromkeys(map(CONTACT_PREFIX.__add__, contact.readers))
        )
    return {CONTACT_PREFIX + name: value for name, value in contact.values(row).items()}
