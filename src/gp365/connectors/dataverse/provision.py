"""`gp365 provision`: what of ours is missing in a Dataverse organisation, made one step at a time, and taken away again.

Every step is looked at, made if it is missing, and looked at again; so a second run finds nothing to do, and a run that
broke off is continued. Nothing that is not ours is changed, but for change tracking and added payment-term options.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from gp365.connectors.dataverse.api import WebApi, connect
from gp365.connectors.dataverse.neighbours import Neighbour, neighbours_seen
from gp365.connectors.dataverse.own import Blueprint
from gp365.connectors.dataverse.own_files import wanted
from gp365.connectors.dataverse.removal import take_away
from gp365.connectors.dataverse.settings import DataverseSettings
from gp365.connectors.dataverse.site import Site
from gp365.connectors.dataverse.steps import PUBLISH, work_list
from gp365.connectors.dataverse.steps_views import how_to_place
from gp365.connectors.dataverse.terms import PaymentTerm, TermOption
from gp365.connectors.dataverse.work import Work
from gp365.model.errors import Misconfigured
from gp365.wire.calls import Log, silent
from gp365.wire.clock import Clock
from gp365.wire.retries import Retries


class State(StrEnum):
    """How a step stands."""

    PRESENT = "present"
    MAKE = "make"
    WAIT = "wait"  # made, the platform is still at work
    DIFFERS = "differs"  # there, but not as we need it: a person must decide
    MADE = "made"
    REMOVED = "removed"
    ABSENT = "absent"
    KEPT = "kept"  # not removed, because it is in use


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the plan."""

    id: str
    title: str
    state: State
    detail: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return the step for JSON."""
        return {"id": self.id, "title": self.title, "state": self.state.value, "detail": self.detail}


@dataclass(frozen=True, slots=True)
class ProvisionPlan:
    """What provisioning found and will do; `terms` maps GP's payment terms to options (added ones marked new).

    `methods` does the same for its shipping methods. `notes` say what is left to a person.
    """

    steps: tuple[Step, ...]
    terms: tuple[TermOption, ...] = ()
    asked_terms: tuple[PaymentTerm, ...] = ()
    opportunities: bool = False
    flows: frozenset[str] = frozenset()
    place_forms: bool = False
    notes: tuple[str, ...] = ()
    methods: tuple[TermOption, ...] = ()
    asked_methods: tuple[PaymentTerm, ...] = ()

    @property
    def nothing_to_do(self) -> bool:
        """Say whether everything is there as it should be."""
        return all(step.state is State.PRESENT for step in self.steps)

    @property
    def differing(self) -> tuple[Step, ...]:
        """Return the steps that a person must decide."""
        return tuple(step for step in self.steps if step.state is State.DIFFERS)

    def as_dict(self) -> dict[str, Any]:
        """Return the plan for JSON."""
        return {
            "steps": [step.as_dict() for step in self.steps],
            "terms": [
                {"term": term.term, "value": term.value, "label": term.label, "new": term.new}
                for term in self.terms
            ],
            "notes": list(self.notes),
            "nothing_to_do": self.nothing_to_do,
        }


def provisioning_api(
    settings: DataverseSettings,
    *,
    log: Log = silent,
    clock: Clock = Clock(),  # noqa: B008 (frozen)
    retries: Retries | None = None,
) -> WebApi:
    """Return the organisation's Web API under the privileged credential; Misconfigured if the settings have none."""
    if settings.provision is None:
        raise Misconfigured(
            "settings-invalid",
            "Provisioning needs a credential of its own",
            system=settings.name,
            field="provision",
            fix="Set `provision = {client_id = …, client_secret = …}` in the system's table.",
        )
    return connect(settings, settings.provision, log=log, clock=clock, retries=retries)


def _silent(_: str) -> None:
    return None


