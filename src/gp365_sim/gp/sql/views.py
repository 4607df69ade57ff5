"""The rows of the catalogue views: sys.* and INFORMATION_SCHEMA, as far as the login may see them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gp365_sim.gp.sql.catalogue import SCHEMA, Catalogue, Definitions
from gp365_sim.gp.sql.collation import NAME
from gp365_sim.gp.sql.rights import Login
from gp365_sim.gp.sql.types import SqlType, Value, read_type, type_of_column
from gp365_sim.gp.tables import Table

Out = tuple[Value, ...]
Signatures = Mapping[str, Sequence[tuple[str, str, bool]]]
"""Procedures by name: the name with @, SQL type and OUTPUT of each parameter."""

_MADE = datetime.fromisoformat("2013-01-15")
_TYPE_IDS = {
    "text": 35, "tinyint": 48, "smallint": 52, "int": 56, "smalldatetime": 58, "real": 59, "money": 60,
    "datetime": 61, "float": 62, "date": 40, "datetime2": 42, "bit": 104, "decimal": 106, "numeric": 108,
    "bigint": 127, "varbinary": 165, "varchar": 167, "binary": 173, "char": 175, "nvarchar": 231, "nchar": 239,
}  # fmt: skip
_KINDS = {"U": "USER_TABLE", "P": "SQL_STORED_PROCEDURE", "TR": "SQL_TRIGGER"}
_BYTES = {"tinyint": 1, "bit": 1, "smallint": 2, "int": 4, "bigint": 8, "datetime": 8, "numeric": 9, "decimal": 9,
          "money": 8, "text": 16, "float": 8, "date": 3, "datetime2": 8, "real": 4, "smalldatetime": 4}  # fmt: skip
_DIGITS = {"tinyint": 3, "smallint": 5, "int": 10, "bigint": 19, "money": 19, "datetime": 23, "float": 53}
_TABLES, _PROCEDURES, _TRIGGERS = 1_000_000, 2_000_000, 3_000_000


@dataclass(frozen=True)
class Views:
    """Answers catalogue views for a login."""

    catalogue: Catalogue
    signatures: Signatures

    def rows(self, view: str, database: str, login: Login) -> Sequence[Out]:
        """Give the rows of a view in the order of `catalogue.view_fields`."""
        found = self.catalogue.find(database)
        assert found is not None
        return list(_VIEWS[view](self, found, login))

    def number(self, database: str, name: str, login: Login) -> int | None:
        """Give the number of a table or procedure that the login may see."""
        found = self.catalogue.find(database)
        for each, number, _ in self.objects(found, login) if found is not None else ():
            if each.upper() == name.upper():
                return number
        return None

    def objects(self, database: Definitions, login: Login) -> Iterator[tuple[str, int, str]]:
        """Give name, number and type of every table and procedure that the login may see."""
        for place, name in enumerate(sorted(database.tables), 1):
            table = database.tables[name].name
            if login.sees(database.name, table):
                yield table, _TABLES + place, "U"
        for name, number in self.procedures(database):
            if login.may("EXECUTE", database.name, name):
                yield name, number, "P"

    def procedures(self, database: Definitions) -> Iterator[tuple[str, int]]:
        """Give name and number of every procedure of a database; only companies have any here."""
        if database.company:
            yield from ((name, _PROCEDURES + place) for place, name in enumerate(sorted(self.signatures), 1))


def _databases(views: Views, database: Definitions, login: Login) -> Iterator[Out]:
    for number, each in enumerate(views.catalogue.databases.values(), 5):
        # Readers meet the last committed state and do not wait: as a database with row versions shows it.
        yield (each.name, number, NAME, 0, "ONLINE", 0, 1, 130, "MULTI_USER")


def _objects(*types: str) -> Callable[[Views, Definitions, Login], Iterator[Out]]:
    def rows(views: Views, database: Definitions, login: Login) -> Iterator[Out]:
        for name, number, kind in views.objects(database, login):
            if kind in types:
                yield _object(name, number, kind)
        if "TR" in types:
            for name, number, _ in _all_triggers(views, database, login):
                yield _object(name, number, "TR")

    return rows


def _object(name: str, number: int, kind: str) -> Out:
    return (name, number, 1, 0, kind.ljust(2), _KINDS[kind], _MADE, _MADE, 0)


def _tables(views: Views, database: Definitions, login: Login) -> Iterator[tuple[Table, int]]:
    for name, number, kind in views.objects(database, login):
        if kind == "U":
            yield database.tables[name.upper()], number


def _sized(kind: SqlType) -> tuple[int, int, int, int, int, str | None]:
    """Give the columns of a type: two ids, length in bytes, precision, scale, collation."""
    size = _BYTES.get(kind.name, kind.size * (2 if kind.unicode and kind.size > 0 else 1))
    digits = kind.size if kind.name in ("numeric", "decimal") else _DIGITS.get(kind.name, 0)
    number = _TYPE_IDS[kind.name]
    scale = 3 if kind.name == "datetime" else kind.scale
    return (number, number, size, digits, scale, NAME if kind.family == "text" else None)


def _columns(views: Views, database: Definitions, login: Login) -> Iterator[Out]:
    for table, number in _tables(views, database, login):
        for place, each in enumerate(table.columns, 1):
            *typed, collation = _sized(type_of_column(each))
            yield (number, each.name, place, *typed, collation, 0, int(each.kind == "identity"))


def _types(views: Views, database: Definitions, login: Login) -> Iterator[Out]:
    for name in _TYPE_IDS:
        *typed, collation = _sized(read_type(name))
        yield (name, *typed, collation, 1, 0)


def _parameters(views: Views, database: Definitions, login: Login) -> Iterator[Out]:
    """Give parameters; as on a real server `has_default_value` is 0 for every procedure in T-SQL, default or not."""
    for name, number in views.procedures(database):
        if login.may("EXECUTE", database.name, name):
            for place, (parameter, kind, output) in enumerate(views.signatures[name], 1):
                *typed, _ = _sized(read_type(kind))
                yield (number, parameter, place, *typed, int(output), 0, 0)


def _schemas(views: Views, database: Definitions, login: Login) -> Iterator[Out]:
    yield (SCHEMA, 1, 1)
    yield ("sys", 4, 4)
    yield ("INFORMATION_SCHEMA", 3, 3)


def _all_triggers(views: Views, database: Definitions, login: Login) -> Iterator[tuple[str, int, int]]:
    """GP's triggers that refresh DEX_ROW_TS; those of addresses stamp their card too (public schema dump)."""
    for table, number in _tables(views, database, login):
        if table.stamped:
            for place, letter in enumerate("CDU" if table.name in ("RM00102", "PM00300") else "U"):
                yield f"zDT_{table.name}{letter}", _TRIGGERS + (number - _TABLES) * 10 + place, number


