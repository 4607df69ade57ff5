"""The steps of provisioning in their order: each looks how it stands (present, make, wait, differs) and can be made."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial

from gp365.connectors.dataverse import blueprint as ours
from gp365.connectors.dataverse.own import Blueprint
from gp365.connectors.dataverse.own_files import wanted
from gp365.connectors.dataverse.site import Site
from gp365.connectors.dataverse.steps_roles import role_work
from gp365.connectors.dataverse.steps_tables import (
    active_work,
    column_work,
    key_work,
    lookup_work,
    table_work,
    tracking_work,
)
from gp365.connectors.dataverse.steps_views import place_work, quick_view_work, view_work
from gp365.connectors.dataverse.terms import PaymentTerm, TermOption, propose
from gp365.connectors.dataverse.work import MAKE, PRESENT, Looked, Work
from gp365.model.errors import Misconfigured

PUBLISH = "publish"


def work_list(
    site: Site,
    terms: Sequence[PaymentTerm],
    *,
    opportunities: bool,
    flows: Collection[str] = (),
    place_forms: bool = False,
) -> tuple[tuple[Work, ...], tuple[TermOption, ...]]:
    """Return the steps in the order in which they must be made, and the option of each payment term.

    `opportunities` are tracked, and tables and columns of `flows` made, only where a pair needs them; forms of the site
    are touched only where `place_forms` says so.
    """
    parts = wanted(flows)
    options = propose(terms, _term_options(site)) if terms else ()
    tracked = (*parts.tracked, *(("opportunity",) if opportunities else ()))
    return (
        Work("publisher", "Publisher gp365 (prefix gp365)", _look_publisher, _make_publisher),
        Work("solution", "Solution gp365", _look_solution, _make_solution),
        *(table_work(table) for table in parts.tables),
        *(column_work(column) for column in parts.columns),
        *(lookup_work(lookup) for lookup in parts.lookups),
        *(key_work(key) for key in parts.keys),
        *(tracking_work(name) for name in dict.fromkeys(tracked)),
        *(_option_work(option) for option in options if option.new),
        *(role_work(name, tables) for name, tables in parts.roles.items()),
        *(view_work(view) for view in parts.views),
        *(quick_view_work(view) for view in parts.quick_views),
        *(place_work(site, parts) if place_forms else ()),
        Work(PUBLISH, "Publish all changes", _look_published, partial(_publish, parts)),
        *(active_work(key) for key in parts.keys),
    ), options


def _term_options(site: Site) -> Mapping[int, str]:
    account = site.table("account")
    column = account.columns.get(ours.TERMS_COLUMN) if account else None
    if column is None:
        raise Misconfigured("entity-unknown", f"Dataverse has no account.{ours.TERMS_COLUMN}")
    return column.options


def _look_publisher(site: Site) -> Looked:
    found = site.publisher()
    if found is None:
        return MAKE
    prefix = found.get("customizationprefix")
    return PRESENT if prefix == ours.PREFIX else ("differs", f"its prefix is {prefix}")


def _make_publisher(site: Site) -> None:
    site.write(
        lambda: site.api.post("publishers", ours.publisher_body()), lambda: site.publisher() is not None
    )


def _look_solution(site: Site) -> Looked:
    return PRESENT if site.solution() is not None else MAKE


def _make_solution(site: Site) -> None:
    publisher = site.publisher() or {}
    body = ours.solution_body(str(publisher.get("publisherid", "")))
    site.write(lambda: site.api.post("solutions", body), lambda: site.solution() is not None)


def _option_work(option: TermOption) -> Work:
    title = f"Option {option.value} '{option.label}' of account.{ours.TERMS_COLUMN} (assumed)"
    return Work(f"option:{option.value}", title, partial(_look_option, option), partial(_make_option, option))


def _look_option(option: TermOption, site: Site) -> Looked:
    held = _term_options(site).get(option.value)
    if held is None:
        return MAKE
    return PRESENT if held == option.label else ("differs", f"it is called {held}")


def _make_option(option: TermOption, site: Site) -> None:
    body = {
        "EntityLogicalName": "account",
        "AttributeLogicalName": ours.TERMS_COLUMN,
        "Value": option.value,
        "Label": ours.label(option.label, site.language()),
        "SolutionUniqueName": ours.SOLUTION,
    }
    site.write(
        lambda: site.api.post("InsertOptionValue", body),
        lambda: option.value in _term_options(site),
        "account",
    )


def _look_published(site: Site) -> Looked:
    solution = site.solution()
    return PRESENT if solution is not None and solution.get("description") == ours.PUBLISHED else MAKE


def _publish(parts: Blueprint, site: Site) -> None:
    # Written into the solution, so that a run that broke off before this step is seen to be unfinished.
    publish(site, (*parts.touched, *parts.placed))
    site.describe_solution(ours.PUBLISHED)


def publish(site: Site, tables: Sequence[str]) -> None:
    """Publish what was changed at these tables."""
    entities = "".join(f"<entity>{name}</entity>" for name in dict.fromkeys(tables))
    body = {"ParameterXml": f"<importexportxml><entities>{entities}</entities></importexportxml>"}
    site.api.post("PublishXml", body)