def plan(
    api: WebApi,
    terms: Sequence[PaymentTerm] = (),
    *,
    opportunities: bool = False,
    flows: Collection[str] = (),
    methods: Sequence[PaymentTerm] = (),
    place_forms: bool = False,
) -> ProvisionPlan:
    """Look at the organisation and say step by step what exists, what would be made, and what differs.

    Reads only. `flows` are those that the pairs of the organisation run, `api` carries the provisioning credential.
    Raise Unauthorised where its rights do not suffice.
    """
    site = Site(api, lambda _: None, _silent)
    work, options, of_methods = work_list(
        site, terms, opportunities=opportunities, flows=flows, methods=methods, place_forms=place_forms
    )
    steps = [_look(site, one) for one in work]
    if any(step.state is State.MAKE for step in steps):
        steps = [replace(step, state=State.MAKE) if step.id == PUBLISH else step for step in steps]
    notes = (*notes_of(wanted(flows), place_forms=place_forms), *neighbours_of(site, api.settings.neighbours))
    asked = (tuple(terms), opportunities, frozenset(flows), place_forms)
    return ProvisionPlan(tuple(steps), options, *asked, notes, of_methods, tuple(methods))


def notes_of(parts: Blueprint, *, place_forms: bool) -> Iterator[str]:
    """Say what provisioning cannot do by itself, or leaves to a person."""
    ours = ", ".join(table.name for table in parts.tables)
    yield (
        "The security role of the run-time application user needs Create, Read, Write, Append and Append To on "
        f"{ours}, and Read on account, contact and these tables for the whole organisation: change tracking asks for it."
    )
    if any(one.table == "invoice" for one in parts.files):
        yield "Where invoices run, the role needs all that on invoice and its lines too, and Read on price lists."
    for name, tables in parts.roles.items():
        shown = " and ".join(table.labels.lower() for table in tables)
        yield f"Only who is given the security role '{name}' (and administrators) sees {shown}; gp365 gives it to nobody."
    yield "Change tracking cannot be switched off again; removing leaves it on."
    if not place_forms:
        yield from how_to_place(parts.quick_views)


def neighbours_of(site: Site, neighbours: Sequence[Neighbour]) -> Iterator[str]:
    """Say which other connectors stand in the organisation, and that nothing of theirs is touched."""
    names = [str(row["uniquename"]) for row in site.rows("solutions?$select=uniquename")]
    account = site.table("account")
    for one, traces in neighbours_seen(neighbours, names, account.columns if account else ()):
        yield (
            f"{one.name} seems to be installed ({', '.join(traces)}): gp365 touches none of its tables, columns, solutions "
            f"and settings. {one.advice}".strip()
        )


def _look(site: Site, work: Work) -> Step:
    state, detail = work.look(site)
    return Step(work.id, work.title, State(state), detail)


def apply(
    api: WebApi,
    planned: ProvisionPlan,
    *,
    sleep: Callable[[float], None],
    say: Callable[[str], None] = _silent,
) -> ProvisionPlan:
    """Make what the plan lacks, one metadata write at a time, and return how every step stands now.

    A step that differs is left alone and stays `differs`. Raise Retry where the platform is slower than our patience
    (run again: it goes on from there), Rejected with the platform's words where a write is refused.
    """
    site = Site(api, sleep, say)
    work, options, of_methods = work_list(
        site,
        planned.asked_terms,
        opportunities=planned.opportunities,
        flows=planned.flows,
        methods=planned.asked_methods,
        place_forms=planned.place_forms,
    )
    steps = tuple(_do(site, one) for one in work)
    return replace(planned, steps=steps, terms=options, methods=of_methods)


def _do(site: Site, work: Work) -> Step:
    before = _look(site, work)
    if before.state not in (State.MAKE, State.WAIT):
        return before
    site.say(work.title)
    work.make(site)
    after = _look(site, work)
    state = State.MADE if after.state is State.PRESENT else after.state
    return Step(work.id, work.title, state, after.detail or before.detail)


def remove(api: WebApi, *, force: bool = False, sleep: Callable[[float], None]) -> tuple[Step, ...]:
    """Take away what is ours: sections, forms, views, roles, lookups, columns, tables, options, solution, publisher.

    Raise Conflict while our tables hold rows, unless forced. Change tracking stays on: the platform
    cannot switch it off (use-change-tracking page).
    """
    site = Site(api, sleep, _silent)
    return tuple(
        Step(name, title, State(state), detail) for name, title, state, detail in take_away(site, force=force)
    )
