"""Serving: the service with everything beside it, begun and ended in order; and what is told at its end."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from gp365.app.actions.exits import DONE, OURS
from gp365.app.project import Project
from gp365.app.service.crew import CrewOf, keep_ask
from gp365.app.service.schedules import Schedules
from gp365.app.service.service import Service, Watch, unwatched
from gp365.model.errors import Bug
from gp365.store.asks import Ask


@dataclass(frozen=True, slots=True)
class Served:
    """What a service tells when it has ended: from when to when it was at work, and how many rounds it ran.

    `slot` is the name of a worker of a crew, whose own rounds these are.
    """

    began: datetime
    ended: datetime
    rounds: int
    exit_code: int
    slot: str = ""


@contextmanager
def serving(project: Project, watch: Watch = unwatched, crew: CrewOf | None = None) -> Generator[Service]:
    """Run the service for the block, its rounds by a crew if there is one.

    Misconfigured("folder-locked") while another process has the folder, or leads.
    """

    def ask(one: Ask) -> None:
        if crew is None:
            service.ask(one.pair, one.flow, full=one.full)
        else:  # whoever leads then does it
            keep_ask(project, one)
            service.wake()

    schedules = Schedules(ask, crew.durable if crew is not None else None)
    service = Service(
        project,
        watch=watch,
        reloaded=schedules.take_up,
        crew=crew.begin if crew is not None else None,
    )
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
