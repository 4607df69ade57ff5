"""eConnect's procedures: their signatures as the site has them, and one call in the one-batch form.

A procedure name is its XML node's, a parameter `@I_v` and the element (eConnect Programmer's Guide). The return value and
@O_iErrorState are 0 or an error number, @oErrString names several.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import cast

from gp365.connectors.gp.sql.desk import Desk
from gp365.connectors.gp.sql.pool import Lane
from gp365.connectors.gp.sql.port import SqlValue
from gp365.connectors.gp.sql.text import Statement, bracketed, call, mark, select
from gp365.connectors.gp.values import unfit_character
from gp365.model.errors import Misconfigured, Rejected

CUSTOMER, ADDRESS, INTERNET = (
    "taUpdateCreateCustomerRcd",
    "taCreateCustomerAddress",
    "taCreateInternetAddresses",
)
_OUTPUTS = (("@O_iErrorState", "int"), ("@oErrString", "varchar(255)"))
_TEXTS = frozenset({"char", "varchar", "text", "nchar", "nvarchar", "ntext"})
_WIDE = frozenset({"nchar", "nvarchar"})
_UNBOUNDED = frozenset({"text", "ntext"})
WINDOWS_1252 = 1252


class Refused(Exception):
    """A procedure ended with error numbers: the transaction must be rolled back."""

    def __init__(self, procedure: str, numbers: tuple[int, ...]) -> None:
        super().__init__(f"{procedure}: {' '.join(map(str, numbers))}")
        self.procedure = procedure
        self.numbers = numbers


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a procedure as the site has it: usable characters where it is a text, else None."""

    name: str
    length: int | None


class Procedures:
    """The procedures of one company; signatures are read when the first write is due."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._guard = Lock()
        self._known: dict[str, Mapping[str, Parameter]] = {}
        self.code_page = 0

    def signature(self, name: str) -> Mapping[str, Parameter]:
        """Return a procedure's parameters by their folded names; Misconfigured("not-served") if it is not there."""
        with self._guard:
            known = self._known.get(name)
        if known is None:
            known = self._read(name)
            with self._guard:
                self._known[name] = known
        return known

    def _read(self, name: str) -> Mapping[str, Parameter]:
        names = self._desk.names
        columns = ["[p].[name]", "[k].[name]", "[p].[max_length]"]
        statement = select(columns, names.catalogue("parameters"), alias="p")
        statement.add(f" JOIN {names.catalogue('types')} AS [k] ON [k].[user_type_id] = [p].[user_type_id]")
        statement.add(" WHERE [p].[object_id] = OBJECT_ID(").add(mark("varchar(400)"), names.object(name))
        statement.add(f") ORDER BY [p].{bracketed('parameter_id')}")
        found = [
            _parameter(str(row[0]), str(row[1]), cast("int", row[2])) for row in self._desk.rows(statement)
        ]
        if not found:
            raise Misconfigured(
                "not-served",
                f"The company has no eConnect procedure {name}, or we may not see it.",
                system=self._desk.settings.name,
                value=name,
                fix="Install eConnect for this company, and let the administrator run docs/sql/gp365-role.sql.",
            )
        return {each.name.lower(): each for each in found}

    def know_code_page(self) -> None:
        """Read the code page of the company database's collation, once; 1252 where the server does not say.

        Asked before any connection is held for a write: two questions of one writer must not wait for each other.
        """
        if self.code_page:
            return
        statement = Statement("SELECT COLLATIONPROPERTY(CAST(DATABASEPROPERTYEX(")
        statement.add(mark("varchar(128)"), self._desk.settings.database)
        statement.add(", 'Collation') AS varchar(128)), 'CodePage') AS [page]")
        page = self._desk.rows(statement)[0][0]
        self.code_page = int(str(page)) if page else WINDOWS_1252

    def control(self, name: str, *parameters: str) -> None:
        """Make sure that a procedure has the switches without which a call would do something else than is meant."""
        held = self.signature(name)
        lacking = [each for each in parameters if f"@i_v{each}".lower() not in held]
        if lacking:
            raise Misconfigured(
                "not-served",
                f"{name} of this site has no parameter @I_v{lacking[0]}.",
                system=self._desk.settings.name,
                value=lacking[0],
                fix="This version of eConnect is not known to gp365: use another channel for writing.",
            )

    def unfit(self, name: str, given: Mapping[str, SqlValue], record: str) -> Rejected | None:
        """Return why values cannot be given to a procedure, naming the parameter, or None.

        SQL Server cuts what is longer than a parameter and changes characters outside the code page, both in silence.
        """
        held = self.signature(name)
        for word, value in given.items():
            parameter = held.get(f"@i_v{word}".lower())
            if parameter is None:
                return Rejected(
                    "not-served",
                    f"{name} of this site has no parameter @I_v{word}.",
                    record=record,
                    field=word,
                    fix="Leave the field out of the flow, or bring eConnect up to the version that has it.",
                )
            if isinstance(value, str) and (fault := self._text_fault(parameter, value)) is not None:
                return Rejected(fault[0], fault[1], record=record, field=word, value=value[:80])
        return None

    def _text_fault(self, parameter: Parameter, value: str) -> tuple[str, str] | None:
        if parameter.length is not None and len(value.rstrip(" ")) > parameter.length:
            return (
                "too-long",
                f"{parameter.name} takes {parameter.length} characters, the value has {len(value)}.",
            )
        bad = _outside(value, self.code_page)
        if bad:
            return (
                "not-in-code-page",
                f"The character {bad} (U+{ord(bad):04X}) is not in code page {self.code_page} of the company's database.",
            )
        return None

    def run(self, lane: Lane, name: str, given: Mapping[str, SqlValue]) -> None:
        """Call a procedure; Refused with its error numbers."""
        arguments = {f"@I_v{word}": value for word, value in given.items()}
        [row] = lane.rows(call(self._desk.names.object(name), arguments, _OUTPUTS), call=True)
        numbers = [int(number) for number in re.findall(r"\d+", str(row[2] or ""))]
        state = cast("int", row[1]) or cast("int", row[0]) or 0
        if state or any(numbers):
            raise Refused(name, tuple(dict.fromkeys(number for number in (*numbers, state) if number)))


def _parameter(name: str, kind: str, size: int) -> Parameter:
    if kind not in _TEXTS or kind in _UNBOUNDED or size < 0:
        return Parameter(name, None)
    return Parameter(name, size // 2 if kind in _WIDE else size)


def _outside(text: str, page: int) -> str:
    """Return the first character that a code page cannot hold, or ""; a page unknown to Python is taken for 1252."""
    if text.isascii():
        return ""
    if page in (0, WINDOWS_1252):
        return unfit_character(text)
    try:
        text.encode("utf-8" if page == 65001 else f"cp{page}")
    except LookupError:
        return unfit_character(text)
    except UnicodeEncodeError as error:
        return text[error.start]
    return ""
