"""Turns a parsed `$filter` into a test of rows, with the comparison rules of the database."""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from . import refusal
from .expression import Any as AnyOf
from .expression import Compare, In, Literal, Logic, Node, Not, Path, Text
from .fold import fold
from .organisation import TARGET_SUFFIX, Organisation
from .schema import LOOKUP_TYPES, NUMBER_TYPES, OPTION_TYPES, Column, Table
from .store import Row
from .values import as_guid, day_text, time_text

Test = Callable[[Row], bool]
Getter = Callable[[Row], Any]

_ORDERING: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_TEXTUAL: dict[str, Callable[[str, str], bool]] = {
    "contains": operator.contains,
    "startswith": str.startswith,
    "endswith": str.endswith,
}
_WHOLE = frozenset({"Integer", "BigInt"}) | OPTION_TYPES
_IDS = LOOKUP_TYPES | {"Uniqueidentifier"}


def row_test(org: Organisation, table: Table, node: Node) -> Test:
    """Give a function that tells whether a row of the table satisfies the filter; raises 400 for unknown names."""
    return _Compiler(org).test(table, node, "")


def property_getter(org: Organisation, table: Table, path: Path) -> tuple[Column, Getter]:
    """Give the column at the end of a path and a function that reads it from a row (None where a link is empty)."""
    *steps, last = path.parts
    getters: list[Callable[[Row], Row | None]] = []
    for step in steps:
        table, getter = _step(org, table, step)
        getters.append(getter)
    column = column_of(table, last)
    wire = column.wire

    def read(row: Row) -> Any:
        here: Row | None = row
        for getter in getters:
            if here is None:
                return None
            here = getter(here)
        return None if here is None else here.get(wire)

    return column, (read if getters else lambda row: row.get(wire))


def column_of(table: Table, name: str) -> Column:
    """Give the column that a query names; raises 400 as OData does for an undeclared one."""
    column = table.wire.get(name)
    if column is None:
        raise refusal.bad_request(
            f"Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.{table.name}'."
        )
    return column


def _step(org: Organisation, table: Table, name: str) -> tuple[Table, Callable[[Row], Row | None]]:
    entry = table.navigation.get(name)
    if entry is None:
        raise refusal.bad_request(
            f"Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.{table.name}'."
        )
    column, targets = entry
    target, wire, marked = targets[0], column.wire, len(column.targets) > 1
    rows = org.store.rows[target]

    def follow(row: Row) -> Row | None:
        if marked and row.get(wire + TARGET_SUFFIX) != target:
            return None
        row_id = row.get(wire)
        return None if row_id is None else rows.get(row_id)

    return org.schema.tables[target], follow


