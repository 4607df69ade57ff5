"""What the databases of the server hold by name: tables, procedures, and the catalogue views with their columns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from gp365_sim.gp.sql.types import SqlType, read_type
from gp365_sim.gp.tables import Table

SCHEMA = "dbo"
_NAME = "name nvarchar(128)"
_OBJECT = (
    f"{_NAME} object_id int schema_id int parent_object_id int type char(2) type_desc nvarchar(60)"
    " create_date datetime modify_date datetime is_ms_shipped bit"
)
_TYPED = "system_type_id tinyint user_type_id int max_length smallint precision tinyint scale tinyint"
_VIEWS: Mapping[str, str] = {
    "sys.databases": f"{_NAME} database_id int collation_name nvarchar(128) state tinyint state_desc nvarchar(60)"
    " is_read_only bit is_read_committed_snapshot_on bit compatibility_level tinyint user_access_desc nvarchar(60)",
    "sys.objects": _OBJECT,
    "sys.tables": _OBJECT,
    "sys.procedures": _OBJECT,
    "sys.views": _OBJECT,
    "sys.all_objects": _OBJECT,
    "sys.columns": f"object_id int {_NAME} column_id int {_TYPED} collation_name nvarchar(128) is_nullable bit"
    " is_identity bit",
    "sys.types": f"{_NAME} {_TYPED} collation_name nvarchar(128) is_nullable bit is_user_defined bit",
    "sys.parameters": f"object_id int {_NAME} parameter_id int {_TYPED} is_output bit has_default_value bit"
    " is_readonly bit",
    "sys.schemas": f"{_NAME} schema_id int principal_id int",
    "sys.triggers": f"{_NAME} object_id int parent_id int parent_class tinyint type char(2) is_disabled bit"
    " is_instead_of_trigger bit",
    "information_schema.columns": "TABLE_CATALOG nvarchar(128) TABLE_SCHEMA nvarchar(128) TABLE_NAME nvarchar(128)"
    " COLUMN_NAME nvarchar(128) ORDINAL_POSITION int IS_NULLABLE varchar(3) DATA_TYPE nvarchar(128)"
    " CHARACTER_MAXIMUM_LENGTH int NUMERIC_PRECISION tinyint NUMERIC_SCALE int COLLATION_NAME nvarchar(128)",
    "information_schema.tables": "TABLE_CATALOG nvarchar(128) TABLE_SCHEMA nvarchar(128) TABLE_NAME nvarchar(128)"
    " TABLE_TYPE varchar(10)",
}


@cache
def view_fields(view: str) -> tuple[tuple[str, SqlType], ...] | None:
    """Give names and types of a catalogue view's columns, by its folded name with schema; None for no such view."""
    words = _VIEWS.get(view, "").split()
    pairs = tuple((name, read_type(kind)) for name, kind in zip(words[::2], words[1::2], strict=True))
    return pairs or None


@dataclass(frozen=True)
class Definitions:
    """One database as a text sees it: its name as it is written, its tables by folded name."""

    name: str
    tables: Mapping[str, Table] = field(repr=False)
    company: bool

    def table(self, name: str) -> Table | None:
        """Find a table, with or without capitals."""
        return self.tables.get(name.upper())


@dataclass(frozen=True)
class Catalogue:
    """The databases of the server by folded name."""

    databases: Mapping[str, Definitions]

    def find(self, name: str) -> Definitions | None:
        """Find a database, with or without capitals and trailing blanks."""
        return self.databases.get(name.rstrip().upper())
