"""Names in a text: sources and their columns, variables, and the slots of the frame that they are read from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlglot import expressions as exp

from gp365_sim.gp.sql.catalogue import Catalogue
from gp365_sim.gp.sql.errors import ambiguous, no_column, no_variable
from gp365_sim.gp.sql.parts import NOWHERE, UNSET, Expr, Frame, Get
from gp365_sim.gp.sql.types import SqlType, Value
from gp365_sim.gp.sqltypes import Column
from gp365_sim.gp.tables import Table


@dataclass(frozen=True)
class Field:
    """A column of a source; `read` turns a cell as it is kept into a value without blanks."""

    name: str
    type: SqlType
    read: Get | None = None


@dataclass(frozen=True)
class Source:
    """Something in a FROM: a table, a view of the catalogue, or rows that are made when asked for.

    `rows` gives them (tuples of cells); for a table they come from its heap and indexes are used. `held`: rows are read
    under an update lock.
    """

    alias: str
    slot: int
    fields: tuple[Field, ...]
    rows: Get
    table: Table | None = None
    columns: tuple[Column, ...] = ()
    database: str = ""
    held: bool = False
    needs: frozenset[int] = NOWHERE
    """The slots of outer sources that `rows` reads."""
    keep: Callable[[Get], Get] | None = None
    """Keeps what is computed from the rows for the whole execution; None where they differ within one."""

    def column(self, index: int) -> Expr:
        """Compile the reading of one column."""
        field_, slot = self.fields[index], self.slot
        kind, read = field_.type, field_.read

        def bare(frame: Frame) -> Value:
            row = frame[slot]
            if row is None:
                return None
            return row[index] if read is None else read(row[index])

        def padded(frame: Frame) -> Value:
            row = frame[slot]
            return None if row is None or row[index] is None else row[index].ljust(kind.size)

        get = padded if kind.fixed and self.table is not None else bare
        return Expr(kind, get, bare, frozenset((slot,)), (slot, index), None, field_.name)


@dataclass
class Text:
    """One text while it is compiled: its slots, the objects it reads, the variables that stand declared.

    `database` is where names without a database are looked for.
    """

    catalogue: Catalogue
    database: str
    variables: Mapping[str, SqlType]
    slots: int = 1
    reads: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    locks: set[str] = field(default_factory=set[str])

    def slot(self) -> int:
        """Give a new slot of the frame."""
        self.slots += 1
        return self.slots - 1

    def once(self, get: Get, side: Expr) -> Get:
        """Keep what reads no source for the whole execution; the rest stays as it is."""
        return get if side.slots else self.keep(get)

    def keep(self, get: Get) -> Get:
        """Compute something once for the whole execution."""
        slot = self.slot()

        def kept(frame: Frame) -> Value:
            value = frame[slot]
            if value is UNSET:
                value = frame[slot] = get(frame)
            return value

        return kept

    def variable(self, name: str) -> SqlType:
        """Give the type of a variable."""
        if name.lower() not in self.variables:
            raise no_variable(f"@{name}")
        return self.variables[name.lower()]


@dataclass
class Scope:
    """The sources of one SELECT and, through `outer`, of those around it."""

    text: Text
    outer: "Scope | None" = None
    sources: list[Source] = field(default_factory=list[Source])
    made: dict[str, exp.Expr] = field(default_factory=dict[str, exp.Expr])
    """Common table expressions by folded name."""
    needs: set[int] = field(default_factory=set[int])
    """The slots of outer sources that are read in here."""

    def find(self, name: str, alias: str = "") -> Expr:
        """Find a column by its name, here or further out."""
        passed: list[Scope] = []
        scope: Scope | None = self
        while scope is not None:
            found = scope._here(name.upper(), alias.upper())
            if len(found) > 1:
                raise ambiguous(name)
            if found:
                for each in passed:
                    each.needs |= found[0].slots
                return found[0]
            passed.append(scope)
            scope = scope.outer
        raise no_column(f"{alias}.{name}" if alias else name)

    def _here(self, name: str, alias: str) -> list[Expr]:
        return [
            source.column(index)
            for source in self.sources
            if not alias or source.alias.upper() == alias
            for index, each in enumerate(source.fields)
            if each.name.upper() == name
        ]

    def common(self, name: str) -> exp.Expr | None:
        """Find a common table expression, here or further out."""
        scope: Scope | None = self
        while scope is not None:
            if name.upper() in scope.made:
                return scope.made[name.upper()]
            scope = scope.outer
        return None

    def slots(self) -> frozenset[int]:
        """Give the slots of the sources of this SELECT alone."""
        return frozenset(source.slot for source in self.sources)
