"""The command worker: one of many processes that work on a PostgreSQL store, in the foreground, until it is told to stop."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

from gp365.cli.session import Folder, Json, Session, session
from gp365.cli.stopping import say, stopped_by

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from gp365.app.project import Project
    from gp365.app.service.crew import CrewOf
    from gp365.app.service.served import Served
    from gp365.app.service.service import Service
    from gp365.app.service.worker import Worker

_WAKE_S = 0.5


def worker(
    context: typer.Context,
    slot: Annotated[str, typer.Option("--slot", help="Name of this worker; each has one of its own.")],
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Work beside other workers on a PostgreSQL store until stopped; each plans for all when nobody else does."""
    at = session(context, folder, json)
    with at.project() as project:
        work(at, project, slot, lambda worker: False)


def work(at: Session, project: Project, slot: str, enough: Callable[[Worker], bool]) -> None:
    """Run a worker until the process is asked to end, or it says itself that it is `enough`; print what it did."""
    from gp365.app.service.worker import Worker, worked

    stop = Event()
    one = Worker(project, slot, lambda crew: _leading(project.folder, crew))
    with stopped_by(stop.set):
        one.start()
        say(f"gp365 worker {slot}: at work in {project.folder}.")
        while one.alive and not stop.wait(_WAKE_S):
            if enough(one):
                break
        say(f"gp365 worker {slot}: stopping; what is under way is finished first.")
        one.stop(project.settings.service.stop_timeout_s)
        told = worked(one)
    at.answer(told, _show, told.exit_code)


@contextmanager
def _leading(folder: Path, crew: CrewOf) -> Generator[Service]:
    from gp365.app.project import open_project
    from gp365.cli.serving import served

    with open_project(folder) as project, served(project, crew) as (service, _):
        yield service


def _show(console: Console, told: Served) -> None:
    began, ended = (f"{at:%Y-%m-%d %H:%M:%S}" for at in (told.began, told.ended))
    console.print(f"{told.slot} worked from {began} to {ended} UTC: {told.rounds} rounds.")
