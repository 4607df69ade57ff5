"""Compiles SELECT and UNION ALL into plans: from sources over filters and groups to rows in their order."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from sqlglot import expressions as exp

from gp365_sim.gp.sql.access import Order
from gp365_sim.gp.sql.compare import key_of_value, stronger
from gp365_sim.gp.sql.errors import SqlError, no_column, not_modelled
from gp365_sim.gp.sql.expressions import Compiler
from gp365_sim.gp.sql.grouping import Grouping, grouping
from gp365_sim.gp.sql.joins import Join, walk
from gp365_sim.gp.sql.parts import Expr, Frame, Get
from gp365_sim.gp.sql.pushing import pushed
from gp365_sim.gp.sql.scope import Field, Scope, Source
from gp365_sim.gp.sql.sources import source
from gp365_sim.gp.sql.tree import only, parts_of
from gp365_sim.gp.sql.types import Value, convert

Out = tuple[Value, ...]
_SELECT = (
    "expressions", "from_", "joins", "where", "group", "having", "order", "limit", "offset", "distinct", "with_",
    "options", "kind", "operation_modifiers",
)  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """A compiled query: its columns and what gives their rows; `needs` are the outer slots that it reads."""

    fields: tuple[Field, ...]
    rows: Callable[[Frame], Iterator[Out]]
    needs: frozenset[int] = frozenset()


@dataclass(frozen=True)
class _By:
    """One part of an ORDER BY: what it sorts, or which output column; whether downwards."""

    side: Expr | None
    output: int
    down: bool


def query(node: exp.Expr, outer: Scope) -> Plan:
    """Compile a query; `outer` is the scope around it."""
    if isinstance(node, exp.Subquery):
        only(node, "this")
        return query(node.this, outer)
    if isinstance(node, exp.Union):
        return _union(node, outer)
    if isinstance(node, exp.Select):
        return _select(pushed(node), outer)
    raise not_modelled(node.sql(dialect="tsql")[:60])


def _common(node: exp.Expr, scope: Scope) -> None:
    with_ = node.args.get("with_")
    if with_ is None:
        return
    only(with_, "expressions")
    for each in with_.expressions:
        only(each, "this", "alias")
        if each.args["alias"].args.get("columns"):
            raise not_modelled("names of columns behind WITH")
        scope.made[each.alias.upper()] = each.this


def _select(node: exp.Select, outer: Scope) -> Plan:
    only(node, *_SELECT)
    scope = Scope(outer.text, outer)
    _common(node, scope)
    compiler = Compiler(scope, query)
    joins = _joins(node, scope)
    for each in joins:
        each.compile(compiler)
    where = node.args.get("where")
    condition = compiler.truth(where.this) if where is not None else None
    grouped = grouping(node, compiler)
    outputs = _outputs(node, compiler, scope)
    having = compiler.truth(node.args["having"].this) if node.args.get("having") is not None else None
    order = _order(node, compiler, outputs, distinct=bool(node.args.get("distinct")))
    wanted = None if grouped or node.args.get("distinct") else _wanted(order, joins)
    walking, ordered = walk(joins, condition, scope, wanted)
    rows = _rows(walking, grouped, having, outputs, [] if ordered else order)
    if node.args.get("distinct"):
        only(node.args["distinct"])
        rows = _sorted(_distinct(rows), order)
    rows = _limited(rows, node, compiler)
    fields = tuple(Field(each.name, each.type) for each in outputs)
    return Plan(fields, rows, frozenset(scope.needs))


def _joins(node: exp.Select, scope: Scope) -> list[Join]:
    """Read the sources in their order, but one that is no table before tables: its rows then look theirs up."""
    if node.args.get("from_") is None:
        return []
    found = [Join(_added(scope, node.args["from_"].this))]
    for each in parts_of(node, "joins"):
        only(each, "this", "side", "kind", "on")
        side, kind = each.text("side").upper(), each.text("kind").upper()
        if side not in ("", "LEFT") or kind not in ("", "INNER", "OUTER", "CROSS"):
            raise not_modelled(f"{side or kind} JOIN")
        found.append(Join(_added(scope, each.this), each.args.get("on"), left=side == "LEFT"))
    if not any(each.left for each in found):
        found.sort(key=lambda each: each.source.table is not None)
    return found


def _added(scope: Scope, node: exp.Expr) -> Source:
    made = source(node, scope, query)
    if any(each.alias.upper() == made.alias.upper() for each in scope.sources):
        raise SqlError(1011, f"The name '{made.alias}' stands more than once in FROM.")
    scope.sources.append(made)
    return made


def _outputs(node: exp.Select, compiler: Compiler, scope: Scope) -> list[Expr]:
    found: list[Expr] = []
    for each in node.expressions:
        if isinstance(each, exp.Star):
            only(each)
            found += [of.column(i) for of in scope.sources for i in range(len(of.fields))]
        elif isinstance(each, exp.Column) and isinstance(each.this, exp.Star):
            found += _all_of(each.text("table"), scope)
        elif isinstance(each, exp.Alias):
            found.append(_named(compiler.compile(each.this), each.alias))
        else:
            found.append(compiler.compile(each))
    return found


def _all_of(alias: str, scope: Scope) -> list[Expr]:
    found = [
        of.column(i)
        for of in scope.sources
        if of.alias.upper() == alias.upper()
        for i in range(len(of.fields))
    ]
    if not found:
        raise SqlError(107, f"The prefix '{alias}' names nothing in FROM.")
    return found


def _named(side: Expr, name: str) -> Expr:
    return Expr(side.type, side.get, side.bare, side.slots, side.place, side.condition, name, side.parts)


def _order(
    node: exp.Expr, compiler: Compiler | None, outputs: Sequence[Expr], *, distinct: bool
) -> list[_By]:
    order = node.args.get("order")
    if order is None:
        return []
    only(order, "expressions")
    return [_by(each, compiler, outputs, distinct=distinct) for each in order.expressions]


def _by(node: exp.Expr, compiler: Compiler | None, outputs: Sequence[Expr], *, distinct: bool) -> _By:
    only(node, "this", "desc", "nulls_first")
    down, what = bool(node.args.get("desc")), node.this
    if isinstance(what, exp.Literal) and not what.is_string:
        place = int(what.name) - 1
        if not 0 <= place < len(outputs):
            raise SqlError(108, f"ORDER BY position {what.name} is out of range.")
        return _By(outputs[place], place, down)
    if isinstance(what, exp.Column) and not what.text("table"):
        named = [i for i, each in enumerate(outputs) if each.name.upper() == what.name.upper()]
        if named:
            return _By(outputs[named[0]], named[0], down)
    if compiler is None:
        raise no_column(what.sql(dialect="tsql"))
    side = compiler.compile(what)
    place = next(
        (i for i, each in enumerate(outputs) if each.place is not None and each.place == side.place), -1
    )
    if distinct and place < 0:
        raise SqlError(145, "With DISTINCT, ORDER BY names what stands in the select list.")
    return _By(side, place, down)


def _wanted(order: Sequence[_By], joins: Sequence[Join]) -> Order | None:
    """Tell whether the first source's rows could come in the order asked for."""
    if not order or not joins or joins[0].source.table is None:
        return None
    slot, columns = joins[0].source.slot, list[int]()
    for each in order:
        place = each.side.place if each.side is not None else None
        if place is None or place[0] != slot or each.down != order[0].down:
            return None
        columns.append(place[1])
    return Order(tuple(dict.fromkeys(columns)), order[0].down)


