"""What doctor finds in an organisation: token, version, who we are; per table rights, tracking, bulk messages, our parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from gp365.connectors.dataverse import blueprint as ours
from gp365.connectors.dataverse.api import Refused
from gp365.connectors.dataverse.describe import entity_names, required
from gp365.connectors.dataverse.metadata import Table
from gp365.connectors.dataverse.neighbours import seen
from gp365.connectors.dataverse.organisation import CREATE_MULTIPLE, UPDATE_MULTIPLE, Organisation
from gp365.connectors.dataverse.own import Blueprint
from gp365.connectors.dataverse.own_files import everything
from gp365.connectors.dataverse.reach import depth_findings
from gp365.model.contract import Finding, Level
from gp365.model.errors import Gp365Error, Misconfigured, Unauthorised

_SUBJECTS = {
    "certificate": "TLS",
    "token-refused": "authentication",
    "token-not-json": "authentication",
    "secret-missing": "authentication",
    "user-missing": "application user",
}
_PROVISION = "Run `gp365 provision apply`."


def findings(org: Organisation) -> list[Finding]:
    """Ask everything that can be asked without writing; what stops the rest is the last finding."""
    org.forget()
    found: list[Finding] = []
    for ask in (_who, _version, _neighbours):
        try:
            found += ask(org)
        except Gp365Error as error:
            found.append(_trouble(_SUBJECTS.get(error.code, "connection"), error))
            return found
    for name in (*entity_names(), *_own_tables(org)):
        found += _safely(name, lambda name=name: list(_table(org, name)))
    return found


def _own_tables(org: Organisation) -> list[str]:
    """Name the tables of ours that stand beside the card: which of them a site needs, its flows say."""
    names = [table.name for table in everything().tables if table.name not in entity_names()]
    if not names:
        return []
    filter_ = " or ".join(f"LogicalName eq '{name}'" for name in names)
    try:
        rows = org.api.get("EntityDefinitions", {"$select": "LogicalName", "$filter": filter_})["value"]
    except (Refused, Unauthorised):
        return []
    standing = {str(row["LogicalName"]) for row in rows}
    return [name for name in names if name in standing]


def _trouble(subject: str, error: Gp365Error) -> Finding:
    return Finding(subject, Level.ERROR, error.message, error.fix, error.code)


def _safely(subject: str, ask: Callable[[], list[Finding]]) -> list[Finding]:
    try:
        return ask()
    except Gp365Error as error:
        return [_trouble(subject, error)]


def _who(org: Organisation) -> list[Finding]:
    me = org.me()
    standing = org.api.budget.standing()
    facts = {"organisation": str(me.get("OrganizationId")), "user": str(me.get("UserId"))}
    secure = org.api.settings.url.startswith("https://")
    hint = f"; the server recommends {standing.ceiling} requests at a time" if standing.ceiling else ""
    return [
        Finding("TLS", Level.OK, "The certificate is trusted.")
        if secure
        else Finding("TLS", Level.NOTE, "Plain HTTP on this machine: only a simulator is asked like this."),
        Finding(
            "authentication",
            Level.OK,
            "A token was issued; the expiry of the client's secret cannot be seen from here.",
        ),
        Finding("organisation", Level.OK, f"The application user is known{hint}.", facts=facts),
    ]


def _version(org: Organisation) -> list[Finding]:
    access = {"@p1": "Microsoft.Dynamics.CRM.EndpointAccessType'Default'"}
    try:
        told = org.api.get("RetrieveCurrentOrganization(AccessType=@p1)", access)
    except Refused:
        return [Finding("version", Level.NOTE, "The organisation does not tell its version.")]
    detail: dict[str, Any] = told.get("Detail") or {}
    version = str(detail.get("OrganizationVersion") or "unknown")
    return [Finding("version", Level.OK, f"Dataverse {version}, Web API v9.2", facts={"version": version})]


def _neighbours(org: Organisation) -> list[Finding]:
    try:
        rows: Sequence[dict[str, Any]] = org.api.get("solutions", {"$select": "uniquename"})["value"]
    except (Refused, Unauthorised):
        return [Finding("other connectors", Level.NOTE, "Solutions cannot be listed with these rights.")]
    names = [str(row["uniquename"]) for row in rows]
    try:
        columns = tuple(org.table("account").columns)
    except Misconfigured:
        columns = ()
    return list(seen(org.api.settings.neighbours, names, columns))


def _table(org: Organisation, name: str) -> Iterator[Finding]:
    try:
        table = org.table(name)
    except Misconfigured as missing:
        yield Finding(name, Level.ERROR, missing.message, missing.fix, missing.code)
        return
    yield from _rights(org, table)
    yield _tracking(table)
    yield _messages(org, table)
    yield from depth_findings(org, table)
    yield from _secured(table)
    if everything().table(name) is not None:
        yield from _ours(table)
    if name == "account" and ours.PARENT_CARD not in table.columns:
        yield Finding(
            name, Level.ERROR, f"The lookup {ours.PARENT_CARD} is missing", _PROVISION, "not-provisioned"
        )


def _secured(table: Table) -> Iterator[Finding]:
    """Name the columns that column security closes to us; what is not known to be open counts as closed."""
    secured = sorted(
        column.name for column in table.columns.values() if column.secured and not column.readable
    )
    needed = [name for name in secured if required(table.columns[name])]
    if needed:
        yield Finding(
            table.name,
            Level.ERROR,
            f"Required, and under column security that does not let us read it: {', '.join(needed)}",
            "Add the application user to a column security profile that may read them.",
            "right-missing",
            {"secured": needed},
        )
    if others := [name for name in secured if name not in needed]:
        yield Finding(
            table.name,
            Level.NOTE,
            f"Under column security, hence absent here: {', '.join(others)}",
            "Leave them out of flows, or add the application user to a profile that may read them.",
            facts={"secured": others},
        )
    opened = sorted(column.name for column in table.columns.values() if column.secured and column.readable)
    if opened:
        text = f"Under column security, and open to us: {', '.join(opened)}"
        yield Finding(table.name, Level.OK, text, facts={"opened": opened})


def _rights(org: Organisation, table: Table) -> Iterator[Finding]:
    """Look whether the table can be read; create and write rights show only when they are used."""
    try:
        org.api.get(table.set_name, {"$select": table.id_column, "$top": "1"})
    except Unauthorised as refused:
        yield Finding(
            table.name, Level.ERROR, refused.message, "Give the role Read on this table.", refused.code
        )
    else:
        yield Finding(table.name, Level.OK, "It can be read; rights to create and write show when used.")


def _tracking(table: Table) -> Finding:
    if table.tracked:
        return Finding(table.name, Level.OK, "Change tracking is on.", facts={"tracking": True})
    return Finding(
        table.name,
        Level.WARNING,
        "Change tracking is off: changes are polled by modifiedon, deletions are not seen",
        _PROVISION,
        "not-provisioned",
        {"tracking": False},
    )


def _messages(org: Organisation, table: Table) -> Finding:
    lacking = [name for name in (CREATE_MULTIPLE, UPDATE_MULTIPLE) if not org.has_bulk(table, name)]
    if not lacking:
        return Finding(table.name, Level.OK, "Bulk messages are available.")
    return Finding(
        table.name, Level.NOTE, f"{' and '.join(lacking)} not available: rows go as $batch, which is slower"
    )


def _ours(table: Table) -> Iterator[Finding]:
    """Look whether a table of ours has what its own file makes; what single flows add, the check of flows asks for."""
    name = table.name
    parts = Blueprint(tuple(one for one in everything().of(name).files if one.made is not None))
    wanted = {
        column.name: column.type for column in (*(one.name_column for one in parts.tables), *parts.columns)
    }
    missing = sorted((wanted.keys() | {lookup.name for lookup in parts.lookups}) - table.columns.keys())
    if missing:
        yield Finding(
            name, Level.ERROR, f"Columns are missing: {', '.join(missing)}", _PROVISION, "not-provisioned"
        )
    wrong = [
        one for one, type_ in wanted.items() if one in table.columns and table.columns[one].type != type_
    ]
    if wrong:
        yield Finding(
            name,
            Level.ERROR,
            f"Columns are of another type than ours: {', '.join(wrong)}",
            "`gp365 provision plan` shows how they differ.",
            "not-provisioned",
        )
    statuses = {key.name: key.status for key in table.keys}
    for key in parts.keys:
        status = statuses.get(key.name, "")
        if status == "Active":
            yield Finding(name, Level.OK, f"The key {key.name} is active.")
        else:
            text = f"The key {key.name} is {status.lower() or 'missing'}"
            yield Finding(name, Level.ERROR, text, "Run `gp365 provision apply`, or wait.", "not-provisioned")
