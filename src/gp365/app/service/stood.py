"""How everything stands, put together: what the store tells of each flow, and what only the service knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from gp365.app.actions.lease import NAME, PAIR
from gp365.app.alerts.stored import flow_standings
from gp365.app.project import Project
from gp365.app.service.circuit import CLOSED
from gp365.app.service.crew import is_slot, slot_in
from gp365.app.service.due import Planned, runs_at
from gp365.app.service.standing import FlowStanding, Standing, SystemStanding, WorkerStanding
from gp365.app.traffic import traffic
from gp365.store import actions, hints
from gp365.store import lease as leases

if TYPE_CHECKING:
    from gp365.app.service.plans import State


def standing_of(project: Project, state: State, began: datetime, now: datetime) -> Standing:
    """Say how everything stands, from the store and from what is planned."""
    with project.store.read() as conn:
        flows = _flows(project, conn, state, now)
        waiting = sum(hints.waiting(conn).values())
        asked = actions.count_waiting(conn)
        workers = tuple(_workers(conn))
    quiet = [until for pair in project.settings.pairs if (until := state.quiet(pair, now)) is not None]
    systems = tuple(_system(project, name, state, now) for name in project.settings.systems)
    return Standing(
        now,
        began,
        flows,
        systems,
        hints=waiting,
        actions=asked,
        quiet_until=min(quiet, default=None),
        workers=workers,
    )


def led_by(standing: Standing, slot: str) -> Standing:
    """Note which worker leads: the one of this process, which alone can say so."""
    return replace(standing, workers=tuple(replace(one, leads=one.slot == slot) for one in standing.workers))


def _workers(conn: Connection) -> Iterator[WorkerStanding]:
    """Read the living workers of a crew from their leases."""
    pairs = leases.held(conn, PAIR)
    for one in leases.held(conn, f"{NAME}/"):
        slot = slot_in(one.name)
        if is_slot(slot):
            mine = f"{one.holder} {one.name}"
            running = tuple(held.name.removeprefix(PAIR) for held in pairs if held.holder == mine)
            yield WorkerStanding(slot, one.holder, pairs=running)


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
