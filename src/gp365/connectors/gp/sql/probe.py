"""What doctor finds out over SQL: reading only, in the order in which one thing depends on another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gp365.connectors.gp.documents import document_of
from gp365.connectors.gp.sql.addons import add_ons, seen_by
from gp365.connectors.gp.sql.balanced import finding as sums_of
from gp365.connectors.gp.sql.desk import Desk, no_company
from gp365.connectors.gp.sql.document_guards import COMPANY_TABLES, SYSTEM_TABLES
from gp365.connectors.gp.sql.document_writing import tables_of
from gp365.connectors.gp.sql.functional import functional
from gp365.connectors.gp.sql.port import ROLE_FIX
from gp365.connectors.gp.sql.procedures import WINDOWS_1252
from gp365.connectors.gp.sql.settings import SqlSettings
from gp365.connectors.gp.sql.sources import TICK_S, Source, source_of
from gp365.connectors.gp.sql.text import Names, Statement, bracketed, mark, select
from gp365.connectors.gp.sql.versions import version
from gp365.connectors.gp.sql.writing import CALLS
from gp365.model.contract import Finding, Level
from gp365.model.errors import Gp365Error

_AT_ONCE = 50
_TOO_MUCH = ("db_owner", "DYNGRP")
_NAME = "varchar(400)"


def findings(desk: Desk, entities: Sequence[str]) -> Iterator[Finding]:
    """Give the findings: server, company, collation, rights, triggers, add-ons, then each entity."""
    try:
        yield _server(desk)
    except Gp365Error as fault:
        yield Finding("connection", Level.ERROR, fault.message, fault.fix, fault.code)
        return
    for ask in (_company, _collation, _roles):
        try:
            yield from ask(desk)
        except Gp365Error as fault:
            yield Finding(ask.__name__.strip("_"), Level.ERROR, fault.message, fault.fix, fault.code)
    objects = _objects(desk.names, entities)
    try:
        held = _held(desk, objects)
        stamped = _triggers(desk)
    except Gp365Error as fault:
        yield Finding("rights", Level.ERROR, fault.message, fault.fix, fault.code)
        return
    if not stamped:
        yield Finding(
            "triggers",
            Level.NOTE,
            "No triggers are shown to us: that GP's stamps are kept is taken for granted.",
        )
    yield version(desk)
    yield from functional(desk)
    yield from _add_ons(desk)
    for name in entities:
        if name != "company":
            yield _entity(desk, name, held, stamped)
            yield from _sums(desk, name, held)


def _server(desk: Desk) -> Finding:
    words = ("ProductVersion", "ProductLevel", "Edition", "ServerName")
    asked = ", ".join(
        f"CAST(SERVERPROPERTY('{each}') AS varchar(128)) AS [p{at}]" for at, each in enumerate(words)
    )
    [row] = desk.rows(Statement(f"SELECT {asked}"), new=True)
    facts = {word: str(value or "") for word, value in zip(words, row, strict=True)}
    settings = desk.settings
    wire = "encrypted" if settings.encrypt else "not encrypted"
    how = f"driver {settings.driver}, {wire}, login by {settings.authentication}"
    return Finding(
        "connection",
        Level.OK,
        f"SQL Server {facts['ProductVersion']} answers ({how}).",
        facts={**facts, "driver": settings.driver, "authentication": settings.authentication},
    )


def _company(desk: Desk) -> Iterator[Finding]:
    rows = desk.companies()
    names = [str(row[2]).rstrip() for row in rows]
    wanted = desk.settings.database
    found = next(
        (row for row, name in zip(rows, names, strict=True) if name.casefold() == wanted.casefold()), None
    )
    if found is None:
        fault = no_company(desk.settings, names)
        yield Finding("company", Level.ERROR, fault.message, fault.fix, fault.code, {"databases": names})
        return
    shown = str(found[1]).rstrip()
    facts: Mapping[str, object] = {"databases": names, "company": shown, "id": found[0]}
    if desk.settings.company and desk.settings.company.casefold() != shown.casefold():
        yield Finding(
            "company",
            Level.ERROR,
            f"The database {wanted} is that of {shown!r}, not of {desk.settings.company!r}.",
            fix="Correct `company` or the database: two channels would serve two companies.",
            code="company-unknown",
            facts=facts,
        )
        return
    yield Finding("company", Level.OK, f"{wanted} is the database of {shown!r}.", facts=facts)


def _collation(desk: Desk) -> Iterator[Finding]:
    statement = Statement("SELECT CAST(DATABASEPROPERTYEX(").add(mark("varchar(128)"), desk.settings.database)
    statement.add(", 'Collation') AS varchar(128)) AS [name]")
    name = str(desk.rows(statement)[0][0] or "")
    asked = (
        Statement("SELECT COLLATIONPROPERTY(").add(mark("varchar(128)"), name).add(", 'CodePage') AS [page]")
    )
    page = desk.rows(asked)[0][0]
    facts = {"collation": name, "code_page": page}
    if page and int(str(page)) != WINDOWS_1252:
        text = f"The database has collation {name}, code page {page}: only characters of both it and 1252 are written."
        yield Finding("collation", Level.WARNING, text, "Tell us about this site.", "not-in-code-page", facts)
    else:
        yield Finding("collation", Level.OK, f"Collation {name}, code page {page}.", facts=facts)


def _roles(desk: Desk) -> Iterator[Finding]:
    asked = ", ".join(f"IS_ROLEMEMBER('{each}') AS [r{at}]" for at, each in enumerate(_TOO_MUCH))
    [row] = desk.rows(Statement(f"SELECT {asked}, IS_SRVROLEMEMBER('sysadmin') AS [sa]"))
    held = [name for name, value in zip((*_TOO_MUCH, "sysadmin"), row, strict=True) if value == 1]
    if held:
        text = f"Our login has more rights than it needs: it is a member of {', '.join(held)}."
        yield Finding("rights", Level.NOTE, text, ROLE_FIX, facts={"roles": held})
    else:
        yield Finding(
            "rights", Level.OK, "Our login is no member of db_owner, DYNGRP or sysadmin.", facts={"roles": []}
        )


def _objects(names: Names, entities: Sequence[str]) -> list[tuple[str, str, str]]:
    """Return (name, bracketed name, permission) of everything that is read or called."""
    found: dict[tuple[str, str, str], None] = {}
    for entity in entities:
        source = source_of(entity)
        for table in source.tables():
            shown = names.object(table, system=True) if source.system else f"[dbo].{bracketed(table)}"
            found[table, shown, "SELECT"] = None
        for procedure in CALLS.get(entity, ()):
            found[procedure, f"[dbo].{bracketed(procedure)}", "EXECUTE"] = None
        for table, system in _looked_into(entity):
            shown = names.object(table, system=True) if system else f"[dbo].{bracketed(table)}"
            found[table, shown, "SELECT"] = None
    return list(found)


def _looked_into(entity: str) -> list[tuple[str, bool]]:
    """Name the tables that only a write of a document looks into, and whether they are the installation's."""
    document = document_of(entity)
    if document is None:
        return []
    company = [*COMPANY_TABLES, *tables_of(document)]
    return [*((table, False) for table in company), *((table, True) for table in SYSTEM_TABLES)]


