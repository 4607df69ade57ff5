"""What every command shares: folder, pair, JSON or not; opening the project; showing an answer with its exit code."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from gp365.app.actions.running import Progress
    from gp365.app.assembly import Assembly
    from gp365.app.project import Project

T = TypeVar("T")

Folder = Annotated[
    Path | None,
    typer.Option(
        "-C", "--folder", help="Project folder; else GP365_DIR, else the current one.", show_default=False
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Pair = Annotated[
    str | None, typer.Option("--pair", help="Only this pair of the settings.", show_default=False)
]


def _nothing_wrong(told: object) -> int:
    del told
    return 0


@dataclass(frozen=True, slots=True)
class Session:
    """The options that a command was given, before its name or after."""

    folder: Path | None = None
    json: bool = False
    pair: str | None = None

    @contextmanager
    def project(self) -> Generator[Project]:
        """Open the project for the block; the command is noted in its log."""
        from gp365.app.project import open_project

        with open_project(self.folder) as project:
            if os.environ.get("GP365_ACTION"):
                from gp365.app.service.acting import work_for_service

                work_for_service(project)
            yield project

    def ask(
        self,
        act: Callable[[Project], T],
        show: Callable[[Console, T], None],
        exit_code: Callable[[T], int] = _nothing_wrong,
    ) -> None:
        """Open the project for an action, show what it answers, and end with its exit code."""
        with self.project() as project:
            told = act(project)
        self.answer(told, show, exit_code(told))

    def reach(
        self,
        act: Callable[[Assembly], T],
        show: Callable[[Console, T], None],
        exit_code: Callable[[T], int] = _nothing_wrong,
    ) -> None:
        """As `ask`, for an action that asks the systems."""
        from gp365.app.assembly import assemble

        with self.project() as project, assemble(project) as assembly:
            told = act(assembly)
        self.answer(told, show, exit_code(told))

    def work(
        self,
        act: Callable[[Project, Progress], T],
        show: Callable[[Console, T], None],
        exit_code: Callable[[T], int] = _nothing_wrong,
    ) -> None:
        """Open the project for an action that tells how far it is, show what it answers, and end with its exit code."""
        from gp365.cli.output import progress_shown

        with self.project() as project, progress_shown(quiet=self.json) as progress:
            told = act(project, progress)
        self.answer(told, show, exit_code(told))

    def answer(self, told: T, show: Callable[[Console, T], None], exit_code: int = 0) -> None:
        """Show what an action answered, and end with its exit code."""
        from gp365.cli.output import console, write_json

        if self.json:
            write_json(told)
        else:
            show(console(), told)
        raise typer.Exit(exit_code)


def session(
    context: typer.Context, folder: Path | None = None, json: bool = False, pair: str | None = None
) -> Session:
    """Join the options given before the command's name with those given after."""
    given = context.obj if isinstance(context.obj, Session) else Session()
    return Session(folder or given.folder, json or given.json, pair or given.pair)
