"""How the rows of one source are found: by key, by an index on equality or order, or all of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gp365_sim.gp.heap import Heap
from gp365_sim.gp.sql.compare import key_of_value
from gp365_sim.gp.sql.index import INDEXES, LAST, Key
from gp365_sim.gp.sql.parts import Among, Both, Condition, Either, Fixed, Frame, Row, Test
from gp365_sim.gp.sql.scope import Source
from gp365_sim.gp.tables import Table

_WORTH_AN_INDEX = 64
"""Smaller tables are read through."""


@dataclass(frozen=True)
class Order:
    """An order that the rows of a source should come in: its columns, and whether downwards (all of them)."""

    columns: tuple[int, ...]
    backwards: bool = False


@dataclass(frozen=True)
class Access:
    """The rows of a source; `ordered` tells that they come in the order asked for."""

    rows: Callable[[Frame], Iterator[Row] | Sequence[Row]]
    ordered: bool = False


@dataclass
class _Found:
    """What the conditions say about one source."""

    source: Source
    equal: dict[int, Test] = field(default_factory=dict[int, Test])
    among: list[Among] = field(default_factory=list[Among])
    others: list[Condition] = field(default_factory=list[Condition])


def access(
    source: Source, conditions: Sequence[Condition], known: frozenset[int], wanted: Order | None = None
) -> Access:
    """Choose the way to a source's rows; `known` are the slots that are filled before it. Filters come after it."""
    found = _sorted_out(source, conditions, known)
    if source.table is None:
        return _made(source, found)
    return _by_key(source, source.table, found) or _by_index(source, found, wanted)


def _sorted_out(source: Source, conditions: Sequence[Condition], known: frozenset[int]) -> _Found:
    found = _Found(source)
    for each in conditions:
        if isinstance(each, Test) and each.op == "=" and each.slot == source.slot and each.needs <= known:
            found.equal.setdefault(each.index, each)
        elif isinstance(each, Among) and each.slot == source.slot and each.needs <= known:
            found.among.append(each)
        elif each is not None and _usable(each, source.slot, known):
            found.others.append(each)
    return found


def _usable(condition: Condition, slot: int, known: frozenset[int]) -> bool:
    if isinstance(condition, Both | Either):
        return all(_usable(each, slot, known) for each in condition.parts)
    if isinstance(condition, Fixed):
        return True
    return isinstance(condition, Test) and condition.slot == slot and condition.needs <= known


def _made(source: Source, found: _Found) -> Access:
    """Rows that are no table's: looked up by equal columns, which are gathered once for an execution."""
    rows = source.rows
    if not found.equal or source.keep is None:
        return Access(rows)
    columns = tuple(found.equal)
    keys = [test.key for test in found.equal.values()]
    gathered = source.keep(lambda frame: _gathered(rows(frame), columns))

    def look(frame: Frame) -> Sequence[Row]:
        key = tuple(get(frame) for get in keys)
        return () if None in key else gathered(frame).get(key, ())

    return Access(look)


def _gathered(rows: Sequence[Row], columns: tuple[int, ...]) -> dict[Key, list[Row]]:
    found: dict[Key, list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(key_of_value(row[each]) for each in columns), []).append(row)
    return found


def _by_key(source: Source, table: Table, found: _Found) -> Access | None:
    places = [table.place[name] for name in table.key]
    if all(place in found.equal for place in places):
        gets = [found.equal[place].value for place in places]
        return Access(lambda frame: _one(source.rows(frame), table, [get(frame) for get in gets]))
    if len(places) == 1:
        for each in found.among:
            if each.index == places[0]:
                return Access(
                    lambda frame, each=each: _several(source.rows(frame), table, each.values(frame))
                )
    if len(places) > 1 and places[0] in found.equal:
        first = found.equal[places[0]].value
        return Access(lambda frame: _under(source.rows(frame), table, first(frame)))
    return None


def _one(heap: Heap, table: Table, values: Sequence[Any]) -> Sequence[Row]:
    if None in values:
        return ()
    row = heap.find(table.fold(*values))
    return () if row is None else (row,)


def _several(heap: Heap, table: Table, values: Sequence[Any]) -> Iterator[Row]:
    for key in dict.fromkeys(table.fold(value) for value in values):
        row = heap.find(key)
        if row is not None:
            yield row


def _under(heap: Heap, table: Table, value: Any) -> Sequence[Row]:
    return () if value is None else heap.under(table.fold(value)[0])


def _by_index(source: Source, found: _Found, wanted: Order | None) -> Access:
    for each in found.others:
        points = _points(each)
        if points:
            return _at_points(source, points)
    if wanted is not None:
        return _in_order(source, found, wanted)
    if found.equal:
        return _equal(source, found)
    for each in found.among:
        return _any_of(source, each)
    columns = tuple(dict.fromkeys(index for each in found.others for index in _columns(each)))
    if columns:
        return Access(_in_order(source, found, Order(columns)).rows)
    return Access(lambda frame: source.rows(frame).unordered())


def _columns(condition: Condition) -> Iterator[int]:
    if isinstance(condition, Test):
        yield condition.index
    elif isinstance(condition, Both | Either):
        for each in condition.parts:
            yield from _columns(each)


