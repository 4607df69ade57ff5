"""The organisation as the control door sees it: tables by set name, rows by GUID, edits as a user of the organisation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from gp365_sim.core.world import NoSuchTable, Refused
from gp365_sim.core.world import Row as PlainRow

from . import refusal
from .organisation import TARGET_SUFFIX, Organisation
from .payload import point, read_payload
from .platform import PERSON
from .records import create, delete, update
from .schema import LOOKUP_TYPES, NUMBER_TYPES, Table
from .store import Row
from .values import as_guid


class DataverseWorld:
    """Rows of the organisation for the control door; a person named Sam Seller is the one who edits."""

    def __init__(self, org: Organisation, reset: Callable[[], None]) -> None:
        self._org = org
        self._reset = reset

    def rows(self, table: str) -> list[PlainRow]:
        """Return every stored row of a set, in the order of ids."""
        found = self._table(table)
        return [dict(self._org.store.rows[found.name][i]) for i in self._org.store.ordered_ids(found.name)]

    def row(self, table: str, key: str) -> PlainRow | None:
        """Return one stored row, or None."""
        found = self._table(table)
        row = self._org.store.find(found.name, _guid(key))
        return None if row is None else dict(row)

    def put(self, table: str, key: str, values: Mapping[str, object]) -> PlainRow:
        """Create or change a row as a person would in the app.

        Values are plain JSON by wire name (`name`, `_primarycontactid_value` or the bind form); numbers of money and decimal
        columns may come as text. Raises Refused with the refusal of Dataverse.
        """
        found, row_id = self._table(table), _guid(key)
        try:
            with self._org.store.atomic():
                return dict(self._put(found, row_id, values))
        except refusal.Refusal as no:
            raise _refused(no) from no

    def _put(self, table: Table, row_id: str, values: Mapping[str, object]) -> Row:
        plain = _plain(table, values)
        old = self._org.store.find(table.name, row_id)
        if old is None:
            first = {k: v for k, v in plain.items() if k not in table.columns or table.columns[k].for_create}
            row = create(
                self._org, PERSON, table, {**self._read(table, first, True), table.id_column: row_id}
            )
            later = {k: v for k, v in plain.items() if k not in first}
            if not later:
                return row
            old, plain = row, later
        return update(self._org, PERSON, table, old, self._read(table, plain, False))

    def _read(self, table: Table, values: Mapping[str, Any], creating: bool) -> Row:
        lookups = {k: v for k, v in values.items() if k in table.wire and table.wire[k].type in LOOKUP_TYPES}
        rest = {k: v for k, v in values.items() if k not in lookups and not k.endswith(TARGET_SUFFIX)}
        row = read_payload(self._org, table, rest, creating=creating)
        for wire, value in lookups.items():
            column = table.wire[wire]
            target = values.get(wire + TARGET_SUFFIX) or self._holder(column.targets, value)
            if value is not None and self._org.store.find(str(target), _guid(str(value))) is None:
                raise refusal.not_found(str(target), str(value))
            point(
                row,
                column,
                None if value is None else str(target),
                None if value is None else _guid(str(value)),
            )
        return row

    def _holder(self, targets: tuple[str, ...], value: object) -> str:
        """Find which table a polymorphic lookup means by looking where the id is."""
        rows = self._org.store.rows
        return next((t for t in targets if str(value).lower() in rows.get(t, {})), targets[0])

    def delete(self, table: str, key: str) -> PlainRow:
        """Delete a row as a person would and return what it held."""
        found, row_id = self._table(table), _guid(key)
        try:
            row = self._org.store.get(found.name, row_id)
            delete(self._org, PERSON, found, row_id)
        except refusal.Refusal as no:
            raise _refused(no) from no
        return dict(row)

    def reset(self) -> None:
        """Put samples and first metadata back; version numbers go on."""
        self._reset()

    def _table(self, set_name: str) -> Table:
        table = self._org.table_of_set(set_name) or self._org.schema.tables.get(set_name)
        if table is None:
            raise NoSuchTable(set_name)
        return table


def _guid(key: str) -> str:
    guid = as_guid(key)
    if guid is None:
        raise ValueError(f"'{key}' is no GUID")
    return guid


def _refused(no: refusal.Refusal) -> Refused:
    return Refused(no.status, {"error": {"code": no.code, "message": no.message}})


def _plain(table: Table, values: Mapping[str, object]) -> dict[str, Any]:
    """Give values as a payload would bring them."""
    out: dict[str, Any] = {}
    for name, value in values.items():
        column = table.columns.get(name)
        if isinstance(value, datetime | date):
            out[name] = value.isoformat()
        elif column is not None and column.type in NUMBER_TYPES and isinstance(value, str | float):
            out[name] = Decimal(str(value))
        else:
            out[name] = value
    return out
