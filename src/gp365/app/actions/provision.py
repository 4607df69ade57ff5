"""Provisioning Dataverse: what of ours is missing, made and removed with a credential of its own; GP's terms as options.

GP's payment terms (and, where the flow runs, its shipping methods) are read through the GP connector. `apply` writes
lookups: payment_terms.csv and shipping_methods.csv between entries and options, where lines that a site has written
itself are kept, currencies.csv with the organisation's currencies, invoice_price_lists.csv where invoices run, and the
tables that the pairs ask for (choices).
"""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gp365.app.actions.choices import choices
from gp365.app.actions.provision_options import COLUMNS, METHODS, TERMS, List
from gp365.app.assembly import Assembly
from gp365.app.connecting import dataverse_settings
from gp365.app.left_out import flows_of
from gp365.app.settings import DataverseSystem
from gp365.model.errors import Misconfigured

if TYPE_CHECKING:
    from gp365.connectors.dataverse.api import WebApi
    from gp365.connectors.dataverse.provision import ProvisionPlan, Step
    from gp365.connectors.dataverse.terms import TermOption

CURRENCIES = "currencies"
PRICE_LISTS = "invoice_price_lists"
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ProvisionStep:
    """One step: id, title, how it stands (present, make, wait, differs, made, removed, absent, kept), and details."""

    id: str
    title: str
    state: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class TermLine:
    """A payment term of GP and its option in Dataverse; `new`: the option is added."""

    term: str
    value: int
    label: str
    new: bool


@dataclass(frozen=True, slots=True)
class Provisioned:
    """What was planned, made or removed in one organisation; `lookups` are the files that were written.

    `notes` say what is left to a person.
    """

    system: str
    steps: tuple[ProvisionStep, ...]
    terms: tuple[TermLine, ...]
    nothing_to_do: bool
    differing: int
    lookups: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def provision_plan(assembly: Assembly, system: str = "", *, place_forms: bool = False) -> Provisioned:
    """Say what would be made in an organisation; reads only. Forms of the site are left alone unless `place_forms`."""
    name = _system(assembly, system)
    with privileged(assembly, name) as api:
        planned = _planned(assembly, name, api, place_forms=place_forms)
    return _result(name, planned)


def provision_apply(
    assembly: Assembly,
    system: str = "",
    *,
    place_forms: bool = False,
    say: Say = lambda _: None,
    sleep: Callable[[float], None] = time.sleep,
) -> Provisioned:
    """Make what is missing and write the lookups of terms and currencies. After Retry, run again: it goes on from there."""
    from gp365.connectors.dataverse import provision
    from gp365.connectors.dataverse.currencies import currencies
    from gp365.connectors.dataverse.steps_prices import price_lists

    name = _system(assembly, system)
    with assembly.project.locked(), privileged(assembly, name) as api:
        planned = _planned(assembly, name, api, place_forms=place_forms)
        done = provision.apply(api, planned, sleep=sleep, say=say)
        written = [
            _write_options(assembly, TERMS, done.terms),
            _write_options(assembly, METHODS, done.methods),
        ]
        written.append(_write_currencies(assembly, currencies(api)))
        written.append(_write_price_lists(assembly, price_lists(api, _flows(assembly, name))))
        tables = list(choices(assembly, name, api))
        written += [_write(assembly, table.name, table.columns, table.lines) for table in tables]
    _forget(assembly, name)
    return _result(name, done, [file for file in written if file])


