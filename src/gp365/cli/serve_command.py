"""The command serve: the service in the foreground, until it is told to stop."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from datetime import datetime
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

from gp365.cli.session import Folder, Json, session

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
    from gp365.app.service.served import ended
    from gp365.cli.serving import served

    at = session(context, folder, json)
    stop = Event()
    with (
        at.project() as project,
        _stopped_by(stop.set),
        served(project) as (service, address),
    ):
        _say(f"gp365 serve: at work in {project.folder}{address and f', listening at {address}'}.")
        while service.alive and not stop.is_set():
            stop.wait(_WAKE_S)
            if once_quiet and service.is_quiet():
                break
        _say("gp365 serve: stopping; what is under way is finished first.")
        service.stop(project.settings.service.stop_timeout_s)
        told = ended(service, project.clock())
    at.answer(told, _show, told.exit_code)


def _show(console: Console, told: Served) -> None:
    console.print(f"Served from {_at(told.began)} to {_at(told.ended)}: {told.rounds} rounds.")


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


class _stopped_by:  # noqa: N801  a word of the with statement
    """Call something when the process is asked to end: Ctrl-C, SIGTERM, and Ctrl-Break on Windows."""

    def __init__(self, act: Callable[[], None]) -> None:
        self._act = act
        self._before: dict[int, object] = {}

    def __enter__(self) -> None:
        for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
            number = getattr(signal, name, None)
            if number is not None:
                self._before[number] = signal.signal(number, self._called)

    def _called(self, number: int, frame: object) -> None:
        del number, frame
        self._act()

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)  # type: ignore[arg-type]
