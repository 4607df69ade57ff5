"""Arithmetic: + - * / % on numbers, + on texts, days added to moments."""

import operator
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from typing import Any

from sqlglot import expressions as exp

from gp365_sim.gp.sql.compare import stronger, value_getter
from gp365_sim.gp.sql.errors import SqlError, not_modelled, overflow
from gp365_sim.gp.sql.parts import Expr, Frame, expr
from gp365_sim.gp.sql.tree import only, written
from gp365_sim.gp.sql.types import BIGINT, INT, MAX, SqlType, Value, convert

_DIGITS = Context(prec=76)


def arithmetic(node: exp.Expr, compile_: Callable[[exp.Expr], Expr]) -> Expr:
    """Compile + - * / %: of numbers by SQL Server's rules of types, of texts joined, of a date and days."""
    only(node, "this", "expression", "typed", "safe")
    left, right = compile_(node.this), compile_(node.expression)
    if isinstance(node, exp.Add) and left.type.family == right.type.family == "text":
        return _joined(left, right)
    if left.type.family == "moment" or right.type.family == "moment":
        return _days(node, left, right)
    kind = _result(node, left.type, right.type)
    meeting = stronger(left.type, right.type)
    if meeting.family not in ("integer", "exact", "float"):
        raise not_modelled(f"arithmetic on {meeting}")
    a, b = value_getter(left, meeting), value_getter(right, meeting)
    work = _OPERATIONS[type(node)]

    def get(frame: Frame) -> Value:
        x, y = a(frame), b(frame)
        return None if x is None or y is None else _worked(work, x, y, kind)

    return expr(kind, get, left, right)


def _worked(work: Callable[[Any, Any], Any], x: Any, y: Any, kind: SqlType) -> Value:
    if isinstance(x, float) or isinstance(y, float):
        x, y = float(x), float(y)
    try:
        return convert(work(x, y), kind)
    except (ZeroDivisionError, DivisionByZero):
        raise SqlError(8134, "Divide by zero.") from None
    except (InvalidOperation, Overflow):
        raise overflow(str(kind)) from None


def _divided(x: Any, y: Any) -> Any:
    if isinstance(x, int) and isinstance(y, int):
        whole = abs(x) // abs(y)
        return whole if (x < 0) == (y < 0) else -whole
    return x / y if isinstance(x, float) else _DIGITS.divide(Decimal(x), Decimal(y))


def _rest(x: Any, y: Any) -> Any:
    if isinstance(x, int) and isinstance(y, int):
        return x - y * _divided(x, y)
    whole = (Decimal(x) / Decimal(y)).to_integral_value(ROUND_DOWN)
    return Decimal(x) - whole * Decimal(y)


_OPERATIONS: dict[type[exp.Expr], Callable[[Any, Any], Any]] = {
    exp.Add: operator.add,
    exp.Sub: operator.sub,
    exp.Mul: operator.mul,
    exp.Div: _divided,
    exp.Mod: _rest,
}


def _result(node: exp.Expr, a: SqlType, b: SqlType) -> SqlType:
    kind = stronger(a, b)
    if kind.family != "exact":
        return BIGINT if kind.name == "bigint" else INT if kind.family == "integer" else kind
    if isinstance(node, exp.Mul):
        return SqlType("numeric", 38, min(38, a.scale + b.scale))
    if isinstance(node, exp.Div):
        return SqlType("numeric", 38, min(max(6, a.scale + (b.size or 10) + 1), 20))
    return SqlType("numeric", 38, max(a.scale, b.scale))


def _joined(left: Expr, right: Expr) -> Expr:
    """Join two texts; char columns keep their blanks."""
    a, b = left.get, right.get
    national = "n" if left.type.unicode or right.type.unicode else ""
    size = MAX if MAX in (left.type.size, right.type.size) else left.type.size + right.type.size
    kind = SqlType(f"{national}varchar", size)

    def get(frame: Frame) -> Value:
        x, y = a(frame), b(frame)
        return None if x is None or y is None else x + y

    return expr(kind, get, left, right)


def _days(node: exp.Expr, left: Expr, right: Expr) -> Expr:
    if not isinstance(node, exp.Add | exp.Sub) or right.type.family not in ("integer", "exact", "float"):
        raise not_modelled(f"arithmetic on dates but adding days: {written(node)}")
    a, b, sign = left.get, right.get, 1 if isinstance(node, exp.Add) else -1

    def get(frame: Frame) -> Value:
        x, y = a(frame), b(frame)
        if x is None or y is None:
            return None
        assert isinstance(x, datetime)
        return convert(x + timedelta(days=sign * float(y)), left.type)

    return expr(left.type, get, left, right)
