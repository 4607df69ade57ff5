"""Walks through the combinations of rows of a FROM, each source by the best way to its rows."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlglot import expressions as exp

from gp365_sim.gp.sql.access import Access, Order, access
from gp365_sim.gp.sql.errors import not_modelled
from gp365_sim.gp.sql.expressions import Compiler
from gp365_sim.gp.sql.parts import Expr, Frame, Get
from gp365_sim.gp.sql.scope import Scope, Source

Walk = Callable[[Frame], Iterator[None]]


@dataclass
class Join:
    """A source and how it is joined to those before it; `on` holds the conjuncts of its condition."""

    source: Source
    written: exp.Expr | None = None
    left: bool = False
    on: list[Expr] = field(default_factory=list[Expr])

    def compile(self, compiler: Compiler) -> None:
        """Compile the condition; every source of the SELECT is known by now."""
        if self.written is not None:
            self.on = conjuncts(compiler.truth(self.written))


def conjuncts(condition: Expr | None) -> list[Expr]:
    """Take a condition apart at its ANDs."""
    return [] if condition is None else list(condition.parts) or [condition]


def walk(joins: Sequence[Join], where: Expr | None, scope: Scope, wanted: Order | None) -> tuple[Walk, bool]:
    """Compile the walk, and tell whether its rows come in the order that was wanted.

    A step of the walk fills the slots of all sources. Conditions are asked as early as their slots are filled; those of
    a LEFT JOIN decide only what it finds.
    """
    free = conjuncts(where)
    for each in joins:
        if not each.left:
            free += each.on
    levels = {each.source.slot: number for number, each in enumerate(joins)}
    placed: list[list[Expr]] = [[] for _ in joins] or [[]]
    for each in free:
        placed[max((levels[slot] for slot in each.slots if slot in levels), default=0)].append(each)
    if not joins:
        return _without(placed[0]), False
    return _walk(joins, free, placed, scope, wanted)


def _without(filters: Sequence[Expr]) -> Walk:
    tests = [each.get for each in filters]

    def once(frame: Frame) -> Iterator[None]:
        if all(test(frame) is True for test in tests):
            yield

    return once


def _walk(
    joins: Sequence[Join],
    free: Sequence[Expr],
    placed: Sequence[list[Expr]],
    scope: Scope,
    wanted: Order | None,
) -> tuple[Walk, bool]:
    local = scope.slots()
    outer = frozenset(range(scope.text.slots)) - local
    ways: list[Access] = []
    known = outer
    for number, each in enumerate(joins):
        if each.left and any(not side.slots <= known | {each.source.slot} for side in each.on):
            raise not_modelled("a LEFT JOIN whose condition reads later tables")
        given = [side.condition for side in (each.on if each.left else free)]
        ways.append(access(each.source, given, known, wanted if number == 0 else None))
        known |= {each.source.slot}
    inner: Walk | None = None
    for each, way, later in reversed(list(zip(joins, ways, placed, strict=True))):
        inner = _step(each, way, later, inner)
    assert inner is not None
    return inner, wanted is not None and ways[0].ordered


def _step(join: Join, way: Access, filters: Sequence[Expr], inner: Walk | None) -> Walk:
    tests = [each.get for each in filters]
    if join.left:
        return _left(join, way, tests, inner)
    slot, rows, hold = join.source.slot, way.rows, _hold(join.source)

    def step(frame: Frame) -> Iterator[None]:
        for row in rows(frame):
            frame[slot] = row
            for test in tests:
                if test(frame) is not True:
                    break
            else:
                if hold is not None:
                    hold(frame)
                if inner is None:
                    yield
                else:
                    yield from inner(frame)

    return step


def _hold(source: Source) -> Callable[[Frame], None] | None:
    if not source.held or source.table is None:
        return None
    database, name, slot = source.database, source.table.name, source.slot
    return lambda frame: frame[0].hold(database, name, frame[slot])


def _left(join: Join, way: Access, tests: Sequence[Get], inner: Walk | None) -> Walk:
    slot, rows, on = join.source.slot, way.rows, [each.get for each in join.on]

    def after(frame: Frame) -> Iterator[None]:
        if all(test(frame) is True for test in tests):
            if inner is None:
                yield
            else:
                yield from inner(frame)

    def step(frame: Frame) -> Iterator[None]:
        matched = False
        for row in rows(frame):
            frame[slot] = row
            if all(test(frame) is True for test in on):
                matched = True
                yield from after(frame)
        if not matched:
            frame[slot] = None
            yield from after(frame)

    return step
