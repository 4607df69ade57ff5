"""Doctor: what every system, entity, flow and lookup of the project says of itself, each finding with its fix."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from gp365.app.actions.doctor_outputs import Doctor, DoctorFinding, EntityLine
from gp365.app.assembly import Assembly, PreparedFlow
from gp365.app.left_out import left_out
from gp365.app.loader import shipped_lookups
from gp365.app.owners import flow_owner, overridden
from gp365.app.settings import GpSystem
from gp365.model.contract import Connector, Finding, Level
from gp365.model.entity import EntityDescription
from gp365.model.errors import Bug, Gp365Error, Misconfigured, Retry, Unauthorised

if TYPE_CHECKING:
    from gp365.app.actions.doctor_gp import GpReport

_TO_DO = frozenset({"not-provisioned"})
"""Findings that name the next step of setting up and are nobody's fault: they do not change the exit code."""
_REFUSALS = frozenset(
    {
        "login-refused", "token-refused", "token-not-json", "right-missing", "user-missing", "scheme-missing",
        "binding-refused", "unreachable", "certificate", "throttled", "busy", "answer-unreadable", "answer-cut",
    }
)  # fmt: skip
Progress = Callable[[str], None]


def doctor(assembly: Assembly, *, progress: Progress = lambda what: None) -> Doctor:
    """Ask everything that can be asked without writing; what stops one system does not stop the others."""
    findings: list[DoctorFinding] = []
    entities: list[EntityLine] = []
    reports: list[GpReport] = []
    for name in assembly.project.settings.systems:
        progress(name)
        told = _system(assembly, name)
        gp = _of_gp(assembly, name, told)
        found = [_shown(name, one) for one in (*told, *(gp.findings if gp else ()))]
        reports += [gp] if gp else []
        findings += found
        if not any(one.code in _REFUSALS for one in found):
            entities += _entities(assembly, name)
    down = {one.system for one in findings if one.level == Level.ERROR and one.code in _REFUSALS}
    progress("flows")
    findings += _flows(assembly, down)
    findings += _lookups(assembly)
    findings += _store(assembly)
    return Doctor(
        tuple(findings),
        tuple(entities),
        _exit_code(findings),
        tuple(line for each in reports for line in each.matrix),
        tuple(line for each in reports for line in each.channels),
        tuple(each.version for each in reports),
        tuple(line for each in reports for line in each.add_ons),
        tuple(line for each in reports for line in each.lacking),
    )


def _exit_code(findings: Sequence[DoctorFinding]) -> int:
    errors = {one.code for one in findings if one.level == Level.ERROR} - _TO_DO
    if errors & _REFUSALS:
        return Unauthorised.exit_code
    return Misconfigured.exit_code if errors else 0


def _of_error(system: str, subject: str, error: Gp365Error) -> DoctorFinding:
    return DoctorFinding(system, subject, Level.ERROR, error.message, error.fix, error.code)


def _system(assembly: Assembly, name: str) -> list[Finding]:
    try:
        return list(assembly.connector(name).check())
    except (Misconfigured, Unauthorised, Retry, Bug) as error:
        return [Finding("connection", Level.ERROR, error.message, error.fix, error.code)]


def _of_gp(assembly: Assembly, name: str, told: Sequence[Finding]) -> GpReport | None:
    """Make the report of a GP system; None for another system, and for one that could not be set up."""
    given = assembly.project.settings.systems[name]
    if not isinstance(given, GpSystem):
        return None
    from gp365.app.actions.doctor_gp import report
    from gp365.connectors.gp import GpConnector

    try:
        connector = assembly.connector(name)
        return report(assembly, name, given, connector, told) if isinstance(connector, GpConnector) else None
    except Gp365Error:
        return None  # the check has said it


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
        for name, why in left_out(assembly.project, pair).items():
            yield DoctorFinding("flows", f"{pair}/{name}", Level.NOTE, why, code="not-served")
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


__all__ = ["Doctor", "DoctorFinding", "EntityLine", "doctor"]