def _points(condition: Condition) -> list[dict[int, Test]]:
    """Read `(a = 1 AND b = 2) OR (a = …)`: the tests of each alternative by column; nothing for another form."""
    if not isinstance(condition, Either):
        return []
    found = [_point(each) for each in condition.parts]
    columns = set(found[0])
    return found if columns and all(set(each) == columns for each in found) else []


def _point(condition: Condition) -> dict[int, Test]:
    tests = condition.parts if isinstance(condition, Both) else (condition,)
    return {each.index: each for each in tests if isinstance(each, Test) and each.op == "="}


def _at_points(source: Source, points: Sequence[Mapping[int, Test]]) -> Access:
    columns = tuple(sorted(points[0]))
    keys = [[point[index].key for index in columns] for point in points]

    def look(frame: Frame) -> Iterator[Row]:
        index = INDEXES.equal(source.rows(frame), columns)
        for key in dict.fromkeys(tuple(get(frame) for get in gets) for gets in keys):
            if None not in key:
                yield from index.get(key, ())

    return Access(look)


def _equal(source: Source, found: _Found) -> Access:
    columns = tuple(sorted(found.equal))
    keys = [found.equal[index].key for index in columns]

    def look(frame: Frame) -> Iterator[Row] | Sequence[Row]:
        heap: Heap = source.rows(frame)
        key = tuple(get(frame) for get in keys)
        if None in key:
            return ()
        return heap.unordered() if len(heap) < _WORTH_AN_INDEX else INDEXES.equal(heap, columns).get(key, ())

    return Access(look)


def _any_of(source: Source, among: Among) -> Access:
    def look(frame: Frame) -> Iterator[Row]:
        index = INDEXES.equal(source.rows(frame), (among.index,))
        for key in dict.fromkeys((key_of_value(value),) for value in among.values(frame)):
            yield from index.get(key, ())

    return Access(look)


def _in_order(source: Source, found: _Found, wanted: Order) -> Access:
    """Rows in an order, begun and ended where the conditions allow; columns held equal come before it."""
    fixed = tuple(index for index in sorted(found.equal) if index not in wanted.columns)
    columns = (*fixed, *wanted.columns)
    keys = [found.equal[index].key for index in fixed]
    inner: list[Condition] = [*found.others, *(found.equal[i] for i in wanted.columns if i in found.equal)]
    whole = Both(tuple(inner))

    def look(frame: Frame) -> Iterator[Row]:
        start = tuple(get(frame) for get in keys)
        if None in start:
            return iter(())
        low = (*start, *(_low(whole, wanted.columns, frame) or ()))
        high = (*start, *(_high(whole, wanted.columns, frame) or ()))
        ordered = INDEXES.ordered(source.rows(frame), columns)
        return ordered.between(low, high, backwards=wanted.backwards)

    return Access(look, ordered=True)


def _low(condition: Condition, columns: tuple[int, ...], frame: Frame) -> Key | None:
    """Give a bound before which no row meets the condition; None for no bound."""
    if not columns:
        return None
    if isinstance(condition, Test):
        if condition.index != columns[0] or condition.op in ("<", "<=", "<>"):
            return None
        key = condition.key(frame)
        return None if key is None else (key, LAST) if condition.op == ">" else (key,)
    if isinstance(condition, Fixed):
        return None if condition.get(frame) is True else (LAST,)
    if isinstance(condition, Either):
        bounds = [_low(each, columns, frame) for each in condition.parts]
        return None if None in bounds else min(each for each in bounds if each is not None)
    if isinstance(condition, Both):
        return _all(condition, columns, frame, _low, max)
    return None


def _high(condition: Condition, columns: tuple[int, ...], frame: Frame) -> Key | None:
    """Give a bound behind which, and behind whose longer ones, no row meets the condition; None for no bound."""
    if not columns:
        return None
    if isinstance(condition, Test):
        if condition.index != columns[0] or condition.op in (">", ">=", "<>"):
            return None
        key = condition.key(frame)
        return None if key is None else (key,)
    if isinstance(condition, Either):
        bounds = [_high(each, columns, frame) for each in condition.parts]
        return None if None in bounds else max((each for each in bounds if each is not None), key=_open)
    if isinstance(condition, Both):
        return _all(condition, columns, frame, _high, lambda found: min(found, key=_open))
    return None


def _open(bound: Key) -> Key:
    return (*bound, LAST)


def _all(
    condition: Both,
    columns: tuple[int, ...],
    frame: Frame,
    bound: Callable[[Condition, tuple[int, ...], Frame], Key | None],
    best: Callable[[list[Key]], Key],
) -> Key | None:
    """Of several bounds take the narrowest; a column held equal lets the others bound the next column."""
    found = [each for part in condition.parts if (each := bound(part, columns, frame)) is not None]
    for part in condition.parts:
        if isinstance(part, Test) and part.op == "=" and part.index == columns[0]:
            key = part.key(frame)
            rest = bound(condition, columns[1:], frame)
            if key is not None and rest is not None:
                found.append((key, *rest))
    return best(found) if found else None
