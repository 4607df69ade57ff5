"""What doctor finds out about GP Web Services: reading only, in the order in which one thing depends on another."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from gp365.connectors.gp.classes import CLASSES
from gp365.connectors.gp.soap.classes import Classes
from gp365.connectors.gp.soap.faults import Faulted
from gp365.connectors.gp.soap.reading import Reading
from gp365.connectors.gp.soap.service import Service
from gp365.connectors.gp.soap.settings import SoapSettings
from gp365.connectors.gp.soap.shapes import ORGANISATION, Shape, served, shape_of
from gp365.connectors.gp.soap.writing import WRITTEN
from gp365.model.contract import Finding, Level
from gp365.model.errors import Gp365Error, Unauthorised
from gp365.wire.clock import Clock
from gp365.wire.windows import Lanes

_SOON = timedelta(days=30)
_NO_KEY = "~~~~~~~~"


def findings(
    service: Service, lanes: Lanes, reading: Reading, clock: Clock, classes: Classes
) -> Iterator[Finding]:
    """Give the findings: login, description, company, policies, classes, then each entity. Nothing is written."""
    lanes.reset()
    try:
        with lanes.lane() as lane:
            service.messages.open(lane)
    except Gp365Error as fault:
        yield _error("authentication" if isinstance(fault, Unauthorised) else "connection", fault)
        return
    company = _company(service, lanes)
    yield from _login(service, lanes, clock)
    yield company
    if company.level is Level.ERROR:
        return
    yield _currency(service)
    yield _policies(service, lanes)
    yield _classes(classes, service.settings)
    for name in served():
        if name != ORGANISATION:
            yield _entity(service, lanes, name)
    yield _not_served()


def _login(service: Service, lanes: Lanes, clock: Clock) -> Iterator[Finding]:
    report = lanes.report()
    if service.settings.plain:
        yield Finding(
            "TLS",
            Level.WARNING,
            "The Web Services are reached over plain http: what is read and written can be seen on the network.",
            fix="Bind the service's legacy endpoint to https in DynamicsGPLegacy.config, or keep it on a closed network.",
            code="certificate",
        )
    elif report.certificate is not None:
        until = report.certificate.valid_to
        late = until - clock.utc_now() < _SOON
        yield Finding(
            "TLS",
            Level.WARNING if late else Level.OK,
            f"The certificate is trusted until {until:%Y-%m-%d}.",
            fix="Renew the certificate." if late else "",
            code="certificate" if late else "",
        )
    yield Finding(
        "authentication",
        Level.OK,
        f"Logged in by {report.mechanism or 'no login at all'}; offered: {', '.join(report.offered) or 'none'}.",
        facts={
            "scheme": report.mechanism,
            "offered": list(report.offered),
            "handshakes": report.handshakes,
            "every_request": report.every_request,
        },
    )


def _company(service: Service, lanes: Lanes) -> Finding:
    try:
        with lanes.lane() as lane:
            names = service.company_names(lane)
            number = service.company_id(lane)
    except Faulted as fault:
        return _error("company", fault.explained)
    except Gp365Error as fault:
        return _error("company", fault)
    if number not in names.values():
        return _error("company", service.company_unknown(names))
    name = next(each for each, held in names.items() if held == number)
    return Finding(
        "company",
        Level.OK,
        f"The company {name!r} is there, number {number}.",
        facts={"companies": list(names)},
    )


def _currency(service: Service) -> Finding:
    known = service.settings.currency
    told = (
        f"is {known} by the settings"
        if known
        else "is learned from the amounts of the customers that are read"
    )
    return Finding(
        "currency", Level.NOTE, f"Amounts are sent with their currency: the functional one {told}."
    )


def _policies(service: Service, lanes: Lanes) -> Finding:
    try:
        with lanes.lane() as lane:
            for operation in ("CreateCustomer", "UpdateCustomer"):
                service.policy(lane, operation)
    except (Faulted, Gp365Error) as fault:
        error = fault.explained if isinstance(fault, Faulted) else fault
        return _error("policy", error)
    return Finding("policy", Level.OK, "The policies of the operations that write can be read.")


def _classes(classes: Classes, settings: SoapSettings) -> Finding:
    """Say where the defaults of customer classes come from: the service has none."""
    if classes.source is not None:
        way = classes.source.way
        text = f"What a customer class gives to a new customer is read over {way.upper()} and sent along."
        return Finding(CLASSES, Level.OK, text, facts={"from": way})
    try:
        held = classes.file()
    except Gp365Error as fault:
        return _error(CLASSES, fault)
    approved = sorted(name for name, each in held.items() if each.approved)
    waiting = sorted(name for name in held if name not in approved)
    name = settings.classes.name
    text = (
        f"GP Web Services have no customer classes; new customers are given what {name} says: {len(approved)} of "
        f"its {len(held)} classes are approved."
        if held
        else f"GP Web Services have no customer classes, and {name} has none either: no customer of a class is made."
    )
    fix = (
        f"Look at {', '.join(waiting[:5])} in {name} and set approved = true."
        if waiting
        else f"Run `gp365 gp draft-classes --system {settings.name} --write`, look at {name}, set approved = true."
    )
    fine = bool(held) and not waiting
    facts: dict[str, object] = {"from": "file", "approved": approved, "waiting": waiting}
    return Finding(CLASSES, Level.OK if fine else Level.WARNING, text, "" if fine else fix, facts=facts)


def _entity(service: Service, lanes: Lanes, name: str) -> Finding:
    shape = shape_of(name)
    missing = [each for each in (shape.listing, shape.detail) if each and not service.messages.knows(each)]
    if missing:
        return Finding(
            name,
            Level.WARNING,
            f"This version of the Web Services has no {', '.join(missing)}.",
            code="not-served",
        )
    given = {shape.window: {"From": _NO_KEY, "To": _NO_KEY}} if shape.window else {}
    try:
        with lanes.lane() as lane, service.items(lane, name, given) as items:
            for _ in items:
                pass
    except Faulted as fault:
        return _error(name, fault.explained)
    except Gp365Error as fault:
        return _error(name, fault)
    return Finding(name, Level.OK, f"{'; '.join(_told(shape))}.", facts=_facts(shape))


def _told(shape: Shape) -> list[str]:
    name = shape.entity.name
    told = [f"{name} is served over SOAP"]
    if name in WRITTEN:
        told.append("write strength reread: read again, only what changes is sent; doctor proves no writes")
    if shape.detail and shape.summary:
        told.append(
            f"its list gives {len(shape.summary)} fields, the other ones cost one request for each record"
        )
    if not shape.since:
        told.append("no stamp: it is read whole each time")
    elif shape.by_day:
        told.append("changes are found by day, deletions not at all")
    else:
        told.append("changes are found by stamp (UTC, assumed)")
    if name == "customer":
        told.append(
            "deletions and changed addresses are seen at once only where eConnect's requester keeps changed keys; "
            "class defaults are not applied by the service: gp365 sends them"
        )
    return told


def _facts(shape: Shape) -> dict[str, object]:
    return {
        "channel": "soap",
        "operations": [each for each in (shape.listing, shape.detail) if each],
        "strength": "reread" if shape.entity.name in WRITTEN else "read only",
        "feed": ("day" if shape.by_day else "stamp") if shape.since else "full list",
        "fields": sorted(shape.served),
        "key": list(shape.keyed),
    }


def _not_served() -> Finding:
    return Finding(
        "not served",
        Level.NOTE,
        "The Web Services have no customer classes, balances of accounts, applications, batches, notes, fiscal periods "
        "or document lines here: read these over SQL or REST.",
    )


def _error(subject: str, fault: Gp365Error) -> Finding:
    return Finding(subject, Level.ERROR, fault.message, fault.fix, fault.code)
