"""What a compiled text is made of: expressions with their types, and what an index may make of a condition.

A frame is one execution's memory, a list: `frame[0]` is the `Moment`, every source and every value that is computed
once has a slot of its own, subqueries included, so that a correlated subquery reads its outer rows where they stand.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from gp365_sim.gp.heap import Heap
from gp365_sim.gp.sql.types import SqlType, Value

Frame = list[Any]
Get = Callable[[Frame], Any]
Row = Sequence[Any]
Operator = Literal["=", "<>", "<", "<=", ">", ">="]

UNSET = object()
NOWHERE: frozenset[int] = frozenset()


class Moment(Protocol):
    """What an execution asks of its session."""

    def variable(self, name: str) -> Value:
        """Give the value of a variable, without its `@`, or of a counter such as `@TRANCOUNT`."""
        ...

    def heap(self, database: str, table: str) -> Heap:
        """Give the rows of a table."""
        ...

    def now(self) -> datetime:
        """Give the time of the statement, naive, in UTC."""
        ...

    def ask(self, function: str, *values: Value) -> Value:
        """Answer a function about session, server, rights or definitions, e.g. `DB_NAME`."""
        ...

    def listed(self, database: str, view: str) -> Sequence[Any]:
        """Give the rows of a catalogue view."""
        ...

    def hold(self, database: str, table: str, row: Any) -> None:
        """Note a row that was read under an update lock."""
        ...


@dataclass(frozen=True, slots=True)
class Test:
    """A comparison of one column with something else, as an index can use it.

    `key` gives the other side in the index's key space (see `plan`), `value` as a value of the column's family;
    `needs` are the slots that the other side reads.
    """

    op: Operator
    slot: int
    index: int
    key: Get
    value: Get
    needs: frozenset[int]


@dataclass(frozen=True, slots=True)
class Among:
    """A column's IN: `values` gives all the values (none of them NULL)."""

    slot: int
    index: int
    values: Callable[[Frame], Sequence[Any]]
    needs: frozenset[int]


@dataclass(frozen=True, slots=True)
class Both:
    """Conditions that must all hold."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Either:
    """Conditions of which one must hold."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Fixed:
    """A condition that reads no source: it holds for all rows or for none."""

    get: Get


Condition = Test | Among | Both | Either | Fixed | None
"""What an index may use; None: nothing."""


@dataclass(frozen=True, slots=True)
class Expr:
    """A compiled expression.

    `bare` gives a char column without its blanks; `place` is set for a plain column of a source; `slots` are the
    sources that it reads. A condition's value is True, False or None (unknown).
    """

    type: SqlType
    get: Get
    bare: Get
    slots: frozenset[int] = NOWHERE
    place: tuple[int, int] | None = None
    condition: Condition = None
    name: str = ""
    parts: tuple["Expr", ...] = field(default=(), repr=False)
    """The conjuncts of an AND."""


def expr(kind: SqlType, get: Get, *reads: Expr, condition: Condition = None) -> Expr:
    """Make an expression that reads others."""
    slots = frozenset[int]().union(*(each.slots for each in reads))
    return Expr(kind, get, get, slots, None, condition)
