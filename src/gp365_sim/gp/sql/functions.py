"""The functions of T-SQL that the simulator knows; an unknown one is refused by the expression compiler."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlglot import expressions as exp

from gp365_sim.gp.sql.compare import stronger
from gp365_sim.gp.sql.errors import not_modelled
from gp365_sim.gp.sql.parts import Expr, Frame, Get, expr
from gp365_sim.gp.sql.tree import only
from gp365_sim.gp.sql.types import DATETIME, FIRST, INT, MAX, SYSNAME, SqlType, Value, convert, spell, ticked

COUNTERS = {
    "VERSION": SqlType("nvarchar", 300), "SPID": SqlType("smallint"), "TRANCOUNT": INT, "ROWCOUNT": INT, "ERROR": INT,
    "SERVERNAME": SYSNAME, "LOCK_TIMEOUT": INT,
}  # fmt: skip
"""What stands behind two `@`."""

_ASKED = {
    "DB_NAME": SYSNAME, "DB_ID": SqlType("smallint"), "HAS_PERMS_BY_NAME": INT, "IS_ROLEMEMBER": INT,
    "IS_MEMBER": INT, "IS_SRVROLEMEMBER": INT, "SERVERPROPERTY": SYSNAME, "COLLATIONPROPERTY": INT,
    "DATABASEPROPERTYEX": SYSNAME, "OBJECT_ID": INT, "SCHEMA_NAME": SYSNAME, "ORIGINAL_LOGIN": SYSNAME,
    "USER_NAME": SYSNAME, "SUSER_NAME": SYSNAME, "HAS_DBACCESS": INT, "TYPE_NAME": SYSNAME, "OBJECT_NAME": SYSNAME,
    "XACT_STATE": SqlType("smallint"), "SCHEMA_ID": INT, "APP_NAME": SYSNAME, "HOST_NAME": SYSNAME,
}  # fmt: skip
Compile = Callable[[exp.Expr], Expr]


def function(node: exp.Expr, compile_: Compile) -> Expr | None:
    """Compile a call of a function; None for one that is not known."""
    if isinstance(node, exp.Anonymous):
        return _anonymous(node, compile_)
    for kind, make in _KNOWN:
        if isinstance(node, kind):
            return make(node, compile_)
    return None


def _anonymous(node: exp.Anonymous, compile_: Compile) -> Expr | None:
    name = node.name.upper()
    if name in ("GETUTCDATE", "SYSUTCDATETIME"):
        return _clock(DATETIME if name == "GETUTCDATE" else SqlType("datetime2", 7))
    if name == "DATALENGTH":
        return _stored_length(compile_(node.expressions[0]))
    if name in _ASKED:
        return _asked(name, [compile_(each) for each in node.expressions])
    return None


def _clock(kind: SqlType) -> Expr:
    rounded = kind.name == "datetime"
    return expr(kind, lambda frame: ticked(frame[0].now()) if rounded else frame[0].now())


def _asked(name: str, sides: list[Expr]) -> Expr:
    gets = [each.get for each in sides]
    return expr(_ASKED[name], lambda frame: frame[0].ask(name, *(get(frame) for get in gets)), *sides)


def _text(side: Expr, kind: SqlType, change: Callable[[str], Value], *, bare: bool = False) -> Expr:
    get = side.bare if bare else side.get

    def changed(frame: Frame) -> Value:
        value = get(frame)
        return None if value is None else change(spell(value))

    return expr(kind, changed, side)


def _varying(kind: SqlType) -> SqlType:
    return (
        SqlType(("n" if kind.unicode else "") + "varchar", kind.size or 8000)
        if kind.family == "text"
        else SYSNAME
    )


def _trim(node: exp.Expr, compile_: Compile) -> Expr:
    only(node, "this", "position")
    side, where = compile_(node.this), str(node.args.get("position") or "")
    kind = _varying(side.type)
    if where == "TRAILING":
        return _text(side, kind, lambda value: value.rstrip(" "), bare=True)
    if where == "LEADING":
        return _text(side, kind, lambda value: value.lstrip(" "))
    return _text(side, kind, lambda value: value.strip(" "))


def _case_of(node: exp.Expr, compile_: Compile) -> Expr:
    side = compile_(node.this)
    return _text(side, side.type, str.upper if isinstance(node, exp.Upper) else str.lower)


def _through_text(node: exp.Expr) -> exp.Expr:
    """Take away the cast to text that the parser puts around arguments."""
    inner = node.this
    return inner.this if isinstance(inner, exp.Cast) and "TEXT" in inner.args["to"].sql().upper() else inner


def _length(node: exp.Expr, compile_: Compile) -> Expr:
    side = compile_(_through_text(node))
    return _text(side, INT, lambda value: len(value.rstrip(" ")))


def _stored_length(side: Expr) -> Expr:
    get, national = side.get, side.type.unicode

    def length(frame: Frame) -> Value:
        value = get(frame)
        if value is None:
            return None
        if isinstance(value, str):
            return len(value) * (2 if national else 1)
        return len(value) if isinstance(value, bytes) else 8 if isinstance(value, datetime) else 4

    return expr(INT, length, side)


def _numbers(get: Get) -> Callable[[Frame], int]:
    return lambda frame: int(str(convert(get(frame), INT)))


def _part(node: exp.Expr, compile_: Compile) -> Expr:
    side = compile_(_through_text(node))
    kind = _varying(side.type)
    get = side.get
    if isinstance(node, exp.Substring):
        start, length = (
            _numbers(compile_(node.args["start"]).get),
            _numbers(compile_(node.args["length"]).get),
        )
        return expr(kind, lambda f: _cut(get(f), start(f) - 1, length(f)), side)
    size = _numbers(compile_(node.expression).get)
    if isinstance(node, exp.Left):
        return expr(kind, lambda f: _cut(get(f), 0, size(f)), side)
    return expr(
        kind, lambda f: None if (t := get(f)) is None else spell(t)[max(0, len(spell(t)) - size(f)) :], side
    )


def _cut(value: Value, start: int, length: int) -> Value:
    return None if value is None else spell(value)[max(0, start) : max(0, start + length)]


def _replaced(node: exp.Expr, compile_: Compile) -> Expr:
    sides = [compile_(node.this), compile_(node.expression), compile_(node.args["replacement"])]
    a, b, c = (each.get for each in sides)

    def get(frame: Frame) -> Value:
        x, y, z = a(frame), b(frame), c(frame)
        return None if x is None or y is None or z is None else spell(x).replace(spell(y), spell(z))

    return expr(SqlType(_varying(sides[0].type).name, MAX), get, *sides)


def _coalesced(node: exp.Expr, compile_: Compile) -> Expr:
    sides = [compile_(node.this), *(compile_(each) for each in node.expressions)]
    kind = sides[0].type
    if not node.args.get("is_null") or kind.name == "null":
        for each in sides[1:]:
            kind = stronger(kind, each.type)
    gets = [each.get for each in sides]

    def get(frame: Frame) -> Value:
        return next((convert(v, kind) for each in gets if (v := each(frame)) is not None), None)

    return expr(kind, get, *sides)


def _nullif(node: exp.Expr, compile_: Compile) -> Expr:
    left = compile_(node.this)
    same = compile_(exp.EQ(this=node.this.copy(), expression=node.expression.copy()))
    get, test = left.get, same.get
    return expr(left.type, lambda frame: None if test(frame) is True else get(frame), same)


def _concatenated(node: exp.Expr, compile_: Compile) -> Expr:
    sides = [compile_(each) for each in node.expressions]
    gets = [each.get for each in sides]
    kind = SqlType("nvarchar" if any(each.type.unicode for each in sides) else "varchar", MAX)
    return expr(
        kind, lambda frame: "".join("" if (v := get(frame)) is None else spell(v) for get in gets), *sides
    )


def _absolute(node: exp.Expr, compile_: Compile) -> Expr:
    side = compile_(node.this)
    get = side.get
    return expr(side.type, lambda frame: None if (v := get(frame)) is None else abs(v), side)


def _rounded(node: exp.Expr, compile_: Compile) -> Expr:
    only(node, "this", "decimals")
    side, places = compile_(node.this), _numbers(compile_(node.args["decimals"]).get)
    if side.type.family != "exact":
        raise not_modelled(f"ROUND of {side.type}")
    get = side.get

    def rounded(frame: Frame) -> Value:
        value = get(frame)
        if value is None:
            return None
        return convert(value.quantize(Decimal(1).scaleb(-places(frame)), ROUND_HALF_UP), side.type)

    return expr(side.type, rounded, side)


_UNITS = {"DAY": timedelta(days=1), "HOUR": timedelta(hours=1), "MINUTE": timedelta(minutes=1),
          "SECOND": timedelta(seconds=1), "MILLISECOND": timedelta(milliseconds=1)}  # fmt: skip
_SHORT = {"DD": "DAY", "D": "DAY", "HH": "HOUR", "MI": "MINUTE", "N": "MINUTE", "SS": "SECOND", "S": "SECOND",
          "MS": "MILLISECOND"}  # fmt: skip


def _unit(node: exp.Expr) -> timedelta:
    name = str(node.args["unit"].name).upper()
    found = _UNITS.get(_SHORT.get(name, name))
    if found is None:
        raise not_modelled(f"dates in units of {name}")
    return found


def _added(node: exp.Expr, compile_: Compile) -> Expr:
    side, count, unit = compile_(_moment(node.this)), _numbers(compile_(node.expression).get), _unit(node)
    kind = side.type if side.type.family == "moment" else DATETIME
    get = side.get
    return expr(
        kind,
        lambda f: None if (v := get(f)) is None else convert(_as_moment(v) + count(f) * unit, kind),
        side,
    )


def _between(node: exp.Expr, compile_: Compile) -> Expr:
    only(node, "this", "expression", "unit")
    late, early, unit = compile_(_moment(node.this)), compile_(_moment(node.expression)), _unit(node)
    a, b = late.get, early.get

    def get(frame: Frame) -> Value:
        x, y = a(frame), b(frame)
        return None if x is None or y is None else _bounds(x, unit) - _bounds(y, unit)

    return expr(INT, get, late, early)


def _moment(node: exp.Expr) -> exp.Expr:
    return node.this if isinstance(node, exp.TimeStrToTime | exp.TsOrDsToDate) else node


def _as_moment(value: Value) -> datetime:
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, FIRST.time())
    found = convert(value, SqlType("datetime2", 7))
    assert isinstance(found, datetime)
    return found


def _bounds(value: Value, unit: timedelta) -> int:
    """Count whole units since the beginning of time: DATEDIFF counts the bounds that are crossed."""
    return (_as_moment(value) - FIRST) // unit


def _calendar(node: exp.Expr, compile_: Compile) -> Expr:
    side = compile_(_moment(node.this))
    name = type(node).__name__.lower()
    get = side.get
    return expr(INT, lambda f: None if (v := get(f)) is None else getattr(_as_moment(v), name), side)


def _now(node: exp.Expr, compile_: Compile) -> Expr:
    """Give the server's local time, which is UTC here."""
    return _clock(DATETIME)


def _login(node: exp.Expr, compile_: Compile) -> Expr:
    return _asked("SUSER_NAME", [])


def _object(node: exp.Expr, compile_: Compile) -> Expr:
    given = [node.this, *([node.expression] if node.args.get("expression") else [])]
    return _asked("OBJECT_ID", [compile_(each) for each in given])


_KNOWN: tuple[tuple[Any, Callable[[Any, Compile], Expr]], ...] = (
    (exp.Trim, _trim),
    ((exp.Upper, exp.Lower), _case_of),
    (exp.Length, _length),
    ((exp.Substring, exp.Left, exp.Right), _part),
    (exp.Replace, _replaced),
    (exp.Coalesce, _coalesced),
    (exp.Nullif, _nullif),
    (exp.Concat, _concatenated),
    (exp.Abs, _absolute),
    (exp.Round, _rounded),
    (exp.DateAdd, _added),
    (exp.DateDiff, _between),
    ((exp.Day, exp.Month, exp.Year), _calendar),
    (exp.CurrentTimestamp, _now),
    (exp.CurrentUser, _login),
    (exp.ObjectId, _object),
)
