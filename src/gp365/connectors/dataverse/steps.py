"""The steps of provisioning in their order: each looks how it stands (present, make, wait, differs) and can be made."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

from gp365.connectors.dataverse import blueprint as ours
from gp365.connectors.dataverse.option_sets import METHODS, TERMS, settle
from gp365.connectors.dataverse.own_files import wanted
from gp365.connectors.dataverse.site import Site
from gp365.connectors.dataverse.steps_prices import price_list_work
from gp365.connectors.dataverse.steps_roles import role_work
from gp365.connectors.dataverse.steps_tables import (
    active_work,
    column_work,
    key_work,
    lookup_work,
    table_work,
    tracking_work,
)
from gp365.connectors.dataverse.steps_views import form_work, place_work, quick_view_work, view_work
from gp365.connectors.dataverse.terms import PaymentTerm, TermOption
from gp365.connectors.dataverse.work import MAKE, PRESENT, Looked, Work

PUBLISH = "publish"


def work_list(
    site: Site,
    terms: Sequence[PaymentTerm],
    *,
    opportunities: bool,
    flows: Collection[str] = (),
    methods: Sequence[PaymentTerm] = (),
    place_forms: bool = False,
) -> tuple[tuple[Work, ...], tuple[TermOption, ...], tuple[TermOption, ...]]:
    """Return the steps in the order in which they must be made, and the option of each payment term and shipping method.

    `opportunities` are tracked, and tables and columns of `flows` made, only where a pair needs them; forms of the site
    are touched only where `place_forms` says so.
    """
    parts = wanted(flows)
    of_terms = settle(site, TERMS, terms, wide=TERMS.flow in flows)
    of_methods = settle(site, METHODS, methods, wide=METHODS.flow in flows)
    # Publishing shows whatever else somebody has changed at a table: only those that we change.
    placed = parts.placed if place_forms else ()
    changed = (*parts.touched, *placed, *of_terms.tables, *of_methods.tables)
    tracked = (*parts.tracked, *(("opportunity",) if opportunities else ()))
    steps = (
        Work("publisher", "Publisher gp365 (prefix gp365)", _look_publisher, _make_publisher),
        Work("solution", "Solution gp365", _look_solution, _make_solution),
        *(table_work(table) for table in parts.tables),
        *(column_work(column) for column in parts.columns),
        *(lookup_work(lookup) for lookup in parts.lookups),
        *(key_work(key) for key in parts.keys),
        *(tracking_work(name) for name in dict.fromkeys(tracked)),
        *of_terms.work,
        *of_methods.work,
        *price_list_work(site, flows),
        *(role_work(name, tables) for name, tables in parts.roles.items()),
        *(view_work(view) for view in parts.views),
        *(quick_view_work(view) for view in parts.quick_views),
        *(form_work(one, table) for one, table in parts.shown),
        *(place_work(site, parts) if place_forms else ()),
        Work(PUBLISH, "Publish all changes", _look_published, partial(_publish, changed)),
        *(active_work(key) for key in parts.keys),
    )
    return steps, of_terms.options, of_methods.options


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


def _look_published(site: Site) -> Looked:
    solution = site.solution()
    return PRESENT if solution is not None and solution.get("description") == ours.PUBLISHED else MAKE


def _publish(tables: Sequence[str], site: Site) -> None:
    # Written into the solution, so that a run that broke off before this step is seen to be unfinished.
    publish(site, tables)
    site.describe_solution(ours.PUBLISHED)


def publish(site: Site, tables: Sequence[str]) -> None:
    """Publish what was changed at these tables."""
    entities = "".join(f"<entity>{name}</entity>" for name in dict.fromkeys(tables))
    body = {"ParameterXml": f"<importexportxml><entities>{entities}</entities></importexportxml>"}
    site.api.post("PublishXml", body)
