"""What the service's users do not see of a company: rows and columns under role filters.

That a site can restrict the rows and columns of its service accounts is from practice; how the service then answers is
public nowhere and assumed: a hidden record is not in lists and not found by its key, its number is taken all the same,
and a hidden field is missing from every answer and cannot be written.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gp365_sim.gp.company import Company
from gp365_sim.gp.plain import typed
from gp365_sim.gp.refusals import Refusal
from gp365_sim.gp.resources import Resource
from gp365_sim.gp.sqltypes import Value, accept, folded
from gp365_sim.gp.tables import Row, folded_key


@dataclass(frozen=True)
class Filter:
    """Rows of a table that are hidden: those that hold all these values."""

    table: str
    where: Mapping[str, Value]

    def hides(self, company: Company, row: Row) -> bool:
        """Tell whether a row of the table is one of them; texts compare as the collation does."""
        table = company[self.table].table
        return all(_plain(table.get(row, name)) == value for name, value in self.where.items())


@dataclass
class Security:
    """The role filters of one company, set and cleared while it runs."""

    filters: list[Filter] = field(default_factory=list[Filter])
    columns: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])

    def hide(self, company: Company, table: str, where: Mapping[str, object]) -> None:
        """Hide the rows with these values; no value hides the whole table. Raises `Refusal`, KeyError."""
        definition = company[table].table
        values: dict[str, Value] = {}
        for name, given in where.items():
            column = definition.column(name)
            values[name] = _plain(accept(column, typed(column, given)))
        self.filters.append(Filter(table, values))

    def secure(self, company: Company, table: str, columns: Sequence[str]) -> None:
        """Leave these columns out of every answer, in place of those named before; raises `Refusal`, KeyError."""
        definition = company[table].table
        for name in columns:
            definition.column(name)
            if name in definition.key:
                raise Refusal("RuleViolated", "a key column cannot be hidden.", name)
        self.columns[table] = frozenset(columns)

    def clear(self) -> None:
        """Show everything again."""
        self.filters.clear()
        self.columns.clear()

    def shows(self, company: Company, table: str, row: Row) -> bool:
        """Tell whether a user of the service sees a row; the addresses of a hidden customer are hidden with it."""
        if not self.filters:
            return True
        if any(each.table == table and each.hides(company, row) for each in self.filters):
            return False
        if table != "RM00102":
            return True
        parent = company["RM00101"].find(folded_key([company[table].table.text(row, "CUSTNMBR")]))
        return parent is None or self.shows(company, "RM00101", parent)

    def seen(self, company: Company, table: str, rows: Iterator[Row]) -> Iterator[Row]:
        """Keep the rows that a user of the service sees."""
        return (row for row in rows if self.shows(company, table, row)) if self.filters else rows

    def open_part(self, resource: Resource) -> Resource:
        """Give a resource without its hidden fields."""
        hidden = self.columns.get(resource.table.name)
        if not hidden:
            return resource
        fields = {name: each for name, each in resource.fields.items() if each.name not in hidden}
        return replace(resource, fields=fields)


def _plain(value: Value) -> Value:
    return folded(value) if isinstance(value, str) else value