def _rows(
    walking: Callable[[Frame], Iterator[None]],
    grouped: Grouping | None,
    having: Expr | None,
    outputs: Sequence[Expr],
    order: Sequence[_By],
) -> Callable[[Frame], Iterator[Out]]:
    gets = [each.get for each in outputs]
    base = grouped.over(walking) if grouped is not None else walking
    if having is not None:
        base = _having(base, having.get)
    if not order:
        return lambda frame: (tuple([get(frame) for get in gets]) for _ in base(frame))
    keys = [(each.side.bare if each.side is not None else gets[each.output], each.down) for each in order]

    def rows(frame: Frame) -> Iterator[Out]:
        found = [
            (tuple(_place(key(frame)) for key, _ in keys), tuple(get(frame) for get in gets))
            for _ in base(frame)
        ]
        for number in range(len(keys) - 1, -1, -1):
            found.sort(key=lambda pair: pair[0][number], reverse=keys[number][1])
        return (out for _, out in found)

    return rows


def _place(value: Value) -> tuple[bool, Any]:
    """Give a value's place in an order; NULL comes first."""
    return (value is not None, key_of_value(value))


def _having(base: Callable[[Frame], Iterator[None]], test: Get) -> Callable[[Frame], Iterator[None]]:
    return lambda frame: (None for _ in base(frame) if test(frame) is True)