def provision_remove(
    assembly: Assembly,
    system: str = "",
    *,
    force: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> Provisioned:
    """Take away what is ours; Conflict while cards exist, unless forced. Change tracking stays on."""
    from gp365.connectors.dataverse import provision

    name = _system(assembly, system)
    with assembly.project.locked(), privileged(assembly, name) as api:
        steps = provision.remove(api, force=force, sleep=sleep)
    _forget(assembly, name)
    return Provisioned(name, _steps(steps), (), all(step.state == "absent" for step in steps), 0)


def _result(name: str, planned: ProvisionPlan, written: Sequence[str] = ()) -> Provisioned:
    terms = tuple(TermLine(term.term, term.value, term.label, term.new) for term in planned.terms)
    return Provisioned(
        name,
        _steps(planned.steps),
        terms,
        planned.nothing_to_do,
        len(planned.differing),
        tuple(written),
        planned.notes,
    )


def _steps(steps: Sequence[Step]) -> tuple[ProvisionStep, ...]:
    return tuple(ProvisionStep(step.id, step.title, str(step.state), step.detail) for step in steps)


def _system(assembly: Assembly, name: str) -> str:
    """Return the organisation that is meant: the named one, or the only one."""
    systems = assembly.project.settings.systems
    organisations = [known for known, given in systems.items() if isinstance(given, DataverseSystem)]
    if name in organisations:
        return name
    if name and name not in systems:
        fix = f"The systems are {', '.join(systems)}."
        raise Misconfigured("system-unknown", f"There is no system {name}.", value=name, fix=fix)
    if name or len(organisations) != 1:
        known = ", ".join(organisations) or "none"
        raise Misconfigured(
            "usage",
            f"{name} is not of kind dataverse." if name else "Say which organisation is meant.",
            field="system",
            value=name,
            fix=f"The organisations are: {known}.",
        )
    return organisations[0]


@contextmanager
def privileged(assembly: Assembly, name: str) -> Generator[WebApi]:
    """Open the organisation with the credential of `provision`."""
    from gp365.connectors.dataverse.api import connect

    project = assembly.project
    given = project.settings.systems[name]
    assert isinstance(given, DataverseSystem)
    settings = dataverse_settings(project, name, given)
    if settings.provision is None:
        raise Misconfigured(
            "settings-invalid",
            f"systems.{name}.provision is missing: provisioning needs a registration with more rights.",
            system=name,
            field=f"systems.{name}.provision",
            fix='Add provision = {client_id = "…", client_secret = {env = "…"}} there.',
        )
    api = connect(settings, settings.provision, log=project.log.call)
    try:
        yield api
    finally:
        api.close()


def _planned(assembly: Assembly, name: str, api: WebApi, *, place_forms: bool) -> ProvisionPlan:
    from gp365.connectors.dataverse import provision

    flows = _flows(assembly, name)
    return provision.plan(
        api,
        TERMS.entries(assembly, name),
        opportunities=_opportunities(assembly, name),
        flows=flows,
        methods=METHODS.entries(assembly, name) if METHODS.lookup in flows else (),
        place_forms=place_forms,
    )


def _flows(assembly: Assembly, name: str) -> frozenset[str]:
    """Name the flows that the pairs of an organisation run: they say which of our tables and columns it needs."""
    pairs = [pair for pair, given in assembly.pairs.items() if name in given.sides.values()]
    return frozenset(flow.name for pair in pairs for flow in flows_of(assembly.project, pair))


def _opportunities(assembly: Assembly, name: str) -> bool:
    """Tell whether a pair of this organisation lets prospects in at their first opportunity."""
    return any(
        pair.options.get("prospects") is True
        for pair in assembly.pairs.values()
        if name in pair.sides.values()
    )


# lookups


def _write_options(assembly: Assembly, list_: List, options: Sequence[TermOption]) -> str:
    """Write which option an entry of a list of GP is."""
    lines = list_.lines(assembly, options)
    return _write(assembly, list_.lookup, COLUMNS, lines) if lines else ""


def _write_currencies(assembly: Assembly, found: Mapping[str, str]) -> str:
    """Write which currency of the organisation is which: a credit limit must not be read in another currency."""
    return _write(assembly, CURRENCIES, ("currency", "sales"), [[iso, key] for iso, key in found.items()])


def _write_price_lists(assembly: Assembly, found: Mapping[str, str]) -> str:
    """Write which price list an invoice of a currency names; lines that a site has written itself are kept."""
    held = assembly.project.lookups.get(PRICE_LISTS)
    kept = {row[0]: row[1] for row in held.rows} if held is not None else {}
    lines = [[iso, key] for iso, key in sorted({**found, **kept}.items())]
    return _write(assembly, PRICE_LISTS, ("currency", "price_list"), lines) if lines else ""


def _write(assembly: Assembly, name: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a lookup in one step and return its name, "" where it stands like this already."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    path = assembly.project.folder / "lookups" / f"{name}.csv"
    new = text.getvalue().encode()
    if path.exists() and path.read_bytes() == new:
        return ""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(new)
    part.replace(path)
    return f"lookups/{path.name}"


def _forget(assembly: Assembly, name: str) -> None:
    """Let everything be described anew."""
    assembly.project.reload()
    assembly.forget(name)
