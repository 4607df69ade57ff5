"""Routing: which company a new record of a shared system belongs to. Linked records are never routed."""

from __future__ import annotations

from gp365.model.error_catalogue import CATALOGUE
from gp365.model.plan import Problem
from gp365.model.values import show
from gp365.sync.plan.facts import Computed, Facts

EVERY = "*"
"""A route that means every company."""


def route(side: str, facts: Facts) -> str | Problem:
    """Say where a record without a partner belongs: "" here, a reason when to another company, Problem when nowhere.

    The flow's `route` names a company or several joined by `;`, compared without case with the pair's own (INTERID).
    """
    named = facts.computed.get(f"route:{side}")
    if named is None:
        return ""
    if named.code and named.code != "lookup-missing":
        return Problem(named.code, named.message, field="route", side=side)
    companies = _companies(named)
    if not companies:
        return Problem("no-route", _nowhere(named), field="route", side=side)
    if EVERY in companies or facts.company.casefold() in {one.casefold() for one in companies}:
        return ""
    return f"routed to {', '.join(companies)}"


def _companies(named: Computed) -> list[str]:
    if named.code:
        return []
    return [text for part in show(named.value).split(";") if (text := part.strip())]


def _nowhere(named: Computed) -> str:
    return named.message if named.code else CATALOGUE["no-route"].meaning
