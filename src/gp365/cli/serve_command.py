"""The command serve: the service in the foreground, until it is told to stop."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

from gp365.cli.session import Folder, Json, session
from gp365.cli.stopping import say, stopped_by
from gp365.cli.worker_command import work

if TYPE_CHECKING:
    from rich.console import Console

    from gp365.app.service.served import Served

_WAKE_S = 0.5


def serve(
    context: typer.Context,
    once_quiet: Annotated[
        bool,
        typer.Option("--once-quiet", help="End as soon as every flow was looked at and nothing is due."),
    ] = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Keep all pairs in step until stopped (Ctrl-C, or a stop by the operating system's service control)."""
    from gp365.app.project import SERVICE
    from gp365.app.service.served import ended
    from gp365.cli.serving import served

    at = session(context, folder, json)
    stop = Event()
    with ExitStack() as held:
        project = held.enter_context(at.project())
        if project.store.dialect != "sqlite":
            work(at, project, SERVICE, lambda worker: once_quiet and worker.is_quiet())
            return
        held.enter_context(stopped_by(stop.set))
        service, address = held.enter_context(served(project))
        say(f"gp365 serve: at work in {project.folder}{address and f', listening at {address}'}.")
        while service.alive and not stop.is_set():
            stop.wait(_WAKE_S)
            if once_quiet and service.is_quiet():
                break
        say("gp365 serve: stopping; what is under way is finished first.")
        service.stop(project.settings.service.stop_timeout_s)
        told = ended(service, project.clock())
    at.answer(told, _show, told.exit_code)


def _show(console: Console, told: Served) -> None:
    console.print(f"Served from {_at(told.began)} to {_at(told.ended)}: {told.rounds} rounds.")


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
