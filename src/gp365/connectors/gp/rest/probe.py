"""What doctor finds out about GP over SBA: reading only, in the order in which one thing depends on another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from gp365.connectors.gp.rest.service import Service
from gp365.connectors.gp.tables import NAMES, entity_named
from gp365.model.contract import Finding, Level
from gp365.model.errors import Gp365Error, Misconfigured, Unauthorised
from gp365.wire.clock import Clock
from gp365.wire.windows import Lanes

_SOON = timedelta(days=30)


def findings(service: Service, lanes: Lanes, clock: Clock) -> Iterator[Finding]:
    """Give the findings: certificate and login, discovery page, company, then each entity. Nothing is written."""
    lanes.reset()
    try:
        status = service.help_status(lanes)
    except Gp365Error as fault:
        yield _error("authentication" if isinstance(fault, Unauthorised) else "connection", fault)
        return
    yield from _login(lanes, clock)
    yield _help(status)
    yield from _company(service, lanes)
    for name in NAMES:
        if name != "company" and name in service.settings.resources:
            yield _entity(service, lanes, name)


def _login(lanes: Lanes, clock: Clock) -> Iterator[Finding]:
    report = lanes.report()
    if report.certificate is not None:
        until = report.certificate.valid_to
        names = ", ".join(report.certificate.names) or report.certificate.subject
        level = Level.WARNING if until - clock.utc_now() < _SOON else Level.OK
        yield Finding(
            "TLS",
            level,
            f"The certificate for {names} is trusted until {until:%Y-%m-%d}.",
            fix="Renew the certificate." if level is Level.WARNING else "",
            code="certificate" if level is Level.WARNING else "",
            facts={"names": list(report.certificate.names), "issuer": report.certificate.issuer},
        )
    bound = "with channel binding" if report.bound else "without channel binding"
    yield Finding(
        "authentication",
        Level.OK,
        f"Logged in by {report.mechanism or 'no login at all'}, {bound}; offered: {', '.join(report.offered) or 'none'}.",
        facts={
            "scheme": report.mechanism,
            "offered": list(report.offered),
            "bound": report.bound,
            "handshakes": report.handshakes,
            "every_request": report.every_request,
        },
    )


def _help(status: int) -> Finding:
    if status == 200:
        return Finding("discovery", Level.OK, "The service's help page answers.", facts={"status": status})
    return Finding(
        "discovery",
        Level.NOTE,
        f"The service's help page answers HTTP {status}: wrong tenant, or the page is closed.",
        facts={"status": status},
    )


def _company(service: Service, lanes: Lanes) -> Iterator[Finding]:
    names, wanted = service.company_names(lanes), service.settings.company
    if not names:
        yield Finding(
            "company", Level.NOTE, "The service lists no companies to us; the name is tried as it is."
        )
    elif wanted.casefold() in {name.casefold() for name in names}:
        yield Finding("company", Level.OK, f"The company {wanted!r} is there.", facts={"companies": names})
    else:
        yield _error("company", service.company_unknown(names))
    yield Finding(
        "currency",
        Level.NOTE,
        f"SBA serves no company setup: the functional currency {service.settings.functional_currency or '(not set)'} "
        "is taken from the settings.",
    )


def _entity(service: Service, lanes: Lanes, name: str) -> Finding:
    try:
        first = service.first_row(lanes, name)
    except Gp365Error as fault:
        return _refused(name, fault)
    return _served(service, name, first)


def _refused(name: str, fault: Gp365Error) -> Finding:
    """A 403 and a 404 cannot be told apart safely, so that both readings are given; other entities may still work."""
    told = _error(name, fault)
    if isinstance(fault, Misconfigured) and fault.code == "not-served":
        fix = "The resource is not installed, is spelled otherwise (set its path), or the user lacks its window."
        return Finding(name, told.level, told.text, fix, told.code)
    return told


def _served(service: Service, name: str, first: Mapping[str, Any] | None) -> Finding:
    entity, resource = entity_named(name), service.resource(name)
    given_up = {ours for ours, theirs in service.settings.names.get(name, {}).items() if not theirs}
    named = [field for field, each in entity.fields.items() if each.sba and field not in given_up]
    expected = named if first is not None else []
    missing = [field for field in expected if field not in (first or {})]
    unknown = [field for field in first or () if field not in entity.fields]
    facts: dict[str, object] = {
        "channel": "rest",
        "path": resource.path,
        "strength": "whole" if entity.updates else "read only",
        "verbs": list(resource.verbs),
        "feed": "modified" if resource.modified_filter else "full list",
        "missing": missing,
        "unknown": unknown,
        "not_served": list(entity.not_served),
        "assumed": [*entity.assumed, *(["path, keys and verbs of the resource"] if resource.assumed else [])],
    }
    parts = [_how(name, first), _strength(entity.updates)]
    if entity.not_served:
        parts.append(f"not served: {', '.join(entity.not_served)} (SBA has no internet addresses)")
    if name == "customer":
        parts.append("one that a role hides from us looks like a deleted one")
    if unknown:
        parts.append(f"unknown here: {', '.join(unknown)}")
    keyless = [field for field in entity.key if field in missing]
    if missing:
        return Finding(
            name,
            Level.ERROR if keyless else Level.WARNING,
            "; ".join([*parts, f"fields that do not come: {', '.join(missing)}"]) + ".",
            fix="Correct the names of the fields in the settings, or leave these fields out of the flows.",
            code="not-served",
            facts=facts,
        )
    return Finding(name, Level.OK, "; ".join(parts) + ".", facts=facts)


def _how(name: str, first: Mapping[str, Any] | None) -> str:
    return f"{name} is served over REST" + ("" if first is not None else ", its list is empty")


def _strength(updates: bool) -> str:
    if not updates:
        return "read only"
    return (
        "write strength whole: read again, merged, sent whole (an edit inside the window can be lost); "
        "doctor proves no writes"
    )


def _error(subject: str, fault: Gp365Error) -> Finding:
    return Finding(subject, Level.ERROR, fault.message, fault.fix, fault.code)