def _held(desk: Desk, objects: Sequence[tuple[str, str, str]]) -> dict[str, str]:
    """Return per object "" where it is there and allowed, else what is wrong."""
    told: dict[str, str] = {}
    for at in range(0, len(objects), _AT_ONCE):
        some = objects[at : at + _AT_ONCE]
        statement = Statement("SELECT ")
        parts: list[Statement] = []
        for place, (_, shown, permission) in enumerate(some):
            part = Statement("HAS_PERMS_BY_NAME(").add(mark(_NAME), shown)
            part.add(f", 'OBJECT', '{permission}') AS [a{place}], OBJECT_ID(").add(mark(_NAME), shown)
            parts.append(part.add(f") AS [b{place}]"))
        [row] = desk.rows(statement.join(parts, ", "))
        for place, (name, _, permission) in enumerate(some):
            allowed, there = row[2 * place], row[2 * place + 1]
            told[name] = (
                "" if allowed == 1 else f"no right to {permission}" if there is not None else "not there"
            )
    return told


def _triggers(desk: Desk) -> frozenset[str]:
    statement = select(["[g].[name]"], desk.names.catalogue("triggers"), alias="g").add(
        " WHERE [g].[is_disabled] = 0"
    )
    return frozenset(str(row[0]).rstrip().lower() for row in desk.rows(statement))


