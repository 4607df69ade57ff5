"""What may stand in a FROM: tables of the databases, catalogue views, subqueries, VALUES and OPENJSON."""

import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, cast

from sqlglot import expressions as exp

from gp365_sim.gp.sql.casting import data_type
from gp365_sim.gp.sql.catalogue import SCHEMA, Definitions, view_fields
from gp365_sim.gp.sql.compare import stronger
from gp365_sim.gp.sql.errors import SqlError, no_database, no_object, not_modelled
from gp365_sim.gp.sql.expressions import Compiler
from gp365_sim.gp.sql.index import reader
from gp365_sim.gp.sql.parts import Expr, Frame, Get, Row
from gp365_sim.gp.sql.scope import Field, Scope, Source
from gp365_sim.gp.sql.tree import only, parts_of
from gp365_sim.gp.sql.types import NULL, SqlType, convert, type_of_column

_IGNORED = {
    "NOLOCK",
    "READUNCOMMITTED",
    "READCOMMITTED",
    "ROWLOCK",
    "PAGLOCK",
    "FORCESEEK",
    "READCOMMITTEDLOCK",
}
_LOCKING = {"UPDLOCK", "XLOCK", "TABLOCKX", "HOLDLOCK", "SERIALIZABLE", "REPEATABLEREAD"}
_TAKES_LOCK = {"UPDLOCK", "XLOCK", "TABLOCKX"}
Query = Callable[[exp.Expr, Scope], Any]


def source(node: exp.Expr, scope: Scope, query: Query) -> Source:
    """Compile one element of a FROM."""
    if isinstance(node, exp.Subquery):
        only(node, "this", "alias")
        return _derived(node.this, node.alias, _named(node), scope, query)
    if isinstance(node, exp.Values):
        only(node, "expressions", "alias")
        return _values(node, scope, query)
    if isinstance(node, exp.Table):
        return _table_like(node, scope, query)
    raise not_modelled(f"{node.sql(dialect='tsql')[:60]} in FROM")


def _named(node: exp.Expr) -> list[str]:
    alias = node.args.get("alias")
    return [each.name for each in parts_of(alias, "columns")] if alias is not None else []


def _table_like(node: exp.Table, scope: Scope, query: Query) -> Source:
    only(node, "this", "db", "catalog", "alias", "hints")
    if isinstance(node.this, exp.OpenJSON):
        return _open_json(node, scope, query)
    if not isinstance(node.this, exp.Identifier):
        raise not_modelled(f"{node.sql(dialect='tsql')[:60]} in FROM")
    common = scope.common(node.name) if not node.db and not node.catalog else None
    if common is not None:
        return _derived(common, node.alias or node.name, _named(node), scope, query)
    view = f"{node.db}.{node.name}".lower()
    fields = view_fields(view)
    database = _database(node, scope)
    if fields is not None:
        return _view(view, fields, database, node, scope)
    return _table(node, database, scope)


def _database(node: exp.Table, scope: Scope) -> Definitions:
    name = node.catalog or scope.text.database
    found = scope.text.catalogue.find(name)
    if found is None:
        raise no_database(name)
    return found


def _table(node: exp.Table, database: Definitions, scope: Scope) -> Source:
    spoken = ".".join(each for each in (node.catalog, node.db, node.name) if each)
    if node.db and node.db.lower() != SCHEMA:
        raise no_object(spoken)
    table = database.table(node.name)
    if table is None:
        raise no_object(spoken)
    name, home = table.name, database.name
    scope.text.reads.add((home, name))
    held = _hints(node)
    if held:
        scope.text.locks.add(home)
    fields = tuple(Field(each.name, type_of_column(each), reader(each)) for each in table.columns)

    def heap(frame: Frame) -> Any:
        return frame[0].heap(home, name)

    slot = scope.text.slot()
    return Source(node.alias or node.name, slot, fields, heap, table, table.columns, home, held)


def _hints(node: exp.Table) -> bool:
    named = {each.name.upper() for hint in parts_of(node, "hints") for each in hint.expressions}
    strange = named - _IGNORED - _LOCKING
    if strange:
        raise not_modelled(f"the table hint {', '.join(sorted(strange))}")
    if named & _LOCKING and not named & _TAKES_LOCK:
        raise not_modelled(f"{', '.join(sorted(named & _LOCKING))} without UPDLOCK")
    return bool(named & _TAKES_LOCK)


