"""How everything stands, put together: what the store tells of each flow, and what only the service knows."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from gp365.app.alerts.stored import flow_standings
from gp365.app.project import Project
from gp365.app.service.circuit import CLOSED
from gp365.app.service.due import Planned, runs_at
from gp365.app.service.standing import FlowStanding, Standing, SystemStanding
from gp365.app.traffic import traffic
from gp365.store import actions, hints

if TYPE_CHECKING:
    from gp365.app.service.plans import State


def standing_of(project: Project, state: State, began: datetime, now: datetime) -> Standing:
    """Say how everything stands, from the store and from what is planned."""
    with project.store.read() as conn:
        flows = _flows(project, conn, state, now)
        waiting = sum(hints.waiting(conn).values())
        asked = actions.count_waiting(conn)
    quiet = [until for pair in project.settings.pairs if (until := state.quiet(pair, now)) is not None]
    systems = tuple(_system(project, name, state, now) for name in project.settings.systems)
    return Standing(now, began, flows, systems, (), waiting, asked, min(quiet, default=None))


def _flows(project: Project, conn: Connection, state: State, now: datetime) -> tuple[FlowStanding, ...]:
    plans = state.planned()
    held = flow_standings(project, conn, [(plan.pair, plan.flow) for plan in plans], now)
    return tuple(_laid_over(one, state, plan, now) for one, plan in zip(held, plans, strict=True))


def _laid_over(held: FlowStanding, state: State, plan: Planned, now: datetime) -> FlowStanding:
    next_at = runs_at(plan, state.circuits, lambda pair: state.quiet(pair, now))
    return replace(held, next_look=next_at, stopped=state.stopped.get((plan.pair, plan.flow)))


def _system(project: Project, name: str, state: State, now: datetime) -> SystemStanding:
    held, given, seen = (
        state.circuits.get(name, CLOSED),
        project.settings.systems[name],
        traffic(project, name),
    )
    return SystemStanding(
        name,
        kind=str(given.kind),
        circuit=held.state(now),
        fault=held.fault,
        unauthorised=held.unauthorised,
        next_try=held.next_try,
        lanes=seen.places or int(getattr(given, "lanes", 0) or 0),
        busy=seen.busy,
        waiting=seen.waiting,
        refusals=seen.refusals,
        requests_today=seen.requests_today,
        allowance=project.settings.alerts.allowances.get(name, 0),
    )
