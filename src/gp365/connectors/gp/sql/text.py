"""The texts that are sent to SQL Server: checked, bracketed identifiers of our own data files, and `?` for every value.

Nothing of a record ever stands in a text. Identifiers come from `entities/*.json`; names of databases from the settings
and from SY01500. A value is cast to the type of its column, because drivers send text as nvarchar, for which SQL Server
would convert the column instead and read the whole table (data type precedence, Transact-SQL reference).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gp365.connectors.gp.sql.port import SqlValue
from gp365.connectors.gp.sql.settings import name_fault
from gp365.model.errors import Bug, Misconfigured

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_PARAMETER = re.compile(r"@[A-Za-z_][A-Za-z0-9_]{0,126}")
_TYPE = re.compile(r"(?:int|smallint|tinyint|datetime|numeric\(\d{1,2},\d{1,2}\)|varchar\(\d{1,4}\))")


def bracketed(name: str) -> str:
    """Return an identifier of our data files in brackets; Bug if it is none."""
    if not _IDENTIFIER.fullmatch(name):
        raise Bug("bug", f"{name!r} is no identifier.")
    return f"[{name}]"


def database(name: str) -> str:
    """Return a database's name in brackets, a closing one doubled; Misconfigured if no database can be called so."""
    fault = name_fault(name, 128)
    if fault:
        raise Misconfigured("settings-invalid", f"{name!r} is no name of a database: {fault}.", value=name)
    return "[" + name.replace("]", "]]") + "]"


def parameter(name: str) -> str:
    """Return a parameter's name, checked."""
    if not _PARAMETER.fullmatch(name):
        raise Bug("bug", f"{name!r} is no parameter.")
    return name


def mark(sql_type: str) -> str:
    """Return the place of a value: a `?` that is cast to a type."""
    if not _TYPE.fullmatch(sql_type):
        raise Bug("bug", f"{sql_type!r} is no type that values are cast to.")
    return f"CAST(? AS {sql_type})"


@dataclass(frozen=True, slots=True)
class Names:
    """The databases of a company, bracketed: where its tables and those of the installation are."""

    company: str
    system: str

    @classmethod
    def of(cls, company: str, system: str) -> Names:
        """Check and bracket both names."""
        return cls(database(company), database(system))

    def object(self, name: str, *, system: bool = False) -> str:
        """Return a table, view or procedure with its database and schema."""
        return f"{self.system if system else self.company}.[dbo].{bracketed(name)}"

    def catalogue(self, view: str) -> str:
        """Return a view of the company database's own catalogue."""
        return f"{self.company}.[sys].{bracketed(view)}"


@dataclass(slots=True)
class Statement:
    """A text that grows, and its values in the order of their marks."""

    text: str = ""
    values: list[SqlValue] = field(default_factory=list[SqlValue])

    def add(self, text: str, *values: SqlValue) -> Statement:
        """Add text and the values of its marks."""
        if text.count("?") != len(values):
            raise Bug("bug", "A text and its values do not agree.")
        self.text += text
        self.values += values
        return self

    def join(self, parts: Sequence[Statement], between: str) -> Statement:
        """Add statements with a word between them."""
        self.text += between.join(part.text for part in parts)
        for part in parts:
            self.values += part.values
        return self


def select(columns: Iterable[str], table: str, *, alias: str = "t", top: int | None = None) -> Statement:
    """Return the beginning of a question: columns (bracketed) of a table under an alias."""
    return select_of(columns, Statement(table), alias=alias, top=top)


def select_of(columns: Iterable[str], rows: Statement, *, alias: str, top: int | None = None) -> Statement:
    """Return the beginning of a question over a selection in brackets."""
    statement = Statement("SELECT " if top is None else f"SELECT TOP ({top:d}) ")
    return statement.add(", ".join(columns)).add(" FROM ").join([rows], "").add(f" AS {bracketed(alias)}")


def call(procedure: str, given: Mapping[str, SqlValue], outputs: Iterable[tuple[str, str]]) -> Statement:
    """Return the one batch in which every driver can call a procedure: declare, execute, select.

    `procedure` is bracketed; `outputs` are (parameter, type). The row is return value, then the outputs in order.
    """
    held = [(parameter(name), f"@o{at}", kind) for at, (name, kind) in enumerate(outputs)]
    batch = Statement("SET NOCOUNT ON; DECLARE @rc int")
    for _, variable, kind in held:
        batch.add(f", {variable} {_checked(kind)}")
    batch.add(f"; EXEC @rc = {procedure} ")
    words = [Statement(f"{parameter(name)} = ?", [value]) for name, value in given.items()]
    words += [Statement(f"{name} = {variable} OUTPUT") for name, variable, _ in held]
    batch.join(words, ", ")
    batch.add("; SELECT @rc AS [rc]")
    for at, (_, variable, _) in enumerate(held):
        batch.add(f", {variable} AS [o{at}]")
    return batch.add(";")


def _checked(kind: str) -> str:
    if not _TYPE.fullmatch(kind):
        raise Bug("bug", f"{kind!r} is no type.")
    return kind