def _triggers(views: Views, database: Definitions, login: Login) -> Iterator[Out]:
    for name, number, parent in _all_triggers(views, database, login):
        yield (name, number, parent, 1, "TR", 0, 0)


def _shown_columns(views: Views, database: Definitions, login: Login) -> Iterator[Out]:
    for table, _ in _tables(views, database, login):
        for place, each in enumerate(table.columns, 1):
            kind = type_of_column(each)
            _, _, _, digits, scale, collation = _sized(kind)
            text = kind.family in ("text", "binary")
            length = (2**31 - 1 if kind.name == "text" else kind.size) if text else None
            number = kind.family in ("integer", "exact")
            sizes = (length, digits if number else None, scale if number else None)
            yield (database.name, SCHEMA, table.name, each.name, place, "NO", kind.name, *sizes, collation)


def _shown_tables(views: Views, database: Definitions, login: Login) -> Iterator[Out]:
    for table, _ in _tables(views, database, login):
        yield (database.name, SCHEMA, table.name, "BASE TABLE")


_VIEWS: Mapping[str, Callable[[Views, Definitions, Login], Iterator[Out]]] = {
    "sys.databases": _databases,
    "sys.objects": _objects("U", "P", "TR"),
    "sys.all_objects": _objects("U", "P", "TR"),
    "sys.tables": _objects("U"),
    "sys.procedures": _objects("P"),
    "sys.views": _objects(),
    "sys.columns": _columns,
    "sys.types": _types,
    "sys.parameters": _parameters,
    "sys.schemas": _schemas,
    "sys.triggers": _triggers,
    "information_schema.columns": _shown_columns,
    "information_schema.tables": _shown_tables,
}
