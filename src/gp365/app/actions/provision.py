"""Provisioning Dataverse: what of ours is missing, made and removed with a credential of its own; GP's terms as options.

GP's payment terms are read through the GP connector. `apply` writes lookups: payment_terms.csv between terms and
options, where lines that a site has written itself are kept, currencies.csv with the organisation's currencies, and the
tables that options of the pairs ask for (choices).
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
from gp365.app.assembly import Assembly
from gp365.app.connecting import dataverse_settings
from gp365.app.left_out import flows_of
from gp365.app.settings import DataverseSystem, GpSystem
from gp365.model.errors import Misconfigured

if TYPE_CHECKING:
    from gp365.connectors.dataverse.api import WebApi
    from gp365.connectors.dataverse.provision import ProvisionPlan, Step
    from gp365.connectors.dataverse.terms import PaymentTerm, TermOption

TERMS = "payment_terms"
COLUMNS = ("gp", "sales", "label")
CURRENCIES = "currencies"
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

    name = _system(assembly, system)
    with assembly.project.locked(), privileged(assembly, name) as api:
        planned = _planned(assembly, name, api, place_forms=place_forms)
        done = provision.apply(api, planned, sleep=sleep, say=say)
        written = [_write_terms(assembly, done.terms), _write_currencies(assembly, currencies(api))]
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

    return provision.plan(
        api,
        _terms(assembly, name),
        opportunities=_opportunities(assembly, name),
        flows=_flows(assembly, name),
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


# payment terms


def _terms(assembly: Assembly, name: str) -> list[PaymentTerm]:
    """Read the payment terms of every GP company that is paired with the organisation, but those a site has mapped."""
    from gp365.connectors.dataverse.terms import PaymentTerm

    mapped = _mapped_by_site(assembly)
    found: dict[str, PaymentTerm] = {}
    for pair in assembly.pairs.values():
        gp = pair.sides.get("gp", "")
        if name not in pair.sides.values() or not isinstance(
            assembly.project.settings.systems.get(gp), GpSystem
        ):
            continue
        for page in assembly.connector(gp).census(TERMS):
            for (term,), _ in page:
                if term.casefold() not in mapped:
                    found.setdefault(term, PaymentTerm(term))
    return list(found.values())


def _mapped_by_site(assembly: Assembly) -> set[str]:
    """Name the terms that a site's own line gives to an option that is not ours."""
    from gp365.connectors.dataverse.blueprint import FIRST_OPTION
    from gp365.connectors.dataverse.terms import OPTIONS_PER_PREFIX

    own = range(FIRST_OPTION, FIRST_OPTION + OPTIONS_PER_PREFIX)
    return {
        term.casefold()
        for term, (value, _) in _lines(assembly).items()
        if not (value.isascii() and value.isdigit() and int(value) in own)
    }


def _lines(assembly: Assembly) -> Mapping[str, tuple[str, str]]:
    table = assembly.project.lookups.get(TERMS)
    if table is None:
        return {}
    wide = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    return {row[table.columns[0]]: (row.get("sales", ""), row.get("label", "")) for row in wide}


def _write_terms(assembly: Assembly, options: Sequence[TermOption]) -> str:
    """Write the lookup of terms: the site's own lines as they stand, ours anew."""
    if not options:
        return ""
    given = {option.term.casefold() for option in options}
    lines = {term: held for term, held in _lines(assembly).items() if term.casefold() not in given} | {
        option.term: (str(option.value), option.label) for option in options
    }
    rows = [[term, *lines[term]] for term in sorted(lines, key=str.casefold)]
    return _write(assembly, TERMS, COLUMNS, rows)


def _write_currencies(assembly: Assembly, found: Mapping[str, str]) -> str:
    """Write which currency of the organisation is which: a credit limit must not be read in another currency."""
    return _write(assembly, CURRENCIES, ("currency", "sales"), [[iso, key] for iso, key in found.items()])


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