def _distinct(rows: Callable[[Frame], Iterator[Out]]) -> Callable[[Frame], Iterator[Out]]:
    def single(frame: Frame) -> Iterator[Out]:
        seen: set[Any] = set()
        for row in rows(frame):
            key = tuple(key_of_value(value) for value in row)
            if key not in seen:
                seen.add(key)
                yield row

    return single


def _sorted(rows: Callable[[Frame], Iterator[Out]], order: Sequence[_By]) -> Callable[[Frame], Iterator[Out]]:
    """Sort rows that are made by their output columns."""
    if not order:
        return rows

    def ordered(frame: Frame) -> Iterator[Out]:
        found = list(rows(frame))
        for each in reversed(order):
            found.sort(key=lambda row: _place(row[each.output]), reverse=each.down)
        return iter(found)

    return ordered


def _limited(
    rows: Callable[[Frame], Iterator[Out]], node: exp.Expr, compiler: Compiler
) -> Callable[[Frame], Iterator[Out]]:
    limit, offset = node.args.get("limit"), node.args.get("offset")
    if offset is not None and node.args.get("order") is None:
        raise SqlError(102, "OFFSET without ORDER BY.", 15)
    first = _count(compiler, offset.expression) if offset is not None else None
    most = _count(compiler, _top(limit)) if limit is not None else None
    if first is None and most is None:
        return rows

    def some(frame: Frame) -> Iterator[Out]:
        start = first(frame) if first is not None else 0
        return islice(rows(frame), start, None if most is None else start + most(frame))

    return some


def _top(limit: exp.Expr) -> exp.Expr:
    only(limit, "expression", "count", "direction", "limit_options")
    options = limit.args.get("limit_options")
    if options is not None and (options.args.get("percent") or options.args.get("with_ties")):
        raise not_modelled("TOP PERCENT and WITH TIES")
    return limit.args["count"] if isinstance(limit, exp.Fetch) else limit.expression


def _count(compiler: Compiler, node: exp.Expr) -> Callable[[Frame], int]:
    side = compiler.compile(node)
    if side.type.family != "integer":
        raise SqlError(1060, "The number of rows must be a whole number.", 15)

    def number(frame: Frame) -> int:
        value = side.get(frame)
        if value is None or value < 0:
            raise SqlError(1014, "The number of rows must not be negative or NULL.", 15)
        return int(value)

    return number


def _union(node: exp.Union, outer: Scope) -> Plan:
    only(node, "this", "expression", "distinct", "order", "limit", "offset", "with_", "options")
    if node.args.get("distinct"):
        raise not_modelled("UNION without ALL")
    scope = Scope(outer.text, outer)
    _common(node, scope)
    sides = [query(each, scope) for each in (node.this, node.expression)]
    if len(sides[0].fields) != len(sides[1].fields):
        raise SqlError(205, "The queries of a UNION have different numbers of columns.")
    fields = tuple(
        Field(a.name, stronger(a.type, b.type)) for a, b in zip(sides[0].fields, sides[1].fields, strict=True)
    )
    rows = _sorted(_chained(sides, fields), _order(node, None, _stand_ins(fields), distinct=True))
    needs = frozenset[int]().union(*(each.needs for each in sides)) - scope.slots()
    return Plan(fields, _limited(rows, node, Compiler(scope, query)), needs)


def _stand_ins(fields: Sequence[Field]) -> list[Expr]:
    return [Expr(each.type, _none, _none, name=each.name) for each in fields]


def _none(frame: Frame) -> None:
    return None


def _chained(sides: Sequence[Plan], fields: Sequence[Field]) -> Callable[[Frame], Iterator[Out]]:
    changed = [[each.type != field.type for each, field in zip(s.fields, fields, strict=True)] for s in sides]

    def one(plan: Plan, differ: Sequence[bool], frame: Frame) -> Iterator[Out]:
        if not any(differ):
            return plan.rows(frame)
        return (
            tuple(convert(v, f.type) if d else v for v, f, d in zip(row, fields, differ, strict=True))
            for row in plan.rows(frame)
        )

    return lambda frame: chain.from_iterable(one(s, d, frame) for s, d in zip(sides, changed, strict=True))
