"""Doctor: what every system, entity, flow and lookup of the project says of itself, each finding with its fix."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from gp365.app.assembly import Assembly, PreparedFlow
from gp365.app.loader import shipped_lookups
from gp365.app.owners import flow_owner, overridden
from gp365.model.contract import Connector, Finding, Level
from gp365.model.entity import EntityDescription
from gp365.model.errors import Bug, Gp365Error, Misconfigured, Retry, Unauthorised

_TO_DO = frozenset({"not-provisioned"})
"""Findings that name the next step of setting up and are nobody's fault: they do not change the exit code."""
_REFUSALS = frozenset(
    {
        "login-refused", "token-refused", "token-not-json", "right-missing", "user-missing", "scheme-missing",
        "binding-refused", "unreachable", "certificate", "throttled", "busy", "answer-unreadable", "answer-cut",
    }
)  # fmt: skip
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class DoctorFinding:
    """One finding: of a system, or of `flows`, `lookups` or `store`."""

    system: str
    subject: str
    level: str
    text: str
    fix: str = ""
    code: str = ""
    facts: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class EntityLine:
    """One entity of a system: channel, write strength, change feed, what is assumed, which fields are not served.

    `read_back` is the way, other than that of writes, by which records are read to be compared with what was written.
    """

    system: str
    entity: str
    channel: str
    writes: str
    feed: str
    deletions_seen: bool
    fields: int
    assumed: tuple[str, ...]
    not_served: tuple[str, ...]
    read_back: str = ""


@dataclass(frozen=True, slots=True)
class Doctor:
    """All findings, the matrix of entities, and the exit code: 3 a system refuses or is down, 2 settings, 0 else."""

    findings: tuple[DoctorFinding, ...]
    entities: tuple[EntityLine, ...]
    exit_code: int


def doctor(assembly: Assembly, *, progress: Progress = lambda what: None) -> Doctor:
    """Ask everything that can be asked without writing; what stops one system does not stop the others."""
    findings: list[DoctorFinding] = []
    entities: list[EntityLine] = []
    for name in assembly.project.settings.systems:
        progress(name)
        found = _system(assembly, name)
        findings += found
        if not any(one.code in _REFUSALS for one in found):
            entities += _entities(assembly, name)
    down = {one.system for one in findings if one.level == Level.ERROR and one.code in _REFUSALS}
    progress("flows")
    findings += _flows(assembly, down)
    findings += _lookups(assembly)
    findings += _store(assembly)
    return Doctor(tuple(findings), tuple(entities), _exit_code(findings))


def _exit_code(findings: Sequence[DoctorFinding]) -> int:
    errors = {one.code for one in findings if one.level == Level.ERROR} - _TO_DO
    if errors & _REFUSALS:
        return Unauthorised.exit_code
    return Misconfigured.exit_code if errors else 0


def _of_error(system: str, subject: str, error: Gp365Error) -> DoctorFinding:
    return DoctorFinding(system, subject, Level.ERROR, error.message, error.fix, error.code)


def _system(assembly: Assembly, name: str) -> list[DoctorFinding]:
    try:
        found = assembly.connector(name).check()
    except (Misconfigured, Unauthorised, Retry, Bug) as error:
        return [_of_error(name, "connection", error)]
    return [_shown(name, one) for one in found]


def _shown(system: str, one: Finding) -> DoctorFinding:
    return DoctorFinding(system, one.subject, one.level, one.text, one.fix, one.code, dict(one.facts))


def _entities(assembly: Assembly, name: str) -> Iterator[EntityLine]:
    connector = assembly.connector(name)
    for entity in connector.entities():
        try:
            yield _line(name, connector, connector.entity(entity))
        except Gp365Error:
            continue  # the check has said it already


def _line(system: str, connector: Connector, entity: EntityDescription) -> EntityLine:
    hidden = tuple(field.name for field in entity.fields.values() if not field.readable)
    writes = entity.strength if entity.creates or entity.updates else "read only"
    return EntityLine(
        system,
        entity.name,
        entity.channel or connector.kind,
        str(writes),
        str(entity.feed),
        entity.feed_sees_deletions,
        len(entity.fields),
        entity.assumed,
        hidden,
        entity.aside if entity.creates or entity.updates else "",
    )


def _flows(assembly: Assembly, down: set[str]) -> Iterator[DoctorFinding]:
    for pair, given in assembly.pairs.items():
        lacking = sorted(down & set(given.sides.values()))
        if lacking:
            text = f"The flows of {pair} were not checked, because {lacking[0]} does not answer."
            yield DoctorFinding("flows", pair, Level.NOTE, text)
            continue
        try:
            flows = assembly.flows(pair)
        except Gp365Error as error:
            yield _of_error("flows", pair, error)
            continue
        for flow in flows:
            yield from _flow(pair, flow)
            yield from _owners(assembly, pair, flow)


def _flow(pair: str, flow: PreparedFlow) -> Iterator[DoctorFinding]:
    subject = f"{pair}/{flow.name}"
    for found in flow.findings:
        text = f"{found.where}: {found.message}"
        yield DoctorFinding("flows", subject, found.level, text, found.fix, found.code, {"row": found.row})
    if flow.compiled is not None:
        rows = len(flow.compiled.rows)
        yield DoctorFinding(
            "flows", subject, Level.OK, f"{rows} rows fit both systems.", facts={"rows": rows}
        )


def _owners(assembly: Assembly, pair: str, flow: PreparedFlow) -> Iterator[DoctorFinding]:
    """Name the fields whose owner the settings give, instead of the flow."""
    file = assembly.project.flows.get(flow.name).file
    for name, who in overridden(file, assembly.pairs[pair]).items():
        text = f"{name} belongs to {who} here, by gp365.toml; the flow says {flow_owner(file, name)}."
        facts = {"field": name, "owner": who}
        yield DoctorFinding("flows", f"{pair}/{flow.name}", Level.NOTE, text, facts=facts)


def _lookups(assembly: Assembly) -> Iterator[DoctorFinding]:
    shipped = shipped_lookups()
    try:
        held = assembly.project.lookups
    except Misconfigured as error:
        yield _of_error("lookups", "lookups", error)
        return
    for name, table in held.items():
        facts = {"lines": len(table.rows), "columns": list(table.columns)}
        if name in shipped and table == shipped[name]:
            text = f"{name} is the shipped table, made for GP's sample company."
            fix = f"Write your own as lookups/{name}.csv ({', '.join(table.columns)})."
            yield DoctorFinding("lookups", name, Level.NOTE, text, fix, facts=facts)
        else:
            yield DoctorFinding(
                "lookups", name, Level.OK, f"{name} has {len(table.rows)} lines.", facts=facts
            )


def _store(assembly: Assembly) -> Iterator[DoctorFinding]:
    try:
        store = assembly.project.store
    except Gp365Error as error:
        yield _of_error("store", "store", error)
        return
    where = ".gp365/gp365.db" if store.dialect == "sqlite" else "PostgreSQL"
    yield DoctorFinding("store", "store", Level.OK, f"The store is open ({where}).", facts={"id": store.id})
