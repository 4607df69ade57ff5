"""How the flows stand as the store alone can tell; what only the running service knows is laid over it there."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from gp365.app.actions.scope import flows_of
from gp365.app.project import Project
from gp365.app.service.standing import FlowStanding, GuardStanding, Standing, SystemStanding
from gp365.store import alerts, guards, runs, verifications
from gp365.store.figures import figures

GOOD = "done"


def stored_standing(project: Project, began: datetime | None = None) -> Standing:
    """Read how everything stands; systems count as reachable, for no system is asked."""
    now = project.clock()
    with project.store.read() as conn:
        flows = tuple(flow_standing(project, conn, pair, flow, now) for pair, flow in flows_of(project))
    systems = tuple(SystemStanding(name, given.kind) for name, given in project.settings.systems.items())
    return Standing(now, began or now, flows, systems)


def flow_standing(project: Project, conn: Connection, pair: str, flow: str, now: datetime) -> FlowStanding:
    """Read how one flow stands. Its knowledge is as old as the beginning of its last run with a good end."""
    held, last = figures(conn, pair, flow, now), runs.latest(conn, pair, flow)
    good = last if last and last.state == GOOD else runs.latest(conn, pair, flow, state=GOOD)
    return FlowStanding(
        pair,
        flow,
        tuple(project.settings.pairs[pair].sides.values()),
        last_run=last.id if last else "",
        last_state=last.state if last else "",
        last_began=last.begun_at if last else None,
        last_ended=last.ended_at if last else None,
        last_counts={name: value for name, value in last.counts.items() if isinstance(value, int)}
        if last
        else {},
        success_at=good.ended_at if good else None,
        lag_s=(now - good.begun_at).total_seconds() if good else None,
        links=held.links,
        due=held.due,
        later=held.later,
        waiting=held.waiting,
        parked=held.parked,
        rejected=alerts.rejected(conn, pair, flow),
        unsettled=held.open_intents,
        unkept=verifications.waiting(conn, pair, flow).standing,
        balanced=last.balanced if last and last.ended_at else None,
        guards=tuple(
            GuardStanding(one.code, one.side, one.message, one.made_at, not one.flow)
            for one in guards.standing(conn, pair, flow)
            if one.state == guards.OPEN
        ),
    )