class _Compiler:
    def __init__(self, org: Organisation) -> None:
        self.org = org

    def test(self, table: Table, node: Node, variable: str) -> Test:
        if isinstance(node, Logic):
            return self._logic(node.word, [self.test(table, p, variable) for p in node.parts])
        if isinstance(node, Not):
            inner = self.test(table, node.part, variable)
            return lambda row: not inner(row)
        if isinstance(node, Compare):
            return self._compare(table, node, variable)
        if isinstance(node, Text):
            return self._text(table, node, variable)
        if isinstance(node, In):
            return self._membership(table, node)
        if isinstance(node, AnyOf):
            return self._any(table, node, variable)
        return self._flag(table, node, variable)

    def _logic(self, word: str, tests: list[Test]) -> Test:
        if word == "and":
            return lambda row: all(t(row) for t in tests)
        return lambda row: any(t(row) for t in tests)

    def _getter(self, table: Table, path: Path, variable: str) -> tuple[Column, Getter]:
        parts = path.parts[1:] if variable and path.parts[0] == variable else path.parts
        return property_getter(self.org, table, Path(parts))

    def _flag(self, table: Table, path: Path, variable: str) -> Test:
        column, get = self._getter(table, path, variable)
        if column.type != "Boolean":
            raise _incompatible(column, "Edm.Boolean")
        return lambda row: bool(get(row))

    def _compare(self, table: Table, node: Compare, variable: str) -> Test:
        left, right, sign = node.left, node.right, node.operator
        if isinstance(left, Literal) and isinstance(right, Path):
            left, right = right, left
            sign = {"gt": "lt", "ge": "le", "lt": "gt", "le": "ge"}.get(sign, sign)
        if not isinstance(left, Path):
            raise refusal.not_modelled("a comparison of two constants")
        column, get = self._getter(table, left, variable)
        if isinstance(right, Path):
            return self._columns(get, sign, self._getter(table, right, variable)[1])
        return _comparison(
            get, sign, _comparable(column, right), column.type in {"String", "Memo", "EntityName"}
        )

    def _columns(self, left: Getter, sign: str, right: Getter) -> Test:
        if sign in {"eq", "ne"}:
            return lambda row: (_plain(left(row)) == _plain(right(row))) == (sign == "eq")
        order = _ORDERING[sign]
        return lambda row: (
            left(row) is not None and right(row) is not None and order(_plain(left(row)), _plain(right(row)))
        )

    def _text(self, table: Table, node: Text, variable: str) -> Test:
        column, get = self._getter(table, node.subject, variable)
        if column.type not in {"String", "Memo", "EntityName"} or not isinstance(node.sought.value, str):
            raise _incompatible(column, "Edm.String")
        sought, function = fold(node.sought.value + "|")[:-1], _TEXTUAL[node.function]
        return lambda row: (value := get(row)) is not None and function(fold(value), sought)

    def _membership(self, table: Table, node: In) -> Test:
        column, get = property_getter(self.org, table, node.subject)
        wanted = {_comparable(column, _as_literal(column, v)) for v in node.values}
        if column.type in {"String", "Memo", "EntityName"}:
            return lambda row: ((value := get(row)) is not None and fold(value) in wanted) != node.negated
        return lambda row: (get(row) in wanted) != node.negated

    def _any(self, table: Table, node: AnyOf, variable: str) -> Test:
        parts = node.collection.parts
        name = parts[-1] if len(parts) == 1 or parts[0] == variable else None
        relationship = self.org.schema.collections(table.name).get(name or "")
        if relationship is None:
            raise refusal.not_modelled(f"any() over '{'/'.join(parts)}'")
        other = self.org.schema.tables[relationship.referencing]
        wire, store = other.columns[relationship.column].wire, self.org.store
        inner = self.test(other, node.condition, node.variable) if node.condition is not None else None

        def found(row: Row) -> bool:
            for other_name, other_id, other_wire in store.pointing_at(row[table.id_column]):
                if other_name == other.name and other_wire == wire:
                    candidate = store.find(other.name, other_id)
                    if candidate is not None and (inner is None or inner(candidate)):
                        return True
            return False

        return found


def _comparison(get: Getter, sign: str, wanted: Any, textual: bool) -> Test:
    if wanted is None:
        if sign not in {"eq", "ne"}:
            return lambda row: False
        return lambda row: (get(row) is None) == (sign == "eq")
    if sign in {"eq", "ne"}:
        # `ne` finds empty columns too: the platform asks for "<> value OR IS NULL" (assumed).
        same = sign == "eq"
        if textual:
            return lambda row: ((value := get(row)) is not None and fold(value) == wanted) == same
        return lambda row: (get(row) == wanted) == same
    order = _ORDERING[sign]
    if textual:
        return lambda row: (value := get(row)) is not None and order(fold(value), wanted)
    return lambda row: (value := get(row)) is not None and order(value, wanted)


def _plain(value: Any) -> Any:
    return fold(value) if isinstance(value, str) else value


def _comparable(column: Column, literal: Literal) -> Any:
    """Give a constant in the form in which the column's values are compared; raises 400 where types do not fit."""
    value, kind = literal.value, literal.kind
    if value is None:
        return None
    if column.type in _IDS and kind in {"guid", "text"} and isinstance(value, str):
        guid = as_guid(value)
        if guid:
            return guid
    elif column.type == "DateTime" and kind in {"time", "text"}:
        return _moment(column, str(value))
    elif (
        (column.type in _WHOLE and kind == "number" and isinstance(value, int))
        or (column.type in NUMBER_TYPES and kind == "number")
        or (column.type == "Boolean" and kind == "flag")
    ):
        return value
    elif column.type in {"String", "Memo", "EntityName"} and kind == "text":
        return fold(str(value))
    raise _incompatible(column, f"a {kind} value")


def _moment(column: Column, text: str) -> str:
    try:
        return day_text(text[:10]) if column.date_only else time_text(text)
    except ValueError:
        raise _incompatible(column, f"'{text}'") from None


def _as_literal(column: Column, text: str) -> Literal:
    """Read a value of In(…), which always comes as text, by the type of its column."""
    try:
        if column.type in _WHOLE:
            return Literal(int(text), "number")
        if column.type in NUMBER_TYPES:
            return Literal(Decimal(text), "number")
    except (ValueError, InvalidOperation):
        raise _incompatible(column, f"'{text}'") from None
    if column.type == "Boolean":
        return Literal(text.lower() in {"true", "1"}, "flag")
    return Literal(text, "text")


def _incompatible(column: Column, found: str) -> refusal.Refusal:
    return refusal.bad_request(
        "A binary operator with incompatible types was detected. Found operand types "
        f"'{column.type}' ({column.name}) and {found}."
    )