def _view(
    view: str, fields: Sequence[tuple[str, SqlType]], database: Definitions, node: exp.Table, scope: Scope
) -> Source:
    home = database.name
    rows = scope.text.keep(lambda frame: frame[0].listed(home, view))
    named = tuple(Field(name, kind) for name, kind in fields)
    return Source(node.alias or node.name, scope.text.slot(), named, rows, keep=scope.text.keep)


def _derived(node: exp.Expr, alias: str, names: Sequence[str], scope: Scope, query: Query) -> Source:
    plan = query(node, scope)
    scope.needs |= plan.needs
    fields = tuple(Field(names[i] if names else each.name, each.type) for i, each in enumerate(plan.fields))
    if len({each.name.upper() for each in fields}) < len(fields) or not all(each.name for each in fields):
        raise SqlError(8155, f"Every column of '{alias}' needs a name of its own.")
    return _rows(alias, fields, lambda frame: list(plan.rows(frame)), plan.needs, scope)


def _rows(alias: str, fields: tuple[Field, ...], get: Get, needs: frozenset[int], scope: Scope) -> Source:
    text = scope.text
    if needs:
        return Source(alias, text.slot(), fields, get, needs=needs)
    return Source(alias, text.slot(), fields, text.keep(get), keep=text.keep)


def _values(node: exp.Values, scope: Scope, query: Query) -> Source:
    compiler = Compiler(Scope(scope.text, scope.outer), query)
    rows = [[compiler.compile(cell) for cell in each.expressions] for each in node.expressions]
    names = _named(node)
    if not names or any(len(row) != len(names) for row in rows):
        raise SqlError(8158, f"VALUES of '{node.alias}' and the names of its columns differ in number.")
    kinds = [_meeting([row[place] for row in rows]) for place in range(len(names))]

    def made(frame: Frame) -> list[Row]:
        return [
            tuple(convert(cell.get(frame), kind) for cell, kind in zip(row, kinds, strict=True))
            for row in rows
        ]

    fields = tuple(Field(name, kind) for name, kind in zip(names, kinds, strict=True))
    needs = frozenset[int]().union(*(cell.slots for row in rows for cell in row))
    return _rows(node.alias, fields, made, needs, scope)


def _meeting(cells: Sequence[Expr]) -> SqlType:
    kind = NULL
    for each in cells:
        kind = stronger(kind, each.type)
    return kind


def _open_json(node: exp.Table, scope: Scope, query: Query) -> Source:
    """Rows from a JSON array: OPENJSON(text) WITH (name type 'path', …), paths `$` and `$.member` only."""
    call = node.this
    only(call, "this", "expressions")
    if not call.expressions:
        raise not_modelled("OPENJSON without WITH")
    given = Compiler(Scope(scope.text, scope.outer), query).compile(call.this)
    columns = [_json_column(each) for each in call.expressions]

    def made(frame: Frame) -> list[Row]:
        return [
            tuple(convert(_member(item, path), kind) for _, kind, path in columns)
            for item in _items(given.get(frame))
        ]

    fields = tuple(Field(name, kind) for name, kind, _ in columns)
    return _rows(node.alias or "OPENJSON", fields, made, given.slots, scope)


def _json_column(node: exp.Expr) -> tuple[str, SqlType, str]:
    only(node, "this", "kind", "path", "as_json")
    if node.args.get("as_json"):
        raise not_modelled("AS JSON in OPENJSON")
    path = node.args["path"].name if node.args.get("path") is not None else f"$.{node.name}"
    path = path.removeprefix("strict ").removeprefix("lax ")
    if path != "$" and not path.startswith("$."):
        raise not_modelled(f"the JSON path {path}")
    return node.name, data_type(node.args["kind"]), path


def _items(text: Any) -> list[Any]:
    if text is None:
        return []
    try:
        found = json.loads(str(text), parse_float=Decimal)
    except ValueError:
        raise SqlError(13609, "JSON text is not properly formatted.") from None
    return cast("list[Any]", found) if isinstance(found, list) else [found]


def _member(item: Any, path: str) -> Any:
    if path == "$":
        return None if isinstance(item, list | dict) else item
    name = path[2:].strip('"')
    found = cast("dict[str, Any]", item).get(name) if isinstance(item, dict) else None
    return None if isinstance(found, list | dict) else int(found) if isinstance(found, bool) else found
