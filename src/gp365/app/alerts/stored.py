"""How the flows stand as the store alone can tell; what only the running service knows is laid over it there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from gp365.app.actions.scope import flows_of
from gp365.app.project import Project
from gp365.app.service.standing import FlowStanding, GuardStanding, Standing, SystemStanding
from gp365.store import figures, guards
from gp365.store.runs import Run


def stored_standing(project: Project, began: datetime | None = None) -> Standing:
    """Read how everything stands; systems count as reachable, for no system is asked."""
    now = project.clock()
    with project.store.read() as conn:
        flows = tuple(flow_standings(project, conn, list(flows_of(project)), now))
    systems = tuple(SystemStanding(name, given.kind) for name, given in project.settings.systems.items())
    return Standing(now, began or now, flows, systems)


def flow_standings(
    project: Project, conn: Connection, flows: Sequence[tuple[str, str]], now: datetime
) -> list[FlowStanding]:
    """Read how flows (pair, flow) stand, in their order, all in one go."""
    found = figures.standings(conn, flows, now)
    return [_flow(project, pair, flow, found[(pair, flow)], now) for pair, flow in flows]


def _flow(project: Project, pair: str, flow: str, held: figures.Standing, now: datetime) -> FlowStanding:
    """Say how one flow stands. Its knowledge is as old as the beginning of its last run with a good end."""
    last, good, counts = held.last, held.good, held.figures
    return FlowStanding(
        pair,
        flow,
        tuple(project.settings.pairs[pair].sides.values()),
        last_run=last.id if last else "",
        last_state=last.state if last else "",
        last_began=last.begun_at if last else None,
        last_ended=last.ended_at if last else None,
        last_counts=_counts(last),
        success_at=good.ended_at if good else None,
        lag_s=(now - good.begun_at).total_seconds() if good else None,
        links=counts.links,
        due=counts.due,
        later=counts.later,
        waiting=counts.waiting,
        parked=counts.parked,
        rejected=held.rejected,
        unsettled=counts.open_intents,
        unkept=held.unkept,
        balanced=last.balanced if last and last.ended_at else None,
        guards=tuple(
            GuardStanding(one.code, one.side, one.message, one.made_at, not one.flow)
            for one in held.guards
            if one.state == guards.OPEN
        ),
    )


def _counts(run: Run | None) -> dict[str, int]:
    return {name: value for name, value in run.counts.items() if isinstance(value, int)} if run else {}
