"""Answers reads: one row, a page of rows, a count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any

from . import refusal
from .access import check_access, sight_of
from .exchange import Answer, Request, json_answer, no_content
from .expression import Compare, In, Literal, Logic, Node, Path
from .organisation import Organisation
from .paging import seal, unseal
from .predicate import Getter, Test, property_getter, row_test
from .query import Query
from .render import View, etag, renderer, sort_value
from .schema import Table
from .store import Row
from .values import as_guid

COUNT_LIMIT = 5000


@dataclass(frozen=True)
class Page:
    """Rows of one page; `state` is the position behind them, None at the end; `total` only when asked for."""

    rows: list[Row]
    state: dict[str, Any] | None = None
    total: int | None = None


def view_of(request: Request) -> View:
    return View(request.caller, request.prefer.annotations)


def context(request: Request, table: Table, query: Query, suffix: str = "") -> str:
    """Give the @odata.context of an answer; it names the selected columns."""
    chosen = f"({','.join(query.select)})" if query.select else ""
    return f"{request.root}$metadata#{table.set_name}{chosen}{suffix}"


def scope_of(table: Table, query: Query) -> str:
    """Give what a paging cookie belongs to: table and options must stay as they were on the first page."""
    kept = {k: v for k, v in query.texts.items() if k != "$skiptoken"}
    return f"{table.name}\n{sorted(kept.items())}"


# --- one row ---------------------------------------------------------------------------------------------------------


def read_one(org: Organisation, request: Request, table: Table, row_id: str, query: Query) -> Answer:
    """Answer one row, or 304 where the caller holds this version (perform-conditional-operations page).

    Never 304 with $expand or with annotations.
    """
    row = org.store.get(table.name, row_id)
    check_access(org, request.caller, table, row, "ReadAccess")
    held = request.headers.get("if-none-match", "").strip()
    if held == etag(row) and not query.expand and not request.prefer.annotations:
        return Answer(304, headers=(("ETag", etag(row)),))
    body = {"@odata.context": context(request, table, query, "/$entity")}
    body.update(renderer(org, table, view_of(request), query.select, query.expand)(row))
    return json_answer(body, ("ETag", etag(row)), *applied(request, annotations=True), rows=1)


def read_property(org: Organisation, request: Request, table: Table, row_id: str, name: str) -> Answer:
    """Answer one column as `{"value": …}`; 204 where it is empty."""
    row = org.store.get(table.name, row_id)
    check_access(org, request.caller, table, row, "ReadAccess")
    column = table.wire.get(name)
    if column is None:
        raise refusal.no_such_segment(name)
    value = row.get(name) if view_of(request).may_read(column) else None
    if value is None:
        return no_content()
    where = f"{request.root}$metadata#{table.set_name}({row_id})/{name}"
    return json_answer({"@odata.context": where, "value": value}, rows=1)


def applied(
    request: Request, *, annotations: bool = False, page: bool = False
) -> tuple[tuple[str, str], ...]:
    """Give the Preference-Applied header for the preferences that counted."""
    prefer, names = request.prefer, list[str]()
    if page and prefer.page_size is not None:
        names.append(f"odata.maxpagesize={prefer.page_size}")
    if annotations and prefer.annotations:
        names.append(f'odata.include-annotations="{prefer.annotations}"')
    return (("Preference-Applied", ", ".join(names)),) if names else ()


# --- many rows -------------------------------------------------------------------------------------------------------


def read_many(org: Organisation, request: Request, table: Table, query: Query) -> Answer:
    """Answer a page of rows with @odata.nextLink where there are more."""
    page = find_page(org, request, table, query)
    write = renderer(org, table, view_of(request), query.select, query.expand)
    body: dict[str, Any] = {"@odata.context": context(request, table, query)}
    if page.total is not None:
        body["@odata.count"] = min(page.total, COUNT_LIMIT)
        if request.prefer.annotations:
            body["@Microsoft.Dynamics.CRM.totalrecordcount"] = min(page.total, COUNT_LIMIT)
            body["@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"] = page.total > COUNT_LIMIT
    body["value"] = [write(row) for row in page.rows]
    if page.state is not None:
        body["@odata.nextLink"] = next_link(org, request, table, query, page.state)
    return json_answer(body, *applied(request, annotations=True, page=True), rows=len(page.rows))


def page_size(org: Organisation, request: Request) -> int:
    """Give the rows of a page: what was preferred, at most 5000 (page-results.md)."""
    return min(request.prefer.page_size or org.rules.page_size, org.rules.page_size)


def next_link(org: Organisation, request: Request, table: Table, query: Query, state: dict[str, Any]) -> str:
    kept = [p for p in request.query.split("&") if p and not p.startswith(("$skiptoken=", "%24skiptoken="))]
    options = "&".join([*kept, f"$skiptoken={seal(org, scope_of(table, query), state)}"])
    return f"{request.root}{request.path}?{options}"


def count(org: Organisation, request: Request, table: Table, query: Query) -> Answer:
    """Answer /$count as text; it stops at 5000 as the platform does."""
    test = _test(org, request, table, query)
    rows = _candidates(org, table, query.filter, "")
    number = sum(1 for row in rows if test is None or test(row))
    return Answer(200, str(min(number, COUNT_LIMIT)).encode(), content_type="text/plain")


def _test(org: Organisation, request: Request, table: Table, query: Query) -> Test | None:
    """Give the test of a $filter and of what the caller reaches; None where every row passes."""
    wanted = row_test(org, table, query.filter) if query.filter is not None else None
    reached = sight_of(org, request.caller).keep(table)
    if wanted is None or reached is None:
        return wanted or reached
    return lambda row: reached(row) and wanted(row)


def find_page(org: Organisation, request: Request, table: Table, query: Query) -> Page:
    """Find the rows of one page in list order (by id, or by $orderby and then id)."""
    size, test = page_size(org, request), _test(org, request, table, query)
    state = unseal(org, scope_of(table, query), query.skiptoken) if query.skiptoken else None
    total = None
    if query.count:
        total = sum(1 for row in _candidates(org, table, query.filter, "") if test is None or test(row))
    limit = size if query.top is None else min(query.top, size)
    if query.orderby:
        found = _sorted_after(org, table, query, test, state)
    else:
        last = str(state["last"]) if state else ""
        found = (r for r in _candidates(org, table, query.filter, last) if test is None or test(r))
    rows = list(islice(found, limit + 1))
    if len(rows) <= limit or query.top is not None:
        return Page(rows[:limit], None, total)
    rows.pop()
    return Page(rows, _state(org, table, query, rows, state), total)


def _state(
    org: Organisation, table: Table, query: Query, rows: list[Row], before: dict[str, Any] | None
) -> dict[str, Any]:
    """Give the position behind a page: the last row's id and, with $orderby, its values."""
    state: dict[str, Any] = {"page": (before["page"] if before else 0) + 1, "last": rows[-1][table.id_column]}
    if query.orderby:
        state["values"] = [_packed(get(rows[-1])) for get, _ in _sorting(org, table, query)]
    return state


