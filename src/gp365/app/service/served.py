"""Serving: the service with everything beside it, begun and ended in order; and what is told at its end."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from gp365.app.actions.exits import DONE, OURS
from gp365.app.project import Project
from gp365.app.service.schedules import Schedules
from gp365.app.service.service import Service, Watch, unwatched
from gp365.model.errors import Bug


@dataclass(frozen=True, slots=True)
class Served:
    """What a service tells when it has ended: from when to when it was at work, and how many rounds it ran."""

    began: datetime
    ended: datetime
    rounds: int
    exit_code: int


@contextmanager
def serving(project: Project, watch: Watch = unwatched) -> Generator[Service]:
    """Run the service for the block; Misconfigured("folder-locked") while another process has the folder."""
    schedules = Schedules(lambda pair, flow, full: service.ask(pair, flow, full=full))
    service = Service(project, watch=watch, reloaded=schedules.take_up)
    try:
        service.start()
        schedules.take_up(project)
        yield service
    finally:
        schedules.close()
        service.stop(project.settings.service.stop_timeout_s)


def ended(service: Service, now: datetime) -> Served:
    """Tell how a service ended: 0, or 6 if an error of its own was the last that happened."""
    return Served(service.began, now, service.rounds, OURS if isinstance(service.failure, Bug) else DONE)
