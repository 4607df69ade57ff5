"""The action `status`: how every flow and every rule of the calendar stands, from the store alone; no system is asked."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from gp365.app.actions.history import run_line
from gp365.app.actions.look_outputs import CursorOut, FlowStatus, RuleStatus, StandingGuard, StatusOut
from gp365.app.actions.scope import flows_of
from gp365.app.actions.unkept_shown import unkept_out
from gp365.app.project import Project
from gp365.app.service.standing import TriggerStanding
from gp365.app.service.triggers_seen import rules_kept
from gp365.store import guards, runs, verifications
from gp365.store.figures import cursors, figures
from gp365.sync.verify import standing_of


def status(project: Project, *, pair: str | None = None) -> StatusOut:
    """Say how the flows and rules of one pair or all stand; Misconfigured("flow-unknown") for a faulty rule."""
    now = project.clock()
    with project.store.read() as conn:
        flows = [_flow(conn, name, flow, now) for name, flow in flows_of(project, pair)]
    return StatusOut(flows, [_rule(one) for one in rules_kept(project, now) if pair in (None, one.pair)])


def _rule(one: TriggerStanding) -> RuleStatus:
    return RuleStatus(
        one.name, one.pair, list(one.flows), one.next_at, one.until, list(one.left), list(one.why)
    )


def _flow(conn: Connection, pair: str, flow: str, now: datetime) -> FlowStatus:
    held = figures(conn, pair, flow, now)
    last = runs.latest(conn, pair, flow)
    return FlowStatus(
        pair=pair,
        flow=flow,
        last_run=run_line(last) if last else None,
        links=held.links,
        due=held.due,
        later=held.later,
        waiting=held.waiting,
        parked=held.parked,
        open_intents=held.open_intents,
        cursors=[
            CursorOut(one.side, one.set_at, round((now - one.set_at).total_seconds(), 1))
            for one in cursors(conn, pair, flow)
        ],
        guards=[
            StandingGuard(one.code, one.side, one.message, one.state, one.made_at, not one.flow)
            for one in guards.standing(conn, pair, flow)
        ],
        unread=verifications.waiting(conn, pair, flow).due,
        unkept=[unkept_out(standing_of(one)) for one in verifications.standing(conn, pair, flow)],
    )