def _sorted_after(
    org: Organisation, table: Table, query: Query, test: Test | None, state: dict[str, Any] | None
) -> Iterator[Row]:
    sorting = _sorting(org, table, query)
    rows = [r for r in _candidates(org, table, query.filter, "") if test is None or test(r)]
    for get, downwards in reversed(sorting):
        rows.sort(key=lambda row: sort_value(get(row)), reverse=downwards)
    if state is None:
        return iter(rows)
    values = [sort_value(_unpacked(v)) for v in state["values"]]
    last = str(state["last"])
    return (row for row in rows if _is_behind(row, table, sorting, values, last))


def _sorting(org: Organisation, table: Table, query: Query) -> list[tuple[Getter, bool]]:
    paths = ((Path(tuple(name.split("/"))), downwards) for name, downwards in query.orderby)
    return [(property_getter(org, table, path)[1], downwards) for path, downwards in paths]


def _is_behind(
    row: Row, table: Table, sorting: list[tuple[Getter, bool]], values: list[tuple[int, Any]], last: str
) -> bool:
    for (get, downwards), value in zip(sorting, values, strict=True):
        here = sort_value(get(row))
        if here != value:
            return here < value if downwards else here > value
    return row[table.id_column] > last


def _packed(value: Any) -> Any:
    return {"decimal": str(value)} if isinstance(value, Decimal) else value


def _unpacked(value: Any) -> Any:
    return Decimal(value["decimal"]) if isinstance(value, dict) else value  # pyright: ignore[reportUnknownArgumentType]


def _candidates(org: Organisation, table: Table, node: Node | None, last: str) -> Iterable[Row]:
    """Give the rows that a filter can meet, behind `last` in id order; ids named in the filter spare the scan."""
    rows = org.store.rows[table.name]
    ids = _ids_in(org, table, node)
    if ids is not None:
        return (rows[i] for i in sorted(ids) if i > last and i in rows)
    return (rows[i] for i in org.store.ids_after(table.name, last))


def _ids_in(org: Organisation, table: Table, node: Node | None) -> set[str] | None:
    if isinstance(node, Logic):
        parts = [_ids_in(org, table, p) for p in node.parts]
        if node.word == "and":
            return next((p for p in parts if p is not None), None)
        return None if None in parts else set[str]().union(*(p for p in parts if p is not None))
    if isinstance(node, In) and not node.negated and node.subject.parts == (table.id_column,):
        return {g for v in node.values if (g := as_guid(v))}
    if isinstance(node, Compare) and node.operator == "eq" and isinstance(node.right, Literal):
        return _ids_equal(org, table, node.left, node.right.value)
    return None


def _ids_equal(org: Organisation, table: Table, left: object, value: object) -> set[str] | None:
    guid = as_guid(value) if isinstance(value, str) else None
    if guid is None or not isinstance(left, Path) or len(left.parts) != 1:
        return None
    if left.parts[0] == table.id_column:
        return {guid}
    if left.parts[0] in table.linked:
        wire = left.parts[0]
        return {i for name, i, w in org.store.pointing_at(guid) if name == table.name and w == wire}
    return None
