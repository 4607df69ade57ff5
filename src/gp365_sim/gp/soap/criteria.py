"""Criteria of lists: which rows the restrictions of a caller let through.

Texts compare as the collation does. A date column is midnight of its day: a `From` with a time leaves that day's rows out
(so does SQL Server; that the service passes the time on is assumed). DEX_ROW_TS is compared in UTC. A scope other than
Return All gives records assigned to the user; the simulator knows no assignments, so there are none (assumed).
"""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Any

from gp365_sim.gp.soap.errors import BadMessage
from gp365_sim.gp.soap.reading import Obj
from gp365_sim.gp.soap.scene import Cells, Scene
from gp365_sim.gp.soap.shapes import Cell, Shape
from gp365_sim.gp.sqltypes import folded

Test = Callable[[object], bool]
ALL = "Return All"


def chosen(scene: Scene, shape: Shape, criteria: Obj | None, rows: Iterable[Cells]) -> Iterator[Cells]:
    """Keep the rows that meet all restrictions; no criteria lets everything through. Raises `BadMessage`."""
    tests = _tests(shape, criteria or {})
    if tests is None:
        return iter(())
    return (row for row in rows if all(_meets(scene, row, cell, test) for cell, test in tests))


def _meets(scene: Scene, row: Cells, cell: Cell, test: Test) -> bool:
    return cell.column in row and test(comparable(cell.codec.speak(scene, row, cell.column, cell.argument)))


def _tests(shape: Shape, criteria: Obj) -> list[tuple[Cell, Test]] | None:
    found: list[tuple[Cell, Test]] = []
    for name, restriction in criteria.items():
        if name == "@type":
            continue
        if name == "Scope":
            if restriction != ALL:
                return None
            continue
        cell = shape.by_path.get((name,))
        if cell is None:
            raise BadMessage(f"the simulator does not model {shape.name}.{name}.")
        assert isinstance(restriction, dict)
        found.append((cell, restricted(restriction)))  # pyright: ignore[reportUnknownArgumentType]
    return found


def restricted(restriction: Obj) -> Test:
    """Make the test of one restriction: every part of it that is given must hold."""
    parts = [_PARTS[name](value) for name, value in restriction.items() if name != "@type"]
    return lambda value: all(part(value) for part in parts)


def comparable(value: object) -> object:
    """Give the form under which values compare: texts folded, moments in UTC without saying so."""
    if value is None:
        return ""
    if isinstance(value, str):
        return folded(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, date):
        return datetime.combine(value, datetime.min.time())
    return value


def _ordered(compare: Callable[[int], bool]) -> Callable[[object], Test]:
    def part(bound: object) -> Test:
        wanted = comparable(bound)
        return lambda value: type(value) is type(wanted) and compare(_order(value, wanted))

    return part


def _order(value: Any, other: Any) -> int:
    return int(value > other) - int(value < other)


def _equal(wanted: object) -> Test:
    given = comparable(wanted)
    return lambda value: value == given


def _unequal(unwanted: object) -> Test:
    given = comparable(unwanted)
    return lambda value: value != given


def _among(items: object) -> Test:
    """Let one of several values through; an empty list is no restriction (assumed)."""
    assert isinstance(items, list)
    wanted = [comparable(each) for each in items]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return lambda value: not wanted or value in wanted


def _like(pattern: object) -> Test:
    """Match SQL's LIKE: % any text, _ one character, [abc] and [^abc] one of a set."""
    expression = re.compile(_expression(folded(str(pattern))), re.DOTALL)
    return lambda value: isinstance(value, str) and expression.fullmatch(value) is not None


def _expression(pattern: str) -> str:
    found, rest = "", pattern
    while rest:
        bracket = re.match(r"\[(\^?)([^\]]+)\]", rest)
        if bracket is not None:
            inner = re.escape(bracket[2]).replace(r"\-", "-")
            found, rest = f"{found}[{bracket[1]}{inner}]", rest[bracket.end() :]
        else:
            found, rest = found + {"%": ".*", "_": "."}.get(rest[0], re.escape(rest[0])), rest[1:]
    return found


_PARTS: dict[str, Callable[[object], Test]] = {
    "EqualValue": _equal,
    "NotEqualValue": _unequal,
    "Items": _among,
    "From": _ordered(lambda order: order >= 0),
    "To": _ordered(lambda order: order <= 0),
    "GreaterThan": _ordered(lambda order: order > 0),
    "LessThan": _ordered(lambda order: order < 0),
    "Like": _like,
}
