"""How rules of fiscal calendar and sales cycle stand, for who looks from outside of the service."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gp365.app.project import Project
from gp365.app.service.standing import TriggerStanding


def rules_kept(project: Project, now: datetime) -> Sequence[TriggerStanding]:
    """Say how the rules stand by the settings and the store; no system is asked.

    Misconfigured("flow-unknown") for a rule for a flow that its pair does not run.
    """
    service = project.settings.service
    if not service.fiscal and not service.cycle:
        return ()
    from gp365.app.service import triggers, triggers_kept
    from gp365.app.service.triggers_rules import rules_of

    _, held, calendars = triggers_kept.read(project.store)
    known = triggers.begin(rules_of(project), held, calendars, now)
    return [triggers.standing_of(known, rule, now) for rule in known.rules.values()]