def _add_ons(desk: Desk) -> Iterator[Finding]:
    """Tell of add-ons that change what GP does, by their tables."""
    for each in add_ons():
        try:
            tables = ", ".join(seen_by(desk, each))
        except Gp365Error:
            continue
        if tables:
            text = f"{each.name} is in use ({tables}): {each.means}"
            if each.refuses:
                text += f" Not written over SQL because of it: {', '.join(each.refuses)}."
            facts = {"table": tables, "assumed": each.assumed}
            yield Finding(each.name, Level.NOTE, text, each.fix, facts=facts)


def _entity(desk: Desk, name: str, held: Mapping[str, str], triggers: frozenset[str]) -> Finding:
    source = source_of(name)
    wrong = {each: held[each] for each in source.tables() if held[each]}
    needed = [*CALLS.get(name, ()), *(table for table, _ in _looked_into(name))]
    calls = {each: held[each] for each in needed if held[each]}
    watched = sorted(set(_stamped(source))) if triggers and not source.system else []
    silent = [table for table in watched if f"zdt_{table}u".lower() not in triggers]
    facts = {**_facts(desk.settings, name, source), "wrong": {**wrong, **calls}, "without_trigger": silent}
    if wrong:
        level = Level.ERROR if name == "customer" else Level.WARNING
        text = f"{name} cannot be read over SQL: {_listed(wrong)}."
        return Finding(name, level, text, ROLE_FIX, "right-missing", facts)
    if calls and not desk.settings.read_only:
        text = f"{name} is read over SQL and cannot be written: {_listed(calls)}."
        return Finding(name, Level.WARNING, text, ROLE_FIX, "right-missing", facts)
    if silent:
        text = f"{name}: without the triggers zDT_…U of {', '.join(silent)} edits are not seen."
        fix = "Let the administrator restore GP's own triggers (SQL Maintenance)."
        return Finding(name, Level.WARNING, text, fix, "not-served", facts)
    return Finding(name, Level.OK, _served(desk.settings, name, source), facts=facts)


def _sums(desk: Desk, name: str, held: Mapping[str, str]) -> Iterator[Finding]:
    """Tell whether sums are zero that must be; nothing where they cannot be read."""
    source = source_of(name)
    if source.balanced is None or any(held[table] for table in source.tables()):
        return
    try:
        yield sums_of(desk, source, source.balanced)
    except Gp365Error as fault:
        yield Finding(f"sums of {name}", Level.NOTE, fault.message, fault.fix, fault.code)


def _facts(settings: SqlSettings, name: str, source: Source) -> dict[str, object]:
    return {
        "channel": "sql",
        "tables": source.tables(),
        "feed": "stamps" if source.fed else "full list",
        "granularity_s": TICK_S if source.fed else 0.0,
        "sees_deletions": source.tells_of_gone,
        "compared": source.compare,
        "writes": "" if name not in CALLS or settings.read_only else "eConnect",
        "strength": "compared" if name in CALLS and not settings.read_only else "read only",
        "not_written": source.not_written,
        "assumed": list(source.entity.assumed),
    }


def _listed(wrong: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {why}" for name, why in wrong.items())


def _stamped(source: Source) -> Iterator[str]:
    return (watch.table for watch in source.watches)


def _served(settings: SqlSettings, name: str, source: Source) -> str:
    parts = [f"{name} is read over SQL from {', '.join(part.table for part in source.parts)}"]
    parts.append(
        f"changes by stamp, {'rows that are gone, too' if source.tells_of_gone else 'deletions unseen'}"
        if source.fed
        else "no stamps: every row is read each time"
    )
    if source.fed and source.compare:
        parts.append(f"compared whole every {settings.compare_h:g} h")
    if name in CALLS:
        parts.append(
            "read only by setting" if settings.read_only else "written through eConnect, compared under lock"
        )
    return "; ".join(parts) + "."
