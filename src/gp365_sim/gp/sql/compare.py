"""Comparisons: in which type two sides meet, what an index may make of it, LIKE and IN."""

import operator
import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from gp365_sim.gp.sql.collation import sort_key
from gp365_sim.gp.sql.errors import not_modelled
from gp365_sim.gp.sql.parts import NOWHERE, Among, Condition, Expr, Fixed, Frame, Get, Operator, Test, expr
from gp365_sim.gp.sql.types import FLOAT, INT, SqlType, Value, convert, thirds

BOOL = INT
_ORDER = ("null", "binary", "text", "integer", "exact", "float", "date", "moment")
_OPERATORS: dict[Operator, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "<>": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_MIRRORED: dict[Operator, Operator] = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_NUMBERS = ("integer", "exact", "float")


def stronger(one: SqlType, other: SqlType) -> SqlType:
    """Give the type in which two values meet, by SQL Server's precedence of types."""
    a, b = _ORDER.index(one.family), _ORDER.index(other.family)
    if a != b:
        return one if a > b else other
    if one.family == "text":
        return _text(one, other)
    if one.family == "exact":
        scale = max(one.scale, other.scale)
        whole = max(one.size - one.scale, other.size - other.scale)
        return SqlType("numeric", min(38, whole + scale), scale)
    if one.family == "integer":
        return one if _rank(one) >= _rank(other) else other
    if one.family == "moment":
        return one if one.name == "datetime2" else other
    return one


def _rank(kind: SqlType) -> int:
    return ("bit", "tinyint", "smallint", "int", "bigint").index(kind.name)


def _text(one: SqlType, other: SqlType) -> SqlType:
    if one == other:
        return one
    size = -1 if -1 in (one.size, other.size) else max(one.size, other.size)
    fixed = one.fixed and other.fixed
    name = ("n" if one.unicode or other.unicode else "") + ("char" if fixed else "varchar")
    return SqlType(name, size)


def key_getter(side: Expr, meeting: SqlType) -> Get:
    """Give what to compare: a text's sort key, else the value in the family of the meeting type."""
    if meeting.family == "text":
        bare, own = side.bare, side.type.family

        def text_key(frame: Frame) -> str | None:
            value = bare(frame)
            if value is None:
                return None
            return sort_key(value if own == "text" else str(convert(value, meeting)))

        return text_key
    return value_getter(side, meeting)


def value_getter(side: Expr, meeting: SqlType) -> Get:
    """Give the value converted to the family of the meeting type; numbers stay as they are."""
    family, get = side.type.family, side.bare
    if widened(side.type, meeting):
        return lambda frame: None if (value := get(frame)) is None else thirds(value)
    if family == meeting.family or (family in _NUMBERS and meeting.family in _NUMBERS):
        return get
    target = _plain(meeting)
    if family == "text" and meeting.family in ("exact", "float"):
        target = FLOAT if meeting.family == "float" else SqlType("numeric", 38, max(meeting.scale, 10))
    return lambda frame: convert(get(frame), target)


def widened(kind: SqlType, meeting: SqlType) -> bool:
    """Tell whether a `datetime` meets a `datetime2`: its .003 is then .0033333, which is not the .003 of a parameter.

    So do databases of compatibility level 130 and later (Microsoft Learn, "datetime2", breaking changes of SQL Server
    2016); drivers send moments as datetime2, so a text that compares stamps casts its parameters to datetime.
    """
    return kind.name == "datetime" and meeting.name == "datetime2"


def _plain(meeting: SqlType) -> SqlType:
    if meeting.family == "integer":
        return SqlType("bigint")
    if meeting.family in ("moment", "date"):
        return SqlType("datetime2", 7) if meeting.family == "moment" else SqlType("date")
    return meeting


def key_of_value(value: Value) -> Any:
    """Give a value's place in an order: texts by the collation."""
    return sort_key(value) if isinstance(value, str) else value


def compare(op: Operator, left: Expr, right: Expr, once: Callable[[Get, Expr], Get]) -> Expr:
    """Compile `left op right`; `once` keeps a side that reads no source for the whole execution."""
    meeting = stronger(left.type, right.type)
    a, b = once(key_getter(left, meeting), left), once(key_getter(right, meeting), right)
    test = _OPERATORS[op]

    def held(frame: Frame) -> bool | None:
        x, y = a(frame), b(frame)
        return None if x is None or y is None else test(x, y)

    if not left.slots and not right.slots:
        fixed = once(held, left)
        return expr(BOOL, fixed, left, right, condition=Fixed(fixed))
    return expr(BOOL, held, left, right, condition=_condition(op, left, right, meeting, a, b, once))


def _condition(
    op: Operator, left: Expr, right: Expr, meeting: SqlType, a: Get, b: Get, once: Callable[[Get, Expr], Get]
) -> Condition:
    if op == "<>":
        return None
    sides: tuple[tuple[Expr, Expr, Get, Operator], ...] = (
        (left, right, b, op),
        (right, left, a, _MIRRORED[op]),
    )
    for column, other, key, spoken in sides:
        if (
            column.place is not None
            and _same_space(column.type, meeting)
            and column.place[0] not in other.slots
        ):
            value = once(value_getter(other, meeting), other)
            return Test(spoken, *column.place, key, value, other.slots)
    return None


def _same_space(column: SqlType, meeting: SqlType) -> bool:
    if widened(column, meeting):
        return False
    numbers = column.family in _NUMBERS and meeting.family in _NUMBERS
    return numbers or column.family == meeting.family


def among(left: Expr, values: Sequence[Expr], once: Callable[[Get, Expr], Get]) -> Expr:
    """Compile `left IN (values)`."""
    meeting = left.type
    for each in values:
        meeting = stronger(meeting, each.type)
    key = key_getter(left, meeting)
    keys = [once(key_getter(each, meeting), each) for each in values]
    steady = not any(each.slots for each in values)
    chosen = once(_chosen(keys), expr(left.type, _nothing, *values))

    def held(frame: Frame) -> bool | None:
        x = key(frame)
        if x is None:
            return None
        found, unknown = chosen(frame)
        return True if x in found else None if unknown else False

    condition: Condition = None
    if left.place is not None and steady and _same_space(left.type, meeting):
        given = [once(value_getter(each, meeting), each) for each in values]
        condition = Among(
            *left.place, lambda frame: [v for get in given if (v := get(frame)) is not None], NOWHERE
        )
    return expr(BOOL, held, left, *values, condition=condition)


def _chosen(keys: Sequence[Get]) -> Get:
    def chosen(frame: Frame) -> tuple[set[Any], bool]:
        found = [get(frame) for get in keys]
        return {each for each in found if each is not None}, None in found

    return chosen


def _nothing(frame: Frame) -> None:
    return None


def among_rows(
    left: Expr, kind: SqlType, rows: Get, reads: frozenset[int], once: Callable[[Get, Expr], Get]
) -> Expr:
    """Compile `left IN (SELECT …)`; `rows` gives the list of the subquery's values, which reads these slots."""
    meeting = stronger(left.type, kind)
    key = key_getter(left, meeting)
    stand_in = Expr(left.type, _nothing, _nothing, reads)
    chosen = once(_keyed(kind, meeting, rows), stand_in)

    def held(frame: Frame) -> bool | None:
        found, unknown = chosen(frame)
        x = key(frame)
        if x is None:
            return None if found or unknown else False
        return True if x in found else None if unknown else False

    condition: Condition = None
    if left.place is not None and not reads and _same_space(left.type, meeting):
        condition = Among(*left.place, once(_converted(kind, meeting, rows), stand_in), reads)
    return Expr(BOOL, held, held, left.slots | reads, None, condition)


def _each(kind: SqlType, rows: Get) -> tuple[Expr, Callable[[Frame], Iterator[Frame]]]:
    """Give an expression that reads one value at a time, and the frames that it reads them from."""
    read = itemgetter(0)
    return Expr(kind, read, read), lambda frame: ([value] for value in rows(frame) if value is not None)


def _keyed(kind: SqlType, meeting: SqlType, rows: Get) -> Get:
    side, frames = _each(kind, rows)
    key = key_getter(side, meeting)
    return lambda frame: ({key(each) for each in frames(frame)}, None in rows(frame))


def _converted(kind: SqlType, meeting: SqlType, rows: Get) -> Get:
    side, frames = _each(kind, rows)
    value = value_getter(side, meeting)
    return lambda frame: [value(each) for each in frames(frame)]


def like(left: Expr, pattern: Expr, escape: Expr | None, *, negated: bool) -> Expr:
    """Compile LIKE: `%`, `_`, `[…]`, `[^…]` and an escape character; accents count, case does not.

    Trailing blanks of a char column are part of the value, as in SQL Server, so `LIKE 'A_'` does not meet a padded A.
    """
    if left.type.family != "text":
        raise not_modelled(f"LIKE on {left.type}")
    get, wanted, sign = left.get, pattern.get, escape.get if escape else _nothing

    def held(frame: Frame) -> bool | None:
        text, form = get(frame), wanted(frame)
        if text is None or form is None:
            return None
        found = bool(_pattern(form, sign(frame)).fullmatch(text)) or _padded(text, form, sign(frame))
        return found != negated

    return expr(BOOL, held, left, pattern, *([escape] if escape else []))


def _padded(text: str, form: str, sign: str | None) -> bool:
    """Trailing blanks that the pattern does not name are forgiven in varchar and char matches."""
    return text.endswith(" ") and bool(_pattern(form, sign).fullmatch(text.rstrip(" ")))


@lru_cache(maxsize=256)
def _pattern(form: str, sign: str | None) -> re.Pattern[str]:
    parts: list[str] = []
    place = 0
    while place < len(form):
        character = form[place]
        if sign and character == sign and place + 1 < len(form):
            place += 1
            parts.append(re.escape(form[place]))
        elif character == "%":
            parts.append(".*")
        elif character == "_":
            parts.append(".")
        elif character == "[" and (end := form.find("]", place + 1)) > 0:
            parts.append(_group(form[place + 1 : end]))
            place = end
        else:
            parts.append(re.escape(character))
        place += 1
    return re.compile("".join(parts), re.IGNORECASE | re.DOTALL)


def _group(inside: str) -> str:
    out = inside.startswith("^")
    signs = inside[1:] if out else inside
    if not signs:
        return "(?!)"
    quoted = re.sub(r"([\\^\[\]])", r"\\\1", signs)
    return f"[{'^' if out else ''}{quoted}]"
