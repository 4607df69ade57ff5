"""The least that gp365 needs in SQL Server, as a script that an administrator may read and run, made of our data files."""

from __future__ import annotations

from collections.abc import Iterable

from gp365.connectors.gp.documents import documents, procedures
from gp365.connectors.gp.sql.addons import add_ons
from gp365.connectors.gp.sql.class_copies import CLASS
from gp365.connectors.gp.sql.document_guards import COMPANY_TABLES, SYSTEM_TABLES
from gp365.connectors.gp.sql.document_writing import tables_of
from gp365.connectors.gp.sql.functional import TABLE as CURRENCY
from gp365.connectors.gp.sql.procedures import ADDRESS, CUSTOMER, INTERNET
from gp365.connectors.gp.sql.queries import column_of
from gp365.connectors.gp.sql.sources import Part, Source, source_of
from gp365.connectors.gp.sql.text import bracketed, select
from gp365.connectors.gp.sql.versions import TABLE as VERSIONS
from gp365.connectors.gp.tables import NAMES

READER, WRITER = "gp365_reader", "gp365_writer"
_HEAD = """\
-- gp365: the least that its login needs in SQL Server, and views that show what it reads.
-- Made from gp365's data files; a test compares it with them.
--
-- 1. Make a login for gp365: a Windows account, or a SQL login that was NOT made inside Dynamics GP (GP encrypts the
--    passwords of its users, so that theirs cannot be used outside of it).
-- 2. Run the part "company database" in every company that gp365 shall serve, the part "system database" once.
-- 3. Make the login a user of these databases and add it to the roles:
--        CREATE USER [gp365] FOR LOGIN [gp365];
--        ALTER ROLE [gp365_reader] ADD MEMBER [gp365];
--        ALTER ROLE [gp365_writer] ADD MEMBER [gp365];   -- only where gp365 shall write customers or documents
--
-- Membership in DYNGRP works too and gives far more: every table may then be changed.
-- An upgrade of Dynamics GP may drop grants on procedures: run this again after one.
"""


def script() -> str:
    """Return the script: roles and grants per database, then a view per entity under gp365's own names."""
    company = [source_of(name) for name in NAMES if not source_of(name).system]
    system = [source_of(name) for name in NAMES if source_of(name).system]
    lines = [
        _HEAD,
        "-- company database ------------------------------------------------------------------\n",
    ]
    lines += _role(READER, [(table, "SELECT") for table in _tables(company)])
    lines += _role(
        WRITER, [*((table, "SELECT") for table in _guarded()), *((name, "EXECUTE") for name in _called())]
    )
    lines += _where_there(
        "how add-ons are seen; a site may lack these tables",
        [table for each in add_ons() for table in each.tables],
    )
    lines += _where_there("how doctor sees the company's functional currency", [CURRENCY])
    lines += ["-- system database (DYNAMICS) ---------------------------------------------------------\n"]
    lines += _role(
        READER, [(table, "SELECT") for table in sorted({*_tables(system), "taErrorCode", *SYSTEM_TABLES})]
    )
    lines += _where_there("how doctor sees the version of Dynamics GP", [VERSIONS])
    lines += [
        "-- views, in the company database: optional, for people who want to see what gp365 reads ---\n"
    ]
    for source in company:
        lines += [_view(source)]
    return "\n".join(lines)


def _called() -> list[str]:
    """Name every procedure that is called, those of customers first."""
    named = (name for calls in procedures().values() for name in calls)
    return list(dict.fromkeys((CUSTOMER, ADDRESS, INTERNET, CLASS, *named)))


def _guarded() -> list[str]:
    """Name the tables that only a write of a document looks into."""
    own = (table for document in documents() for table in tables_of(document))
    return sorted({*COMPANY_TABLES, *own})


def _tables(sources: list[Source]) -> list[str]:
    return sorted({table for source in sources for table in source.tables()})


def _role(name: str, grants: list[tuple[str, str]]) -> list[str]:
    made = f"IF DATABASE_PRINCIPAL_ID('{name}') IS NULL EXEC ('CREATE ROLE {bracketed(name)}');"
    given = [f"GRANT {right} ON [dbo].{bracketed(what)} TO {bracketed(name)};" for what, right in grants]
    return [made, *given, "GO\n"]


def _where_there(what: str, tables: Iterable[str]) -> list[str]:
    """Grant tables that a site may lack."""
    return [
        f"-- {what}",
        *(
            f"IF OBJECT_ID('[dbo].{bracketed(table)}') IS NOT NULL"
            f" GRANT SELECT ON [dbo].{bracketed(table)} TO {bracketed(READER)};"
            for table in sorted(tables)
        ),
        "GO\n",
    ]


def _view(source: Source) -> str:
    fields = [name for name, each in source.entity.fields.items() if each.sql and name not in source.varies]
    selects = [_select(source, part, fields) for part in source.parts]
    name = bracketed(f"gp365_{source.entity.name}")
    made = f"IF OBJECT_ID('[dbo].{name}') IS NOT NULL DROP VIEW [dbo].{name};\nGO"
    body = "\nUNION ALL\n".join(selects)
    return f"{made}\nCREATE VIEW [dbo].{name} AS\n{body};\nGO\nGRANT SELECT ON [dbo].{name} TO {bracketed(READER)};\nGO\n"


def _select(source: Source, part: Part, fields: list[str]) -> str:
    columns = [f"{column_of(source, part, name)} AS {bracketed(name)}" for name in fields]
    columns += [f"{_literal(value)} AS {bracketed(name)}" for name, value in part.sets.items()]
    text = select(["\n    " + ",\n    ".join(columns) + "\n"], f"[dbo].{bracketed(part.table)}").text
    for alias, join in source.joins.items():
        conditions = [f"{bracketed(alias)}.{bracketed(a)} = [t].{bracketed(b)}" for a, b in join.on.items()]
        conditions += [f"{bracketed(alias)}.{bracketed(a)} = {b!r}" for a, b in join.where.items()]
        on = " AND ".join(conditions)
        text += f" {'INNER' if join.only else 'LEFT'} JOIN [dbo].{bracketed(join.table)} AS {bracketed(alias)} ON {on}"
    if part.where:
        text += " WHERE " + " AND ".join(
            f"[t].{bracketed(column)} = {value!r}" for column, value in part.where.items()
        )
    return text


def _literal(value: str | int | bool) -> str:
    return f"CAST({int(value)} AS bit)" if isinstance(value, bool) else f"'{value}'"
