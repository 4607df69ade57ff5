"""What a caller's roles leave out: rows of others, columns under column security.

Sources: security-concepts.md (access by owner and business unit), column-level-security.md and the error codes page
(0x8004f502, 0x8004f504, 0x8004f507, status 403 after compose-http-requests-handle-errors.md),
use-change-tracking-synchronize-data-external-systems.md (tracking needs Read of the whole organisation). That reading
one row without access to it gives 403 0x80048306 is recorded by several public projects; that people of the
organisation see every row here is a simplification.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gp365_sim.identity.tokens import Caller

from . import refusal
from .organisation import TARGET_SUFFIX, Organisation, Unseen
from .schema import LOOKUP_TYPES, Column, Table
from .store import Row

SECURED_ROLE = "secured"
NOT_ALLOWED, ALLOWED = 0, 4


@dataclass(frozen=True)
class Sight:
    """Which rows one caller reaches; make one per request."""

    unseen: tuple[Unseen, ...]

    def reaches(self, table: Table, row: Row) -> bool:
        """Tell whether the caller has access to a row; tables without owners are open to all."""
        return (
            not self.unseen
            or "ownerid" not in table.columns
            or not any(u.covers(table, row) for u in self.unseen)
        )

    def keep(self, table: Table) -> Callable[[Row], bool] | None:
        """Give a test that keeps the rows of a table that the caller reaches; None where that is all."""
        if not self.unseen or "ownerid" not in table.columns:
            return None
        return lambda row: self.reaches(table, row)


def sight_of(org: Organisation, caller: Caller) -> Sight:
    """Give what a caller reaches; a person reaches everything."""
    if not org.unseen or not caller.client_id:
        return Sight(())
    return Sight(tuple(u for u in org.unseen if u.client in ("", caller.client_id)))


def check_access(org: Organisation, caller: Caller, table: Table, row: Row, right: str) -> None:
    """Refuse what the caller may not do with a row (`right` is a word such as WriteAccess)."""
    if not sight_of(org, caller).reaches(table, row):
        raise refusal.no_access(caller.user_id, right, table.name, row[table.id_column])


def check_targets(org: Organisation, caller: Caller, table: Table, values: Row) -> None:
    """Refuse to point at rows that the caller does not reach."""
    sight = sight_of(org, caller)
    if not sight.unseen:
        return
    for wire, value in values.items():
        column = table.wire.get(wire)
        if column is None or column.type not in LOOKUP_TYPES or value is None:
            continue
        target = org.schema.tables[str(values.get(wire + TARGET_SUFFIX) or column.targets[0])]
        row = org.store.find(target.name, value)
        if row is not None and not sight.reaches(target, row):
            raise refusal.no_access(caller.user_id, "AppendToAccess", target.name, value)


def check_whole_table(org: Organisation, caller: Caller, table: Table) -> None:
    """Refuse change tracking to a caller who does not read the whole table."""
    if sight_of(org, caller).keep(table) is not None:
        raise refusal.denied(caller.user_id, f"prvRead{table.name} (organization)")


def may_read(caller: Caller, column: Column) -> bool:
    """Tell whether a column's values are shown to this caller; a secured one needs the profile, some nobody reads."""
    return column.for_read and (not column.secured or SECURED_ROLE in caller.roles)


def check_secured(caller: Caller, table: Table, wires: Iterable[str], *, creating: bool) -> None:
    """Refuse a value for a secured column from a caller without the profile."""
    for wire in wires:
        column = table.wire.get(wire)
        if column is not None and column.secured and SECURED_ROLE not in caller.roles:
            raise refusal.secured_column(creating=creating)


def attribute_privileges(org: Organisation, user_roles: Iterable[str]) -> list[dict[str, object]]:
    """Give what a user may do with each secured column, as values of the field permission table (0 or 4)."""
    may = ALLOWED if SECURED_ROLE in set(user_roles) else NOT_ALLOWED
    return [
        {"AttributeId": column.id, "CanRead": may, "CanCreate": may, "CanUpdate": may}
        for table in org.schema.tables.values()
        for column in table.columns.values()
        if column.secured
    ]
